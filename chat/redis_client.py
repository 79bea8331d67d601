"""Connections to Redis and the Lua scripts that run there.

No command is repeated by the client library: a lost answer does not tell whether the command ran. Scripts are
written so that running one twice does no harm; `patiently` repeats those.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import (
    ClusterError,
    NoScriptError,
    ReadOnlyError,
    RedisClusterException,
    RedisError,
    ResponseError,
    TryAgainError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from chat.cluster_connections import ClusterConnections
from chat.conf import get_conf
from chat.redis_address import RedisAddress, parse
from chat.redis_seeking import Node, seeking, seeking_sync
from chat.shared_connection import SharedConnection

Answer = TypeVar("Answer")
Connections = SharedConnection | ClusterConnections
SOCKET_TIMEOUT_S = 5.0
# A script that waits for a busy server holds a connection each; more of them would not make Redis faster.
MAX_CONNECTIONS = 32
# The server, not the command, is the trouble: it is full, starts, is no master, or its slots are moving.
_UNAVAILABLE = (
    *("OOM ", "MISCONF", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS"),
    *("CLUSTERDOWN", "TRYAGAIN", "UNBLOCKED"),
)

_ASYNC_OPTIONS: dict[str, Any] = {
    "socket_connect_timeout": SOCKET_TIMEOUT_S,
    "retry": AsyncRetry(NoBackoff(), 0),
    "decode_responses": True,
}

_shared: "WeakKeyDictionary[asyncio.AbstractEventLoop, Connections]" = WeakKeyDictionary()


def is_unavailable(error: RedisError) -> bool:
    """Whether the server, not the command, is the trouble: gone, starting, read-only, out of memory or disk."""
    if isinstance(error, (RedisConnectionError, RedisTimeoutError, ReadOnlyError, ClusterError, TryAgainError)):
        return True
    text = str(error)
    # Redis 6.2 wraps the errors of commands inside a script, so the code is not always at the beginning.
    return isinstance(error, ResponseError) and any(code in text for code in _UNAVAILABLE)


def sync_client() -> "redis.Redis":
    """The client of this process for code that is not async (DRF, the admin). Safe to share by threads.

    Of a Cluster it is redis-py's RedisCluster, whose commands and pipelines find the node of each key.
    Raises RedisError when no node of it answers.
    """
    return _sync_client()


@cache
def _sync_client() -> "redis.Redis":
    address = parse(get_conf().redis_url)
    options: dict[str, Any] = {
        "socket_timeout": SOCKET_TIMEOUT_S,
        "socket_connect_timeout": SOCKET_TIMEOUT_S,
        "decode_responses": True,
    }
    if address.kind == "cluster":
        return _sync_cluster(address, options)
    options |= {"max_connections": MAX_CONNECTIONS, "timeout": SOCKET_TIMEOUT_S, "retry": Retry(NoBackoff(), 0)}
    if address.kind == "sentinel":
        pool = redis.BlockingConnectionPool(**seeking_sync(address), **options)
    else:
        pool = redis.BlockingConnectionPool.from_url(address.url, **options)
    return redis.Redis(connection_pool=pool)


def ask_server(*words: str) -> Any:
    """A command without a key; of a Cluster any node is asked, because they are alike."""
    client: Any = sync_client()
    if not isinstance(client, redis.RedisCluster):
        return client.execute_command(*words)
    nodes = client.get_nodes()
    for node in random.sample(nodes, len(nodes)):
        with suppress(RedisConnectionError, RedisTimeoutError):
            return client.execute_command(*words, target_nodes=node)
    raise RedisConnectionError("No node of the Cluster answers.")


def now_ms() -> int:
    """The time of the server, of a Cluster that of any node: its masters' clocks are to agree."""
    seconds, microseconds = ask_server("TIME")
    return int(seconds) * 1000 + int(microseconds) // 1000


