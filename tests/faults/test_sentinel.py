"""A master that Sentinels watch is killed; its replica takes its place, and the chat goes on there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chat import keys
from tests.clients import call, new_token, v1
from tests.faults.conftest import answer
from tests.invariants import check
from tests.redis_groups import SentinelGroup
from tests.servers import Stack, wait_until

pytestmark = pytest.mark.xdist_group("redis-groups")
TEXT = " ".join(f"wört{number}" for number in range(20))


@pytest.fixture
def group(tmp_path: Path) -> Iterator[SentinelGroup]:
    made = SentinelGroup(tmp_path / "redis")
    try:
        yield made.start()
    finally:
        made.close()


async def test_chat_goes_on_at_the_replica(group: SentinelGroup, tmp_path: Path) -> None:
    stack = Stack(tmp_path / "stack", group.url, MODEL_URL="echo:?delay_ms=60", CHAT_LEASE_S="2")
    try:
        web, worker = stack.web(), stack.worker("--concurrency", "1")
        token = new_token(web)
        async with v1(web, token) as client:
            running = await client.send(TEXT)
            await client.until("delta")
            waiting = [await client.send(f"{TEXT} {number}") for number in range(2)]
            for _ in waiting:
                await client.until("queued")
            group.kill_master()
            assert await answer(client, running) == TEXT
            for number, message in enumerate(waiting):
                assert await answer(client, message) == f"{TEXT} {number}"
            assert await client.ask("at the replica") == "at the replica"
        # What is not async finds the new master as well.
        status, body = call("GET", f"{web.url}/refresh_token", token)
        assert (status, len(body["messages"])) == (200, 8)
        assert call("GET", f"{web.url}/readyz")[0] == 200
        assert worker.popen.poll() is None
        replica = group.replica.client()
        wait_until(lambda: not replica.xlen(keys.stream(0)), "the queue to be empty")
        assert len(check(replica)[token.partition(".")[0]].history) == 8
    finally:
        stack.close()
