"""Wake-ups from the Redis Stream: new ones, and those that another worker left behind."""

import random
from collections.abc import Awaitable, Callable
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError, ResponseError

from chat import keys
from chat.conf import get_conf
from chat.queue import WakeUp
from chat.redis_client import SOCKET_TIMEOUT_S, Script, open_pool, shared_connection

_tidy = Script("tidy")

BLOCK_MS = 1000
"""How long a read waits for new entries. Also the longest time that a shutdown waits for it."""
READ_TIMEOUT_S = BLOCK_MS / 1000 + SOCKET_TIMEOUT_S
"""A blocking read has a connection of its own, whose socket waits longer than the read."""
IDLE_CONSUMER_MS = 600_000


class Intake:
    """Reads the streams of all partitions as one consumer. At least once: what is not acknowledged comes back."""

    is_reading = False
    """Whether more may arrive although no call of `read` is under way."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._streams = [keys.stream(number) for number in range(get_conf().partitions)]
        self._recovering = False
        self._open()

    def _open(self) -> None:
        pool = open_pool(get_conf().redis_url, socket_timeout=READ_TIMEOUT_S)
        self._reader: redis.asyncio.Redis = redis.asyncio.Redis(connection_pool=pool)

    async def ensure_groups(self) -> None:
        """Make the consumer groups where they are missing: at first, and after Redis was emptied."""

        async def ensure(number: int) -> None:
            try:
                await self._call("XGROUP", "CREATE", self._streams[number], keys.GROUP, "0", "MKSTREAM")
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

        await self._each(ensure)

    async def read(self, count: int) -> list[WakeUp]:
        """Up to `count` entries; none after `BLOCK_MS` without news.

        After a broken read it first asks for entries that were delivered to this consumer but never arrived.
        """
        recovering, self._recovering = self._recovering, True
        answer = await self._reader.xreadgroup(
            keys.GROUP,
            self._worker,
            dict.fromkeys(self._streams, "0" if recovering else ">"),
            count=None if recovering else count,
            block=None if recovering else BLOCK_MS,
        )
        self._recovering = False
        return [wake_up for _, entries in answer or () for wake_up in decode(entries)]

    async def finish(self) -> list[WakeUp]:
        """What still arrives when nothing more is to be read."""
        return []

    async def take_over(self, count: int) -> list[WakeUp]:
        """Up to `count` entries whose worker has not renewed them for the lease."""
        found: list[WakeUp] = []
        trouble: RedisError | None = None
        lease_ms = int(get_conf().lease_s * 1000)
        # Not always the same one first: it could have more than there is room for.
        for stream in random.sample(self._streams, len(self._streams)):
            cursor = "0-0"
            while len(found) < count:
                # One call looks at ten times COUNT entries at most; the cursor leads through the rest.
                room = count - len(found)
                try:
                    cursor, entries, *_ = await self._call(
                        "XAUTOCLAIM", stream, keys.GROUP, self._worker, lease_ms, cursor, "COUNT", room
                    )
                except RedisError as error:
                    # Where a Cluster's master is away, the partitions of the others go on.
                    trouble = error
                    break
                found += decode([(entry[0], dict(pairs(entry[1]))) for entry in entries if entry])
                if cursor == "0-0":
                    break
        if trouble and not found:
            raise trouble
        return found

    async def tidy(self) -> None:
        """Delete the consumers of workers that are long gone and hold nothing."""

        async def tidy(number: int) -> None:
            names = (self._streams[number], keys.workers(number), keys.draining(number))
            await _tidy.run(names, IDLE_CONSUMER_MS)

        await self._each(tidy)

    async def close(self) -> None:
        """Leave the groups, unless something is still delivered to this consumer, and disconnect."""

        async def leave(number: int) -> None:
            await self._call("HDEL", keys.workers(number), self._worker)
            await self._call("SREM", keys.draining(number), self._worker)
            for told in await self._call("XINFO", "CONSUMERS", self._streams[number], keys.GROUP):
                consumer = dict(pairs(told))
                if consumer["name"] == self._worker and consumer["pending"] == 0:
                    await self._call("XGROUP", "DELCONSUMER", self._streams[number], keys.GROUP, self._worker)

        await self._each(leave)

    async def disconnect(self) -> None:
        """Close the reading connection."""
        await self._reader.aclose(close_connection_pool=True)

    async def _call(self, *words: Any) -> Any:
        return await shared_connection().call(*words)

    async def _each(self, work: Callable[[int], Awaitable[Any]]) -> None:
        """Do something in all partitions, also when one of them fails. Raises the last error."""
        trouble: RedisError | None = None
        for number in range(len(self._streams)):
            try:
                await work(number)
            except RedisError as error:
                trouble = error
        if trouble:
            raise trouble


def decode(entries: list[Any]) -> list[WakeUp]:
    """Entries of a stream as redis-py gives them."""
    # Redis 6.2 gives nil for the fields of an entry that was deleted while it was pending.
    return [WakeUp(entry, fields["s"]) for entry, fields in entries if entry and fields]


def pairs(told: Any) -> list[tuple[Any, Any]]:
    """Names and values of an answer, which come in one list, or from RESP3 as a mapping."""
    if isinstance(told, dict):
        return list(told.items())
    if told and isinstance(told[0], list):
        return [(name, value) for name, value in told]
    return list(zip(told[::2], told[1::2], strict=True)) if told else []
