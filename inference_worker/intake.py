"""Wake-ups from the Redis Stream: new ones, and those that another worker left behind."""

from typing import Any, cast

import redis.asyncio
from redis.exceptions import ResponseError

from chat import keys
from chat.conf import get_conf
from chat.queue import WakeUp
from chat.redis_client import SOCKET_TIMEOUT_S, Script, async_client, open_async_client

_tidy = Script("tidy")

BLOCK_MS = 1000
"""How long a read waits for new entries. Also the longest time that a shutdown waits for it."""
IDLE_CONSUMER_MS = 600_000


class Intake:
    """Reads the streams of all partitions as one consumer. At least once: what is not acknowledged comes back."""

    def __init__(self, worker: str) -> None:
        self._worker = worker
        self._streams = [keys.stream(number) for number in range(get_conf().partitions)]
        # A blocking read has a connection of its own, whose socket waits longer than the read.
        self._reader: redis.asyncio.Redis = open_async_client(BLOCK_MS / 1000 + SOCKET_TIMEOUT_S, 1)
        self._recovering = False

    async def ensure_groups(self) -> None:
        """Make the consumer groups where they are missing: at first, and after Redis was emptied."""
        for stream in self._streams:
            try:
                await async_client().xgroup_create(stream, keys.GROUP, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

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
        return [wake_up for _, entries in answer or () for wake_up in _decode(entries)]

    async def take_over(self, count: int) -> list[WakeUp]:
        """Up to `count` entries whose worker has not renewed them for the lease."""
        found: list[WakeUp] = []
        lease_ms = int(get_conf().lease_s * 1000)
        for stream in self._streams:
            cursor = "0-0"
            while len(found) < count:
                # One call looks at ten times COUNT entries at most; the cursor leads through the rest.
                cursor, entries, *_ = await async_client().xautoclaim(
                    stream, keys.GROUP, self._worker, lease_ms, cursor, count=count - len(found)
                )
                found += _decode(entries)
                if cursor == "0-0":
                    break
        return found

    async def tidy(self) -> None:
        """Delete the consumers of workers that are long gone and hold nothing."""
        for number, stream in enumerate(self._streams):
            await _tidy.run([stream, keys.workers(number), keys.draining(number)], IDLE_CONSUMER_MS)

    async def close(self) -> None:
        """Leave the groups, unless something is still delivered to this consumer, and disconnect."""
        for number, stream in enumerate(self._streams):
            await cast(Any, async_client().hdel(keys.workers(number), self._worker))
            await cast(Any, async_client().srem(keys.draining(number), self._worker))
            for consumer in await async_client().xinfo_consumers(stream, keys.GROUP):
                if consumer["name"] == self._worker and consumer["pending"] == 0:
                    await async_client().xgroup_delconsumer(stream, keys.GROUP, self._worker)

    async def disconnect(self) -> None:
        """Close the reading connection."""
        await self._reader.aclose(close_connection_pool=True)


def _decode(entries: list[Any]) -> list[WakeUp]:
    # Redis 6.2 gives nil for the fields of an entry that was deleted while it was pending.
    return [WakeUp(entry, fields["s"]) for entry, fields in entries if entry and fields]
