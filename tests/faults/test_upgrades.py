"""Old and new versions side by side, and a restart of everything, one process after the other."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from channels.layers import get_channel_layer

from chat import events, keys
from tests.clients import v1
from tests.faults.chaos import Chaos
from tests.faults.conftest import Site, answer
from tests.faults.harness import Plan, run

pytestmark = pytest.mark.xdist_group("faults-redis")


async def test_what_a_newer_version_has_stored_is_served(site: Site) -> None:
    token = site.new_token()
    session_id = token.partition(".")[0]
    redis = site.redis.client()
    async with v1(site.web, token) as client:
        first, second = await client.send("one"), await client.send("two")
        await client.until("queued", position=1)
    # As if a newer web process had accepted them.
    for place, text in enumerate(redis.lrange(keys.pending(session_id), 0, -1)):  # type: ignore[arg-type]
        message = orjson.loads(text) | {"mood": "sunny", "attachments": [{"id": 1}]}
        redis.lset(keys.pending(session_id), place, orjson.dumps(message).decode())
    redis.hset(keys.session(session_id), mapping={"version": 9, "theme": "dark"})
    worker = site.worker()
    async with v1(site.web, token) as client:
        assert await answer(client, first) == "one"
        assert await answer(client, second) == "two"
        assert await client.ask("three") == "three"
    assert not worker.said("Traceback")
    stored = site.stored(token)
    assert stored.head["theme"] == "dark"
    assert [message.get("mood") for message in stored.history[::2]] == ["sunny", "sunny", None]
    site.check_settled(token, "one", "two", "three")


async def test_event_with_more_fields_is_told(site: Site) -> None:
    token = site.new_token()
    session_id = token.partition(".")[0]
    async with v1(site.web, token) as client:
        event = events.cancelled(1, "123e4567-e89b-12d3-a456-426614174000").to_layer()
        event["event"] += ["a field of a newer version"]
        layer: Any = get_channel_layer()
        channel = f"chat__group__{keys.session_group(session_id)}"
        assert site.redis.client().publish(channel, layer.serialize(event | {"more": 1})) == 1
        assert (await client.until("cancelled"))["rev"] == 1
    assert not site.web.process.said("Traceback")


@pytest.mark.timeout(240)
async def test_rolling_restart_under_load_loses_nothing(
    tmp_path: Path, chat_settings: Callable[..., None]
) -> None:
    plan = Plan(seed="rolling", for_s=0, workers=2, webs=2, sessions=10, lease_s=2)
    report = await run(plan, tmp_path, Chaos.restart_all)
    print(report.table())  # noqa: T201 - pytest shows it with a failure
    assert not report.broken
    assert report.accepted > plan.sessions
    assert report.faults == {"stop worker": 2, "stop web": 2}
    # Nobody was cut off without a word.
    assert report.seen["closed 1012"] > 0
