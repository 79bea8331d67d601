"""Connections that look for their server each time they connect: the master that the Sentinels name just then, or
any node of a Cluster that answers.

Looking is redis-py's, and leaves no connection to a Sentinel behind.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.retry import Retry
from redis.sentinel import Sentinel

from chat.redis_address import RedisAddress

Node = tuple[str, int]
"""Host and port."""
SENTINEL_TIMEOUT_S = 1.0
"""How long one Sentinel may take before the next one is asked."""

cluster_nodes: dict[RedisAddress, tuple[Node, ...]] = {}
"""The nodes that a Cluster had when it was last asked."""


class SeekingConnection(redis.asyncio.Connection):
    """Made with `seek`, which gives the nodes to try, best first."""

    def __init__(self, *, seek: Callable[[], Awaitable[Sequence[Node]]], **options: Any) -> None:
        super().__init__(**options)
        self._seek = seek

    async def _connect(self) -> None:
        error: Exception = RedisConnectionError("No server to connect to is known.")
        for node in await self._seek():
            self.host, self.port = node
            try:
                await super()._connect()  # type: ignore[no-untyped-call]
            except (OSError, TimeoutError) as failed:
                error = failed
            else:
                return
        raise error

    async def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return await super().read_response(*args, **options)
        except ResponseError as error:
            if "READONLY" not in str(error):
                raise
            # A master no more: the next attempt looks for the new one.
            await self.disconnect(nowait=True)
            raise RedisConnectionError("The master has become a replica.") from error


class SeekingTLSConnection(SeekingConnection, redis.asyncio.SSLConnection):
    """The same with TLS."""


class SeekingSyncConnection(redis.Connection):
    """The same for code that is not async; `seek` gives one node."""

    def __init__(self, *, seek: Callable[[], Node], **options: Any) -> None:
        super().__init__(**options)  # type: ignore[no-untyped-call]
        self._seek = seek

    def _connect(self) -> Any:
        self.host, self.port = self._seek()
        return super()._connect()  # type: ignore[no-untyped-call]

    def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            return super().read_response(*args, **options)  # type: ignore[no-untyped-call]
        except ResponseError as error:
            if "READONLY" not in str(error):
                raise
            self.disconnect()  # type: ignore[no-untyped-call]
            raise RedisConnectionError("The master has become a replica.") from error


class SeekingSyncTLSConnection(SeekingSyncConnection, redis.SSLConnection):
    """The same with TLS."""


def seeking(address: RedisAddress) -> dict[str, Any]:
    """The options that make a pool of redis.asyncio one of seeking connections."""

    async def seek() -> Sequence[Node]:
        if address.kind == "sentinel":
            return [await _master(address)]
        nodes = list(cluster_nodes.get(address) or address.hosts)
        random.shuffle(nodes)
        return nodes

    connection_class = SeekingTLSConnection if address.uses_tls else SeekingConnection
    return {**address.options, "connection_class": connection_class, "seek": seek}


def seeking_sync(address: RedisAddress) -> dict[str, Any]:
    """The same for a pool that is not async, of the master that Sentinels name."""
    connection_class = SeekingSyncTLSConnection if address.uses_tls else SeekingSyncConnection
    return {**address.options, "connection_class": connection_class, "seek": lambda: _master_sync(address)}


async def _master(address: RedisAddress) -> Node:
    options = _sentinel_options(address) | {"retry": AsyncRetry(NoBackoff(), 0)}
    sentinels = redis.asyncio.Sentinel(_shuffled(address), sentinel_kwargs=options)
    try:
        host, port = await sentinels.discover_master(address.service)
    except ResponseError as error:
        # A login that is refused, and the like.
        raise RedisConnectionError(f"A Sentinel refused: {error}") from error
    finally:
        await asyncio.gather(*(sentinel.aclose() for sentinel in sentinels.sentinels), return_exceptions=True)
    return host, int(port)


def _master_sync(address: RedisAddress) -> Node:
    options = _sentinel_options(address) | {"retry": Retry(NoBackoff(), 0)}
    sentinels = Sentinel(_shuffled(address), sentinel_kwargs=options)
    try:
        host, port = sentinels.discover_master(address.service)
    except ResponseError as error:
        raise RedisConnectionError(f"A Sentinel refused: {error}") from error
    finally:
        for sentinel in sentinels.sentinels:
            sentinel.close()
    return host, int(port)


def _sentinel_options(address: RedisAddress) -> dict[str, Any]:
    times = {"socket_timeout": SENTINEL_TIMEOUT_S, "socket_connect_timeout": SENTINEL_TIMEOUT_S}
    return address.sentinel_options | times | {"ssl": address.uses_tls}


def _shuffled(address: RedisAddress) -> list[Node]:
    # One that answers nothing more delays only those who begin with it.
    return random.sample(address.hosts, len(address.hosts))
