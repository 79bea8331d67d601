"""Connections to Redis and the Lua scripts that run there.

No command is repeated by the client library: a lost answer does not tell whether the command ran. Scripts are
written so that running one twice does no harm; `patiently` repeats those.
"""

import asyncio
import hashlib
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import redis
import redis.asyncio
from redis.asyncio.retry import Retry as AsyncRetry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError
from redis.retry import Retry

from chat.conf import get_conf
from chat.shared_connection import SharedConnection

Answer = TypeVar("Answer")
SOCKET_TIMEOUT_S = 5.0
# A script that waits for a busy server holds a connection each; more of them would not make Redis faster.
MAX_CONNECTIONS = 32

_clients: "WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis]" = WeakKeyDictionary()
_shared: "WeakKeyDictionary[asyncio.AbstractEventLoop, SharedConnection]" = WeakKeyDictionary()


def is_unavailable(error: RedisError) -> bool:
    """Whether the server, not the command, is the trouble: gone, starting, read-only, out of memory or disk."""
    if isinstance(error, (RedisConnectionError, RedisTimeoutError, ReadOnlyError)):
        return True
    text = str(error)
    # Redis 6.2 wraps the errors of commands inside a script, so the code is not always at the beginning.
    return isinstance(error, ResponseError) and any(
        code in text for code in ("OOM ", "MISCONF", "LOADING", "READONLY", "MASTERDOWN", "NOREPLICAS")
    )


def sync_client() -> "redis.Redis":
    """The client of this process for code that is not async (DRF, the admin). Safe to share by threads."""
    return _sync_client()


@cache
def _sync_client() -> "redis.Redis":
    pool = redis.BlockingConnectionPool.from_url(
        get_conf().redis_url,
        max_connections=MAX_CONNECTIONS,
        timeout=SOCKET_TIMEOUT_S,
        socket_timeout=SOCKET_TIMEOUT_S,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )
    return redis.Redis(connection_pool=pool)


def async_client() -> "redis.asyncio.Redis":
    """The client of the running event loop."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    if client is None:
        client = _clients[loop] = open_async_client(SOCKET_TIMEOUT_S, MAX_CONNECTIONS)
    return client


def shared_connection() -> SharedConnection:
    """The connection of the running event loop that scripts and events share."""
    loop = asyncio.get_running_loop()
    connection = _shared.get(loop)
    if connection is None:
        pool = redis.asyncio.ConnectionPool.from_url(
            get_conf().redis_url,
            socket_connect_timeout=SOCKET_TIMEOUT_S,
            retry=AsyncRetry(NoBackoff(), 0),
            decode_responses=True,
        )
        connection = _shared[loop] = SharedConnection(pool, SOCKET_TIMEOUT_S)
    return connection


def open_async_client(socket_timeout_s: float, max_connections: int) -> "redis.asyncio.Redis":
    """A client of its own; a blocking read needs one whose socket waits longer than the read."""
    pool = redis.asyncio.BlockingConnectionPool.from_url(
        get_conf().redis_url,
        max_connections=max_connections,
        timeout=SOCKET_TIMEOUT_S,
        socket_timeout=socket_timeout_s,
        socket_connect_timeout=SOCKET_TIMEOUT_S,
        retry=AsyncRetry(NoBackoff(), 0),
        decode_responses=True,
    )
    return redis.asyncio.Redis(connection_pool=pool)


async def close_async_client() -> None:
    """Close the running loop's connections, if there are any."""
    shared = _shared.pop(asyncio.get_running_loop(), None)
    if shared is not None:
        await shared.close()
    client = _clients.pop(asyncio.get_running_loop(), None)
    if client is not None:
        await client.aclose(close_connection_pool=True)


class Script:
    """One Lua script of `chat/lua`, together with the functions of `lib.lua`. One round trip a call."""

    _folder = Path(__file__).parent / "lua"

    def __init__(self, name: str) -> None:
        self.name = name
        self._text = "\n".join((self._folder / file).read_text() for file in ("lib.lua", f"{name}.lua"))
        self._sha = hashlib.sha1(self._text.encode(), usedforsecurity=False).hexdigest()

    async def run(self, keys: Sequence[str], *args: str | int | float) -> Any:
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
