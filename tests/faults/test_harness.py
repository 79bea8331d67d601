"""A short run of the harness. The long one: `make faults`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.harness import Plan, run

SEED = "nothing lost"


@pytest.mark.timeout(240)
async def test_no_promise_breaks_under_random_faults(tmp_path: Path, chat_settings: Callable[..., None]) -> None:
    plan = Plan(seed=SEED, for_s=15, every_s=1.0, workers=3, webs=2, sessions=12, lease_s=2)
    print(plan)  # noqa: T201 - pytest shows it with a failure
    report = await run(plan, tmp_path)
    print(report.table())  # noqa: T201
    assert not report.broken
    assert report.accepted > plan.sessions
    assert sum(report.faults.values()) >= 10
