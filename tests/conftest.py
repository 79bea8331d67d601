"""Fixtures: a real Redis of each kind, and a stack of real processes."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from channels.layers import channel_layers
from django.conf import settings

from chat import history, keys, redis_client
from chat.conf import get_conf
from tests.servers import RedisKind, RedisServer, Stack, running_redis


@pytest.fixture(scope="session")
def redis_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[RedisKind], RedisServer]]:
    """Gives the server of a kind, started when it is first wanted."""
    servers: dict[RedisKind, RedisServer] = {}

    def server(kind: RedisKind) -> RedisServer:
        if kind not in servers:
            servers[kind] = RedisServer(tmp_path_factory.mktemp(kind), kind).start()
        return servers[kind]

    yield server
    for started in servers.values():
        started.stop()


def use_chat(**changes: Any) -> None:
    """Change settings of the chat in this process, and forget what was made from the old ones."""
    settings.CHAT = settings.CHAT | changes
    settings.CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [settings.CHAT["redis_url"]]
    for cached in (get_conf, keys.of_session, history.form, redis_client._sync_client):
        cached.cache_clear()
    channel_layers.backends = {}


@pytest.fixture
def chat_settings() -> Iterator[Callable[..., None]]:
    """Gives `use_chat`; the settings are as before after the test."""
    before = settings.CHAT
    yield use_chat
    # Not merged: a setting that only the test made is forgotten.
    settings.CHAT = before
    use_chat()


@pytest.fixture
def redis_server(
    redis_servers: Callable[[RedisKind], RedisServer], chat_settings: Callable[..., None]
) -> RedisServer:
    """An empty Redis 6.2 that the chat in this process uses."""
    return _empty(redis_servers("redis62"), chat_settings)


@pytest.fixture(params=["redis62", "json"])
def each_redis(
    request: pytest.FixtureRequest,
    redis_servers: Callable[[RedisKind], RedisServer],
    chat_settings: Callable[..., None],
) -> RedisServer:
    """Like `redis_server`, once for each form of the history."""
    return _empty(redis_servers(request.param), chat_settings)


def _empty(server: RedisServer, chat_settings: Callable[..., None]) -> RedisServer:
    server.client().flushall()
    chat_settings(redis_url=server.url)
    return server


@pytest.fixture
async def async_redis() -> AsyncIterator[None]:
    """Closes this loop's client after the test. Wanted by tests that await the queue."""
    yield
    await redis_client.close_async_client()


@pytest.fixture
def run_async() -> Callable[[Callable[[], Awaitable[Any]]], Any]:
    """Gives a function that awaits a call to the queue from a test that is not async itself."""

    async def run(call: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await call()
        finally:
            await redis_client.close_async_client()

    return lambda call: asyncio.run(run(call))


@pytest.fixture
def make_stack(tmp_path: Path, redis_server: RedisServer) -> Iterator[Callable[..., Stack]]:
    """Makes stacks on an empty Redis; all their processes are stopped after the test."""
    stacks: list[Stack] = []

    def make(redis_url: str = redis_server.url, **environment: str) -> Stack:
        stacks.append(Stack(tmp_path / f"stack{len(stacks)}", redis_url, **environment))
        return stacks[-1]

    yield make
    for stack in stacks:
        stack.close()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A Redis that the test may kill."""
    with running_redis(tmp_path / "own-redis") as server:
        yield server
        if server.process is None:
            server.start()
