"""A Redis Cluster under the chat: three masters with a replica each, six partitions."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from redis.exceptions import RedisError

from chat import counters, dead_letters, fleet, health, keys, metrics, overview, queue, search, sessions, trends
from chat.redis_client import is_unavailable, patiently, shared_connection
from chat.search import Wanted
from inference_worker.cluster_intake import open_intake
from tests.clients import call, new_token, v1
from tests.faults.chaos import Chaos
from tests.faults.conftest import answer
from tests.faults.harness import Plan, run
from tests.invariants import check
from tests.redis_groups import PARTITIONS, RedisCluster
from tests.servers import Stack, Web, wait_until

pytestmark = pytest.mark.xdist_group("redis-groups")
TEXT = " ".join(f"wört{number}" for number in range(20))


@pytest.fixture(scope="module")
def module_cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisCluster]:
    made = RedisCluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield made.start()
    finally:
        made.stop(9)


@pytest.fixture
def cluster(module_cluster: RedisCluster, chat_settings: Callable[..., None]) -> Iterator[RedisCluster]:
    """The Cluster, whole; what a test killed comes back afterwards."""
    chat_settings(redis_url=module_cluster.url, partitions=PARTITIONS)
    yield module_cluster
    for node in module_cluster.nodes:
        if node.process is None:
            node.start()
        node.process.send_signal(signal.SIGCONT)  # type: ignore[union-attr]
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


async def test_staff_see_all_partitions(cluster: RedisCluster, async_redis: None) -> None:
    cluster.client().flushall()
    begun: dict[int, str] = {}
    while len(begun) < PARTITIONS:
        token, _ = await asyncio.to_thread(sessions.create, "Ann")
        begun[keys.partition(token.session_id)] = token.session_id
    for session_id in begun.values():
        await queue.accept(session_id, str(uuid4()), "hello")
    intake = open_intake("w1")
    try:
        await intake.ensure_groups()
        taken: list[queue.WakeUp] = []
        while len(taken) < PARTITIONS:
            taken += await intake.read(PARTITIONS - len(taken))
        # No more than there was room for, and each once.
        assert sorted(wake_up.session_id for wake_up in taken) == sorted(begun.values())
        for wake_up in taken:
            await queue.claim(wake_up, worker="w1", token=wake_up.entry, reply=str(uuid4()))
    finally:
        await intake.disconnect()
    about = {"slots": 16, "busy": 6, "model": "echo"}
    for number in range(PARTITIONS):
        await queue.renew(number, "w1", about, [])

    def look() -> None:
        seen = fleet.read()
        assert (seen.answering, seen.waiting) == (PARTITIONS, 0)
        assert [worker.name for worker in seen.living] == ["w1"]
        assert {reply.session_id for reply in fleet.under_way()} == set(begun.values())
        assert [worker.busy for worker in health.workers()] == [6]
        assert overview.count() == seen.sessions >= PARTITIONS
        assert set(begun.values()) <= {session.id for session in overview.newest(0, 1000)}
        assert len(counters.read_samples(counters.MINUTES)) == PARTITIONS
        for wanted in (Wanted(state="answering"), Wanted(text="ann"), Wanted(age="hour")):
            assert set(begun.values()) <= {session.id for session in search.search(wanted, 0, 1000).sessions}
        assert search.search(Wanted(state="waiting"), 0, 10).sessions == []
        assert search.search(Wanted(state="failed"), 0, 10).sessions == []
        assert dead_letters.newest(10) == []
        assert trends.read(trends.HOUR).span is trends.HOUR
        assert f"chat_messages_answering {PARTITIONS}\n" in metrics.exposition()
        fleet.drain("w1")

    await asyncio.to_thread(look)
    for number in range(PARTITIONS):
        assert (await queue.renew(number, "w1", about, [])).drains


async def test_calls_follow_a_slot_that_moves(cluster: RedisCluster, async_redis: None) -> None:
    call_redis = shared_connection().call
    token, _ = await asyncio.to_thread(sessions.create, "Ann")
    session_key = keys.session(token.session_id)
    move = cluster.begin_move(session_key)
    # Not gone yet, gone (ASK), and gone for good (MOVED).
    assert await call_redis("HGET", session_key, "name") == "Ann"
    move.take(session_key)
    calls = [call_redis("HGET", session_key, "name") for _ in range(20)]
    assert await asyncio.gather(*calls) == ["Ann"] * 20
    # A script needs all of its keys in one place, so it waits.
    with pytest.raises(RedisError) as refused:
        await queue.accept(token.session_id, str(uuid4()), "hello")
    assert is_unavailable(refused.value)
    accepting = asyncio.create_task(
        patiently(lambda: queue.accept(token.session_id, str(uuid4()), "hello"), for_s=20)
    )
    while names := move.names(10):
        move.take(*names)
    move.end()
    accepted = await accepting
    assert accepted
    assert accepted.message["text"] == "hello"
    snapshot = await asyncio.to_thread(sessions.snapshot, token.session_id)
    assert snapshot
    assert [waiting["text"] for waiting in snapshot.pending] == ["hello"]


async def test_master_is_killed_and_its_replica_goes_on(stack: Stack, cluster: RedisCluster) -> None:
    """What the replica has is answered, and what lies elsewhere does not wait for it."""
    web, worker = stack.web(), stack.worker(MODEL_URL="echo:?delay_ms=40")
    tokens = tokens_of_each(web)
    async with AsyncExitStack() as sockets:
        clients = [await sockets.enter_async_context(v1(web, tokens[number])) for number in range(PARTITIONS)]
        sent = []
        for client in clients:
            sent.append([await client.send(TEXT), await client.send(f"{TEXT} again")])
            for _ in range(2):
                await client.until("queued")
        masters = [cluster.master_of(keys.stream(number)) for number in range(PARTITIONS)]
        hurt = {number for number in range(PARTITIONS) if masters[number] is masters[0]}
        assert len(hurt) < PARTITIONS
        replica = cluster.replica_of(keys.stream(0)).process
        assert replica
        await asyncio.to_thread(cluster.kill_master_of, keys.stream(0))
        # Nobody can take its place yet.
        replica.send_signal(signal.SIGSTOP)
        for number in set(range(PARTITIONS)) - hurt:
            assert await answer(clients[number], sent[number][0]) == TEXT
            assert await answer(clients[number], sent[number][1]) == f"{TEXT} again"
        replica.send_signal(signal.SIGCONT)
        for number in hurt:
            assert await answer(clients[number], sent[number][0]) == TEXT
        for number, client in enumerate(clients):
            assert await answer(client, sent[number][1]) == f"{TEXT} again"
            # Told by `replied`, or by a `session`: sockets look again after a silence of the layer.
            assert await answer(client, await client.send("and on")) == "and on"
    assert call("GET", f"{web.url}/readyz")[0] == 200
    assert worker.popen.poll() is None
    wait_until(lambda: not waiting(cluster), "the streams to be empty")
    stored = check(cluster.client())
    assert all(len(stored[token.partition(".")[0]].history) == 6 for token in tokens.values())


@pytest.mark.timeout(240)
async def test_slots_move_under_load(tmp_path: Path, chat_settings: Callable[..., None]) -> None:
    """Each partition goes to another master while people chat; all promises are checked."""
    plan = Plan(seed="slots", for_s=0, workers=2, webs=1, sessions=12, lease_s=2, redis_kind="cluster")
    report = await run(plan, tmp_path, Chaos.move_all_slots)
    print(report.table())  # noqa: T201
    assert not report.broken
    assert report.accepted > plan.sessions
    assert report.faults["move slot"] == PARTITIONS
