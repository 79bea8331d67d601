"""One connection to Redis that all calls of an event loop share.

A pool gives each call a connection of its own, and its bookkeeping costs more processor time than the call. Here
the commands go out as they come and the answers return in the same order, so calls that are made together travel
together. Connecting, login and TLS are redis-py's.
"""

import asyncio
from collections import deque
from typing import Any

import redis.asyncio
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import ResponseError
from redis.exceptions import TimeoutError as RedisTimeoutError


class SharedConnection:
    """Connects when it is first wanted, and again after a failure. Repeats nothing by itself."""

    def __init__(self, pool: redis.asyncio.ConnectionPool, timeout_s: float) -> None:
        """`pool` makes the connections; they must have no socket timeout, `timeout_s` bounds each answer."""
        self._pool = pool
        self._timeout_s = timeout_s
        self._loop = asyncio.get_running_loop()
        self._connection: Any = None
        self._connecting = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._outgoing: list[bytes] = []
        self._has_outgoing = asyncio.Event()
        self._due: deque[tuple[float, asyncio.Future[Any]]] = deque()
        """For each command on its way: when it was called, and who waits."""

    async def call(self, *words: Any) -> Any:
        """Send a command, give its answer. Raises RedisError; a lost connection fails all calls on their way."""
        if self._connection is None:
            await self._connect()
        return await self._send(words)

    async def call_asking(self, *words: Any) -> Any:
        """Like `call`, for a key that is just coming to this node of a Cluster: nothing comes in between."""
        if self._connection is None:
            await self._connect()
        asking, answer = self._send(("ASKING",)), self._send(words)
        await asyncio.gather(asking, answer, return_exceptions=True)
        return answer.result()

    async def close(self) -> None:
        """Fail what is on its way and disconnect."""
        connection = self._connection
        self._fail(RedisConnectionError("The connection was closed."))
        if connection:
            await connection.disconnect()

    def _send(self, words: tuple[Any, ...]) -> "asyncio.Future[Any]":
        answer = self._loop.create_future()
        self._outgoing += self._connection.pack_command(*words)
        self._due.append((self._loop.time(), answer))
        self._has_outgoing.set()
        return answer

    async def _connect(self) -> None:
        async with self._connecting:
            if self._connection is not None:
                return
            connection = self._pool.make_connection()
            try:
                # redis-py bounds the connecting, not the answers to its login; a frozen server gives none.
                async with asyncio.timeout(self._timeout_s):
                    await connection.connect()
            except TimeoutError:
                await connection.disconnect(nowait=True)
                raise RedisTimeoutError(f"No answer from Redis for {self._timeout_s} s") from None
            self._connection = connection
            self._tasks = [
                asyncio.create_task(work)
                for work in (self._write(connection), self._read(connection), self._watch(connection))
            ]

    async def _write(self, connection: Any) -> None:
        try:
            while True:
                await self._has_outgoing.wait()
                self._has_outgoing.clear()
                outgoing, self._outgoing = self._outgoing, []
                await connection.send_packed_command(outgoing, check_health=False)
        except (RedisConnectionError, RedisTimeoutError) as error:
            self._fail(error)

    async def _read(self, connection: Any) -> None:
        try:
            while True:
                try:
                    reply = await connection.read_response()
                except ResponseError as error:
                    _, answer = self._due.popleft()
                    if not answer.done():
                        answer.set_exception(error)
                else:
                    _, answer = self._due.popleft()
                    if not answer.done():
                        answer.set_result(reply)
        except (RedisConnectionError, RedisTimeoutError) as error:
            self._fail(error)

    async def _watch(self, connection: Any) -> None:
        while True:
            oldest = self._due[0][0] if self._due else self._loop.time()
            wait_s = oldest + self._timeout_s - self._loop.time()
            if wait_s <= 0:
                self._fail(RedisTimeoutError(f"No answer from Redis for {self._timeout_s} s"))
                await connection.disconnect(nowait=True)
                return
            await asyncio.sleep(wait_s)

    def _fail(self, error: Exception) -> None:
        self._connection = None
        current = asyncio.current_task()
        for task in self._tasks:
            if task is not current:
                task.cancel()
        self._tasks = []
        self._outgoing = []
        due, self._due = self._due, deque()
        for _, answer in due:
            if not answer.done():
                answer.set_exception(error)
