"""Wake-ups reach a worker: new ones, lost ones and left ones."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError

from chat import keys
from chat.queue import WakeUp
from inference_worker import intake as intake_module
from inference_worker.intake import Intake
from tests.invariants import Hands, pending_entries
from tests.servers import RedisServer, wait_until


@pytest.fixture
def hands(each_redis: RedisServer, async_redis: None) -> Hands:
    return Hands(each_redis.client())


@pytest.fixture
async def intake(hands: Hands) -> AsyncIterator[Intake]:
    made = Intake("w1")
    await made.ensure_groups()
    yield made
    await made.disconnect()


def consumers(hands: Hands) -> dict[str, dict[str, Any]]:
    found: Any = hands.client.xinfo_consumers(keys.stream(0), keys.GROUP)
    return {consumer["name"]: consumer for consumer in found}


def leave_idle(hands: Hands, wake_up: WakeUp, for_ms: int) -> None:
    """As if the worker that has the entry had not renewed it for so long."""
    hands.client.xclaim(keys.stream(0), keys.GROUP, "dead", 0, [wake_up.entry], idle=for_ms)


async def test_wake_ups_are_read_as_they_came_and_no_more_than_wanted(hands: Hands, intake: Intake) -> None:
    sessions = [hands.begin() for _ in range(3)]
    for session_id in sessions:
        await hands.send(session_id)
    found = await intake.read(2)
    assert [wake_up.session_id for wake_up in found] == sessions[:2]
    assert [wake_up.session_id for wake_up in await intake.read(2)] == sessions[2:]
    assert set(hands.pending_entries().values()) == {"w1"}


async def test_a_read_without_news_comes_back_empty(intake: Intake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "BLOCK_MS", 10)
    assert await intake.read(1) == []


async def test_a_waiting_read_gets_a_message_at_once(
    hands: Hands, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "BLOCK_MS", 60_000)
    session_id = hands.begin()
    reading = asyncio.create_task(intake.read(1))
    await asyncio.to_thread(wait_until, lambda: bool(blocked(hands)), "the read to block")
    await hands.send(session_id)
    async with asyncio.timeout(5):
        assert [wake_up.session_id for wake_up in await reading] == [session_id]


async def test_a_read_takes_from_all_partitions(
    hands: Hands, chat_settings: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    hands.client.flushall()
    chat_settings(partitions=4)
    monkeypatch.setattr(intake_module, "BLOCK_MS", 10)
    intake = Intake("w1")
    await intake.ensure_groups()
    sent: dict[int, str] = {}
    while len(sent) < 4:
        session_id = hands.begin()
        if keys.partition(session_id) not in sent:
            await hands.send(session_id)
            sent[keys.partition(session_id)] = session_id
    found = await intake.read(8)
    assert {wake_up.session_id for wake_up in found} == set(sent.values())
    for wake_up in found:
        number = keys.partition(wake_up.session_id)
        hands.client.xclaim(keys.stream(number), keys.GROUP, "dead", 0, [wake_up.entry], idle=60_000)
    assert len(await intake.take_over(3)) == 3
    assert len(await intake.take_over(8)) == 1
    await intake.disconnect()


async def test_groups_are_made_again_after_redis_was_emptied(hands: Hands, intake: Intake) -> None:
    await intake.ensure_groups()  # They are there already.
    hands.client.flushall()
    with pytest.raises(ResponseError, match="NOGROUP"):
        await intake.read(1)
    with pytest.raises(ResponseError, match="NOGROUP"):
        await intake.take_over(1)
    session_id = hands.begin()
    # Sent before the group is there: it is not skipped.
    await hands.send(session_id)
    await intake.ensure_groups()
    found = await intake.read(1) or await intake.read(1)
    assert [wake_up.session_id for wake_up in found] == [session_id]


def blocked(hands: Hands) -> list[int]:
    """Connections that wait for news."""
    clients: Any = hands.client.client_list()
    return [int(client["id"]) for client in clients if client["cmd"] == "xreadgroup" and "b" in client["flags"]]


async def test_entries_that_were_delivered_and_never_arrived_are_asked_for_again(
    hands: Hands, intake: Intake
) -> None:
    lost, new = hands.begin(), hands.begin()
    reading = asyncio.create_task(intake.read(1))
    await asyncio.to_thread(wait_until, lambda: bool(blocked(hands)), "the read to block")
    for connection in blocked(hands):
        hands.client.client_kill_filter(_id=str(connection))
    with pytest.raises(RedisConnectionError):
        await reading
    # What the server gave to the worker, and the broken connection swallowed.
    await hands.send(lost)
    assert hands.read("w1")
    await hands.send(new)
    assert [wake_up.session_id for wake_up in await intake.read(1)] == [lost]
    assert [wake_up.session_id for wake_up in await intake.read(1)] == [new]


async def test_a_read_that_was_cancelled_is_made_good_too(hands: Hands, intake: Intake) -> None:
    session_id = hands.begin()
    reading = asyncio.create_task(intake.read(1))
    await asyncio.to_thread(wait_until, lambda: bool(blocked(hands)), "the read to block")
    reading.cancel()
    await asyncio.wait([reading])
    await hands.send(session_id)
    assert hands.read("w1")
    assert [wake_up.session_id for wake_up in await intake.read(1)] == [session_id]


async def test_work_is_taken_over_after_the_lease_and_not_before(
    hands: Hands, intake: Intake, chat_settings: Callable[..., None]
) -> None:
    chat_settings(lease_s=30.0)
    await hands.send(hands.begin())
    wake_up = hands.read("dead")
    assert wake_up
    leave_idle(hands, wake_up, 20_000)
    assert await intake.take_over(1) == []
    assert hands.pending_entries() == {wake_up.entry: "dead"}
    leave_idle(hands, wake_up, 30_000)
    assert await intake.take_over(1) == [wake_up]
    assert hands.pending_entries() == {wake_up.entry: "w1"}
    # From now on it is this worker's for a lease.
    assert await intake.take_over(1) == []


async def test_a_short_lease_ends_by_itself(
    hands: Hands, intake: Intake, chat_settings: Callable[..., None]
) -> None:
    chat_settings(lease_s=0.05)
    await hands.send(hands.begin())
    wake_up = hands.read("dead")
    await asyncio.to_thread(wait_until, lambda: idle_ms(hands) >= 50, "the end of the lease")
    assert await intake.take_over(1) == [wake_up]


def idle_ms(hands: Hands) -> int:
    """Of the first pending entry."""
    entries: Any = hands.client.xpending_range(keys.stream(0), keys.GROUP, "-", "+", 1)
    return int(entries[0]["time_since_delivered"])


async def test_a_take_over_finds_what_lies_behind_many_living_entries(
    hands: Hands, intake: Intake, chat_settings: Callable[..., None]
) -> None:
    chat_settings(lease_s=30.0)
    for _ in range(25):
        await hands.send(hands.begin())
        wake_up = hands.read("other")
    assert wake_up
    leave_idle(hands, wake_up, 60_000)
    # One call of XAUTOCLAIM looks at ten entries only.
    assert await intake.take_over(1) == [wake_up]


async def test_a_take_over_takes_no_more_than_wanted(
    hands: Hands, intake: Intake, chat_settings: Callable[..., None]
) -> None:
    chat_settings(lease_s=30.0)
    for _ in range(4):
        await hands.send(hands.begin())
        wake_up = hands.read("dead")
        assert wake_up
        leave_idle(hands, wake_up, 60_000)
    assert len(await intake.take_over(3)) == 3
    assert len(await intake.take_over(3)) == 1


async def test_an_entry_that_was_deleted_while_it_was_pending_is_passed_over(
    hands: Hands, intake: Intake, chat_settings: Callable[..., None]
) -> None:
    """No script leaves one behind, an operator may."""
    chat_settings(lease_s=0.0)
    for _ in range(2):
        await hands.send(hands.begin())
    first, second = hands.read("dead"), hands.read("dead")
    assert first
    hands.client.xdel(keys.stream(0), first.entry)
    assert await intake.take_over(5) == [second]


async def test_consumers_of_workers_long_gone_are_tidied(
    hands: Hands, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hands.answer(hands.begin())
    await hands.send(hands.begin())
    assert hands.read("with work")
    await intake.tidy()
    assert set(consumers(hands)) == {"w1", "with work"}
    monkeypatch.setattr(intake_module, "IDLE_CONSUMER_MS", 5)
    await asyncio.to_thread(
        wait_until, lambda: all(of["idle"] > 5 for of in consumers(hands).values()), "consumers to be idle"
    )
    await intake.tidy()
    assert set(consumers(hands)) == {"with work"}
    hands.check()


async def test_a_worker_that_lives_and_waits_is_not_tidied(
    hands: Hands, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that waits for news for ten minutes is idle to a Redis before 7.2; what counts is what it says."""
    await hands.answer(hands.begin())
    monkeypatch.setattr(intake_module, "IDLE_CONSUMER_MS", 5)
    await asyncio.to_thread(
        wait_until, lambda: all(of["idle"] > 5 for of in consumers(hands).values()), "consumers to be idle"
    )
    in_a_minute_ms = int(time.time() * 1000) + 60_000
    hands.client.hset(keys.workers(0), "w1", orjson.dumps({"seen": in_a_minute_ms}).decode())
    await intake.tidy()
    assert set(consumers(hands)) == {"w1"}


async def test_a_worker_that_leaves_takes_its_names_along(hands: Hands, intake: Intake) -> None:
    for worker in ("w1", "w2"):
        await hands.send(hands.begin())
        await hands.reply(await hands.work(worker))
        await hands.renew([], worker)
    assert set(consumers(hands)) == {"w1", "w2"}
    await intake.close()
    assert set(consumers(hands)) == {"w2"}
    assert list(hands.client.hgetall(keys.workers(0))) == ["w2"]  # type: ignore[arg-type]


async def test_a_worker_that_leaves_while_it_holds_work_loses_none(hands: Hands, intake: Intake) -> None:
    await hands.send(hands.begin())
    (wake_up,) = await intake.read(1)
    await intake.close()
    assert pending_entries(hands.client) == {wake_up.entry: "w1"}
    hands.check()
