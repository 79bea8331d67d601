"""A channel layer of several hosts of its own, one of which goes away."""

import asyncio
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.layers import get_channel_layer
from channels_redis.utils import _consistent_hash

from chat import keys, sessions
from tests.clients import new_token, v1
from tests.servers import RedisServer, Stack, Web, wait_until


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[list[RedisServer]]:
    servers = [RedisServer(tmp_path / f"host{number}").start() for number in range(2)]
    yield servers
    for server in servers:
        server.stop(signal.SIGKILL)


def token_at(web: Web, host: int) -> str:
    """A session whose events go through one of two hosts."""
    while True:
        token = new_token(web)
        group = keys.session_group(token.partition(".")[0])
        if _consistent_hash(f"chat__group__{group}", 2) == host:
            return token


def answered(token: str) -> bool:
    snapshot = sessions.snapshot(token.partition(".")[0])
    assert snapshot
    return snapshot.messages[-1]["source"] == "bot" and not snapshot.pending


async def test_lost_host_is_noticed_and_its_sockets_look_again(
    hosts: list[RedisServer], redis_server: RedisServer, make_stack: Callable[..., Stack]
) -> None:
    stack = make_stack(CHAT_LAYER_URLS=" ".join(host.url for host in hosts))
    web = stack.web()
    stack.worker()
    tokens = [token_at(web, number) for number in range(2)]
    async with v1(web, tokens[1]) as talker, v1(web, tokens[1]) as listener, v1(web, tokens[0]) as other:
        assert await talker.ask("before") == "before"
        await listener.until("replied")
        assert await other.ask("before") == "before"
        # Half of what is told, the other half goes through the other host; nothing through the queue's.
        assert [channels_of(host) for host in (*hosts, redis_server)] == [1, 1, 0]
        hosts[1].stop(signal.SIGKILL)
        assert await other.ask("at the other host") == "at the other host"
        message = await talker.send("while deaf")
        await asyncio.to_thread(wait_until, lambda: answered(tokens[1]), "the answer to be stored")
        # The listener was told nothing, and does not know that there is something to wait for.
        hosts[1].start()
        assert await listener.outcome(message) == "while deaf"
        assert await talker.outcome(message) == "while deaf"


def channels_of(host: RedisServer) -> int:
    names: Any = host.client().pubsub_channels("*session.*")
    return len(names)


async def test_connection_that_is_dead_without_saying_so_is_made_anew(
    redis_server: RedisServer, async_redis: None
) -> None:
    layer: Any = get_channel_layer()
    assert layer.routes == 1
    channel = await layer.open_route(0)
    client: Any = redis_server.client()
    [before] = client.client_list(_type="pubsub")
    await layer.reconnect(0)

    def is_new() -> bool:
        return [told["id"] for told in client.client_list(_type="pubsub")] not in ([], [before["id"]])

    await asyncio.to_thread(wait_until, is_new, "a new connection")
    await asyncio.to_thread(wait_until, lambda: bool(client.pubsub_channels(channel)), "the subscription")
    await layer.send(channel, {"type": "pulse.beat", "number": 1})
    assert await asyncio.wait_for(layer.receive(channel), 10) == {"type": "pulse.beat", "number": 1}
    await layer.flush()
