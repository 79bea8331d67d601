"""Counting limits: exact, shared, and about the right client."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from chat import keys, limits, queue, sessions
from chat.errors import Busy, ChatError, RateLimited
from tests.invariants import Hands
from tests.servers import RedisServer, wait_until


def passes(address: str) -> bool:
    try:
        limits.take_session_token(address)
    except RateLimited:
        return False
    return True


@pytest.mark.parametrize(
    ("num_proxies", "forwarded_for", "address"),
    [
        (0, "", "10.0.0.1"),
        (0, "192.0.2.1", "10.0.0.1"),
        (1, "", "10.0.0.1"),
        (1, " , ", "10.0.0.1"),
        (1, "192.0.2.1", "192.0.2.1"),
        (1, "chosen by the client, 192.0.2.1", "192.0.2.1"),
        (2, "chosen by the client, 192.0.2.1, 198.51.100.1", "192.0.2.1"),
        (3, "192.0.2.1, 198.51.100.1", "192.0.2.1"),
    ],
)
def test_only_what_trusted_proxies_saw_counts(
    chat_settings: Callable[..., None], num_proxies: int, forwarded_for: str, address: str
) -> None:
    chat_settings(num_proxies=num_proxies)
    assert limits.client_address("10.0.0.1", forwarded_for) == address


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("192.0.2.1", "192.0.2.1:50000", True),
        ("192.0.2.1", "::ffff:192.0.2.1", True),
        # One customer has a whole /64 and could take a new address for each call.
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", True),
        ("2001:db8:0:1::1", "2001:db8:0:2::1", False),
        ("2001:db8:0:1::1", "[2001:db8:0:1::1]:50000", True),
        ("", "192.0.2.1", False),
        ("unknown", "unknown", True),
        ("fe80::1%eth0", "fe80::2%eth1", True),
    ],
)
def test_who_is_counted_as_one(
    redis_server: RedisServer, chat_settings: Callable[..., None], one: str, other: str, same: bool
) -> None:
    chat_settings(tokens_per_minute=1)
    assert passes(one)
    assert passes(other) is not same


def test_redis_holds_no_addresses(redis_server: RedisServer) -> None:
    limits.take_session_token("192.0.2.1")
    (key,) = redis_server.client().scan_iter()
    assert "192.0.2" not in key


def test_exactly_as_many_pass_as_may(redis_server: RedisServer, chat_settings: Callable[..., None]) -> None:
    chat_settings(tokens_per_minute=7)
    with ThreadPoolExecutor(16) as threads:
        passed = list(threads.map(lambda _: passes("192.0.2.1"), range(200)))
    assert passed.count(True) == 7


def test_the_time_to_wait_is_right(redis_server: RedisServer, chat_settings: Callable[..., None]) -> None:
    chat_settings(tokens_per_minute=120)
    while passes("192.0.2.1"):
        pass
    with pytest.raises(RateLimited) as refused:
        limits.take_session_token("192.0.2.1")
    assert refused.value.retry_after_s
    # One token comes each 0.5 s.
    assert 0 < refused.value.retry_after_s <= 0.5
    wait_until(lambda: passes("192.0.2.1"), "the next token", 2)


def test_a_bucket_is_gone_when_it_is_full_again(
    redis_server: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(tokens_per_minute=30, tokens_per_day=1000)
    redis: Any = redis_server.client()
    # The slower of the two fills one token in 86.4 s.
    for taken, full_in_s in ((1, 86.4), (2, 172.8)):
        limits.take_session_token("192.0.2.1")
        (key,) = redis.scan_iter("*:limit:*")
        assert full_in_s - 2 <= redis.pttl(key) / 1000 <= full_in_s, taken


def test_the_day_has_a_budget_of_its_own(redis_server: RedisServer, chat_settings: Callable[..., None]) -> None:
    chat_settings(tokens_per_minute=1000, tokens_per_day=24)
    with ThreadPoolExecutor(16) as threads:
        passed = list(threads.map(lambda _: passes("192.0.2.1"), range(200)))
    assert passed.count(True) == 24
    with pytest.raises(RateLimited, match="today") as refused:
        limits.take_session_token("192.0.2.1")
    # One comes back each hour.
    assert refused.value.retry_after_s
    assert 3500 < refused.value.retry_after_s <= 3600
    assert passes("192.0.2.2")


def test_what_the_minute_refuses_costs_nothing_of_the_day(
    redis_server: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(tokens_per_minute=2, tokens_per_day=4)
    assert [passes("192.0.2.1") for _ in range(10)] == [True, True] + [False] * 8
    redis: Any = redis_server.client()
    (key,) = redis.scan_iter("*:limit:*")
    redis.hdel(key, "minute", "minute_ms")
    assert [passes("192.0.2.1") for _ in range(2)] == [True, True]
    redis.hdel(key, "minute", "minute_ms")
    assert not passes("192.0.2.1")


def test_tries_to_log_in_count_by_address_and_by_name(
    redis_server: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(logins_per_minute=2)

    def may_try(address: str, name: str) -> bool:
        try:
            limits.take_login(address, name)
        except RateLimited:
            return False
        return True

    assert [may_try("192.0.2.1", name) for name in "abc"] == [True, True, False]
    # Three addresses together use up what a name has, however it is written; one alone does not.
    assert [may_try(f"192.0.3.{number}", name) for number, name in enumerate([" Ada", "ada", "ADA"] * 2)] == [
        True
    ] * 6
    assert not may_try("192.0.3.9", "ada")
    assert may_try("192.0.3.10", "bob")


async def test_places_are_limited_and_free_again(
    redis_server: RedisServer, chat_settings: Callable[..., None], async_redis: None
) -> None:
    chat_settings(sockets_per_ip=2)
    assert await limits.take_socket_place("192.0.2.1", "a")
    assert await limits.take_socket_place("192.0.2.1", "b")
    assert not await limits.take_socket_place("192.0.2.1", "c")
    # A place that one has can be taken again, and another address has its own.
    assert await limits.take_socket_place("192.0.2.1", "a")
    assert await limits.take_socket_place("192.0.2.2", "c")
    await limits.free_socket_place("a" * 22, "192.0.2.1", "a")
    assert await limits.take_socket_place("192.0.2.1", "c")


async def test_places_of_dead_processes_become_free(
    redis_server: RedisServer, chat_settings: Callable[..., None], async_redis: None
) -> None:
    chat_settings(sockets_per_ip=1)
    assert await limits.take_socket_place("192.0.2.1", "dead")
    redis = redis_server.client()
    (key,) = redis.scan_iter(keys.address_sockets("*"))
    redis.zadd(key, {"dead": 1})
    assert await limits.take_socket_place("192.0.2.1", "b")


# --- Messages: the scripts over 16 connections at once -------------------------------------------------------


def send_at_once(session_ids: list[str], calls: int = 200) -> list[str]:
    """So many new messages at once, the sessions in turn; the code of each refusal, or `queued`."""

    def one(number: int) -> str:
        try:
            accepted = queue.accept_sync(session_ids[number % len(session_ids)], str(uuid4()), "hi")
        except ChatError as error:
            return error.code
        assert accepted
        return "queued"

    with ThreadPoolExecutor(16) as threads:
        return list(threads.map(one, range(calls)))


@pytest.mark.parametrize(
    ("limit", "most", "code"),
    [
        ({"max_pending": 9}, 9, "queue_full"),
        ({"messages_per_minute": 9}, 9, "rate_limited"),
        ({"max_queue": 9}, 9, "busy"),
        ({"max_pending_per_ip": 9}, 9, "busy"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_exactly_as_many_messages_pass_as_may(
    redis_server: RedisServer, chat_settings: Callable[..., None], limit: dict[str, int], most: int, code: str
) -> None:
    high = dict.fromkeys(("max_pending", "messages_per_minute", "max_queue", "max_pending_per_ip"), 1000)
    chat_settings(**high | limit)
    begun = [sessions.create("Ada", limits.take_session_token("192.0.2.1"))[1].id for _ in range(4)]
    # Those limits that are a session's own are tried on one of them.
    of_all = "max_queue" in limit or "max_pending_per_ip" in limit
    told = send_at_once(begun if of_all else begun[:1])
    assert (told.count("queued"), told.count(code)) == (most, 200 - most)


async def test_one_address_cannot_fill_the_queue(
    redis_server: RedisServer, chat_settings: Callable[..., None], async_redis: None
) -> None:
    chat_settings(max_pending_per_ip=5, max_queue=20, max_pending=4)
    hands = Hands(redis_server.client())
    numbers = count()

    def begin(address: str) -> str:
        sender = limits.take_session_token(address)
        return sessions.create(f"Ada {next(numbers)}", sender)[1].id

    mine = [begin("192.0.2.1") for _ in range(3)]
    for session_id in [mine[0]] * 4 + [mine[1]]:
        await hands.send(session_id)
    with pytest.raises(Busy, match="network") as refused:
        await hands.send(mine[2])
    assert refused.value.retry_after_s == 5
    # Others go on as if nothing was.
    other = begin("192.0.2.2")
    await hands.send(other)
    # What is answered, taken back or ended makes room.
    assert await hands.reply(await hands.work())
    message_id = await hands.send(mine[2])
    await hands.cancel(mine[2], message_id)
    await hands.send(mine[2])
    hands.end(mine[0])
    for session_id in [mine[1]] * 3:
        await hands.send(session_id)
    with pytest.raises(Busy):
        await hands.send(mine[2])


async def test_partitions_share_the_limits_of_all(
    redis_server: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(partitions=4, max_queue=40, max_pending=100, messages_per_minute=1000)
    begun = [sessions.create("Ada")[1].id for _ in range(64)]
    assert {keys.partition(session_id) for session_id in begun} == {0, 1, 2, 3}
    assert send_at_once(begun).count("queued") == 40
