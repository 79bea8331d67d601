"""One connection for all calls of an event loop, against a real Redis that is also made to fail."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from channels.layers import get_channel_layer
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError

from chat import redis_client
from chat.redis_client import patiently, shared_connection
from chat.shared_connection import SharedConnection
from tests.servers import RedisServer


@pytest.fixture
async def connection(
    own_redis: RedisServer, chat_settings: Callable[..., None]
) -> AsyncIterator[SharedConnection]:
    chat_settings(redis_url=own_redis.url)
    shared = shared_connection()
    assert isinstance(shared, SharedConnection)
    yield shared
    await redis_client.close_async_client()


async def test_calls_made_together_get_their_own_answers(connection: SharedConnection) -> None:
    answers = await asyncio.gather(*(connection.call("ECHO", f"é {number}") for number in range(500)))
    assert answers == [f"é {number}" for number in range(500)]


async def test_an_event_loop_has_one_connection(connection: SharedConnection, own_redis: RedisServer) -> None:
    await asyncio.gather(*(shared_connection().call("PING") for _ in range(20)))
    clients: Any = own_redis.client().client_list(_type="normal")
    assert len(clients) == 2, "this one and the one that asks"


async def test_an_error_reply_is_raised_where_it_belongs(connection: SharedConnection) -> None:
    calls = [connection.call(*words) for words in (("ECHO", "good"), ("NONSENSE",), ("ECHO", "after"))]
    answers: list[Any] = await asyncio.gather(*calls, return_exceptions=True)
    assert (answers[0], answers[2]) == ("good", "after")
    assert isinstance(answers[1], ResponseError)


async def test_a_call_that_is_cancelled_leaves_the_others_alone(connection: SharedConnection) -> None:
    await connection.call("PING")
    cancelled = asyncio.create_task(connection.call("ECHO", "never mind"))
    other = asyncio.create_task(connection.call("ECHO", "mine"))
    await asyncio.sleep(0)
    cancelled.cancel()
    assert await other == "mine"
    assert await connection.call("ECHO", "next") == "next"


async def test_a_cut_connection_fails_its_calls_and_the_next_one_connects_again(
    connection: SharedConnection, own_redis: RedisServer
) -> None:
    own_id = await connection.call("CLIENT", "ID")
    waiting = asyncio.create_task(connection.call("BLPOP", "nothing", "0"))
    await asyncio.to_thread(own_redis.client().client_kill_filter, _id=str(own_id))
    with pytest.raises(RedisConnectionError):
        await waiting
    assert await connection.call("PING") == "PONG"
    assert await connection.call("CLIENT", "ID") != own_id


async def test_a_server_that_is_gone_is_an_error_and_its_return_is_found(
    connection: SharedConnection, own_redis: RedisServer
) -> None:
    await connection.call("SET", "key", "value")
    own_redis.stop()
    with pytest.raises(RedisConnectionError):
        await connection.call("GET", "key")
    with pytest.raises(RedisConnectionError):
        await patiently(lambda: connection.call("GET", "key"), for_s=0.2)
    later = asyncio.create_task(patiently(lambda: connection.call("GET", "key"), for_s=20))
    await asyncio.to_thread(own_redis.start)
    assert await later == "value"


async def test_a_server_that_hangs_is_a_timeout_and_nothing_old_is_answered_later(
    own_redis: RedisServer, connection: SharedConnection
) -> None:
    impatient = SharedConnection(connection._pool, timeout_s=0.3)
    assert await impatient.call("PING") == "PONG"
    assert own_redis.process
    own_redis.process.send_signal(signal.SIGSTOP)
    try:
        answers: list[Any] = await asyncio.gather(
            *(impatient.call("ECHO", "old") for _ in range(3)), return_exceptions=True
        )
        assert all(isinstance(answer, RedisTimeoutError) for answer in answers)
        # The system takes the new connection, the server greets nobody.
        async with asyncio.timeout(5):
            with pytest.raises(RedisTimeoutError):
                await impatient.call("ECHO", "older")
    finally:
        own_redis.process.send_signal(signal.SIGCONT)
    assert await impatient.call("ECHO", "new") == "new"
    await impatient.close()


async def test_closing_fails_what_is_on_its_way(connection: SharedConnection) -> None:
    await connection.call("PING")
    waiting = asyncio.create_task(connection.call("BLPOP", "nothing", "0"))
    await asyncio.sleep(0)
    await connection.close()
    with pytest.raises(RedisConnectionError):
        await waiting


async def test_events_are_published_over_it(connection: SharedConnection) -> None:
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("listeners", channel)
    await layer.group_send("listeners", {"type": "chat.event", "event": ["delta", 1]})
    await layer.send(channel, {"type": "chat.event", "event": ["delta", 2]})
    got = [(await asyncio.wait_for(layer.receive(channel), 10))["event"][1] for _ in range(2)]
    assert got == [1, 2]
    await layer.flush()
