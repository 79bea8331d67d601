"""A Redis Cluster under the chat: three masters with a replica each, six partitions."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from chat import keys
from tests.clients import call, new_token, v1
from tests.invariants import check
from tests.redis_groups import RedisCluster
from tests.servers import Stack, Web, wait_until

pytestmark = pytest.mark.xdist_group("redis-groups")
PARTITIONS = 6
TEXT = " ".join(f"wört{number}" for number in range(20))


@pytest.fixture(scope="module")
def module_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    made = RedisCluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield made.start()
    finally:
        made.close()


@pytest.fixture
def cluster(module_cluster: RedisCluster, chat_settings: Callable[..., None]) -> Iterator[RedisCluster]:
    """The Cluster, whole; what a test killed comes back afterwards."""
    chat_settings(redis_url=module_cluster.url, partitions=PARTITIONS)
    yield module_cluster
    for node in module_cluster.nodes:
        if node.process is None:
            node.start()
    wait_until(module_cluster.is_well, "the Cluster to be whole")


@pytest.fixture
def stack(cluster: RedisCluster, tmp_path: Path) -> Iterator[Stack]:
    made = Stack(tmp_path, cluster.url, CHAT_PARTITIONS=str(PARTITIONS), CHAT_LEASE_S="2")
    yield made
    made.close()


def tokens_of_each(web: Web) -> dict[int, str]:
    """A session in each partition."""
    found: dict[int, str] = {}
    while len(found) < PARTITIONS:
        token = new_token(web)
        found[keys.partition(token.partition(".")[0])] = token
    return found


async def test_sessions_of_all_partitions_are_answered(stack: Stack, cluster: RedisCluster) -> None:
    """By a worker that has room for all of them, and by one that has room for one."""
    web = stack.web()
    tokens = tokens_of_each(web)
    for concurrency in ("16", "1"):
        worker = stack.worker("--concurrency", concurrency)
        async with asyncio.TaskGroup() as group:
            for number, token in tokens.items():
                group.create_task(talk(web, token, f"{number} at {concurrency}"))
        assert worker.stop() == 0
    wait_until(lambda: not waiting(cluster), "the streams to be empty")
    stored = check(cluster.client())
    assert all(len(stored[token.partition(".")[0]].history) == 8 for token in tokens.values())
    assert call("GET", f"{web.url}/refresh_token", tokens[0])[0] == 200
    assert call("DELETE", f"{web.url}/token", tokens[0])[0] == 204
    # A stopped worker has left all groups.
    for number in range(PARTITIONS):
        assert not cluster.client().xinfo_consumers(keys.stream(number), keys.GROUP)


async def talk(web: Web, token: str, text: str) -> None:
    async with v1(web, token) as client:
        assert [await client.ask(f"{text} {place}") for place in range(2)] == [f"{text} 0", f"{text} 1"]


def waiting(cluster: RedisCluster) -> int:
    client: Any = cluster.client()
    return sum(client.xlen(keys.stream(number)) for number in range(PARTITIONS))