def _sync_cluster(address: RedisAddress, options: dict[str, Any]) -> "redis.Redis":
    nodes = [redis.cluster.ClusterNode(*host) for host in address.hosts]
    if address.uses_tls:
        options |= {"ssl": True}
    with _as_connection_error():
        client = redis.RedisCluster(
            startup_nodes=nodes,
            retry=Retry(NoBackoff(), 0),
            require_full_coverage=False,
            **address.options,
            **options,
        )
    manager: Any = client.nodes_manager
    read_slots = manager.initialize

    def initialize(*args: Any, **more: Any) -> None:
        with _as_connection_error():
            read_slots(*args, **more)

    # redis-py says that no node answers with an exception that is no RedisError.
    manager.initialize = initialize
    return cast("redis.Redis", client)


@contextmanager
def _as_connection_error() -> Iterator[None]:
    try:
        yield
    except RedisClusterException as error:
        raise RedisConnectionError(str(error)) from error


def shared_connection() -> Connections:
    """The connection of the running event loop that scripts and events share; of a Cluster, one to each master."""
    loop = asyncio.get_running_loop()
    connection = _shared.get(loop)
    if connection is None:
        connection = _shared[loop] = open_shared(get_conf().redis_url)
    return connection


def open_shared(url: str) -> Connections:
    """A connection of the running event loop for calls that are made together. Connects when it is first used."""
    address = parse(url)
    if address.kind == "cluster":
        return ClusterConnections(
            address, lambda node: SharedConnection(node_pool(address, node), SOCKET_TIMEOUT_S)
        )
    return SharedConnection(open_pool(url), SOCKET_TIMEOUT_S)


def open_pool(url: str, **options: Any) -> redis.asyncio.ConnectionPool:
    """A pool of the running event loop: of one server, of the master that Sentinels name, of any Cluster node."""
    address = parse(url)
    if address.kind == "server":
        return redis.asyncio.ConnectionPool.from_url(url, **_ASYNC_OPTIONS | options)
    return redis.asyncio.ConnectionPool(**seeking(address), **_ASYNC_OPTIONS | options)


def node_pool(address: RedisAddress, node: Node, **options: Any) -> redis.asyncio.ConnectionPool:
    """A pool of the running event loop of one node of a Cluster."""
    host, port = node
    return redis.asyncio.ConnectionPool(
        redis.asyncio.SSLConnection if address.uses_tls else redis.asyncio.Connection,
        host=host,
        port=port,
        **address.options,
        **_ASYNC_OPTIONS | options,
    )


async def close_async_client() -> None:
    """Close the running loop's connections, if there are any."""
    shared = _shared.pop(asyncio.get_running_loop(), None)
    if shared is not None:
        await shared.close()


class Script:
    """One Lua script of `chat/lua`, together with the functions of `lib.lua`. One round trip a call."""

    _folder = Path(__file__).parent / "lua"

    def __init__(self, name: str) -> None:
        self.name = name
        self._text = "\n".join((self._folder / file).read_text() for file in ("lib.lua", f"{name}.lua"))
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, keys: Sequence[str], *args: str | int | float | bytes) -> Any:
        """Run on the event loop's shared connection."""
        connection = shared_connection()
        try:
            return await connection.call("EVALSHA", self._sha, len(keys), *keys, *args)
        except NoScriptError:
            return await connection.call("EVAL", self._text, len(keys), *keys, *args)

    def run_sync(self, keys: Sequence[str], *args: str | int | float) -> Any:
        """Run on the process's synchronous client."""
        client = sync_client()
        try:
            return client.evalsha(self._sha, len(keys), *keys, *args)
        except NoScriptError:
            return client.eval(self._text, len(keys), *keys, *args)


async def patiently(
    call: Callable[[], Awaitable[Answer]],
    *,
    for_s: float,
    first_pause_s: float = 0.05,
    longest_pause_s: float = 1.0,
) -> Answer:
    """Await `call()`, again and again while Redis is unavailable, for `for_s` seconds at most.

    For calls that may run twice without harm. Raises the last error when the time is over, and any other
    error at once.
    """
    deadline = time.monotonic() + for_s
    pause_s = first_pause_s
    while True:
        try:
            return await call()
        except RedisError as error:
            if not is_unavailable(error) or time.monotonic() + pause_s > deadline:
                raise
        await asyncio.sleep(pause_s * random.uniform(0.5, 1.0))
        pause_s = min(pause_s * 2, longest_pause_s)
