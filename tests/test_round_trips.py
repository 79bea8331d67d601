"""What a message costs in round trips to Redis, counted exactly. Speed is `make bench`; this never flakes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench import trips
from bench.load import Talk
from bench.stacks import System


@pytest.fixture
def make_system(tmp_path: Path) -> Iterator[Callable[[str], System]]:
    """Makes a stack with a model; it is stopped after the test."""
    systems: list[System] = []

    def make(model_url: str) -> System:
        systems.append(System(tmp_path / "system", model_url=model_url))
        return systems[-1]

    yield make
    for system in systems:
        system.close()


async def test_message_costs_two_round_trips_in_the_web_process_and_four_in_the_worker(make_system):
    counted = await trips.count(make_system("echo:"), messages=30, talk=Talk())

    assert counted.web_per_message <= 2, counted
    assert counted.worker_per_message <= 4, counted
    # What is counted is really there: nobody answers without these.
    assert counted.web["script accept"] == counted.messages
    assert counted.worker["script commit"] == counted.worker["script claim"] == counted.messages


async def test_delta_costs_two_round_trips(make_system):
    # Slower than the pace of flushes, so that every word goes out by itself.
    counted = await trips.count(make_system("echo:?delay_ms=60"), messages=2, talk=Talk(words=8))

    assert counted.deltas >= counted.messages * 5
    assert counted.per_flush <= 2, counted
    assert counted.web_per_message <= 2, counted
    assert counted.worker_per_message <= 4, counted
