"""Wake-ups from a Redis Cluster, where one read can wait for one partition only: their streams lie in other slots.

So each partition is read by itself. What all these reads may bring together is never more than the worker has room
for; each of them is made for a share of it. With room for all partitions each has a read that waits. With less, a
look at all of them that does not wait takes turns with a few short waits. A master that is away costs its own
partitions' messages time, and nobody else's.
"""

import asyncio
import logging
from collections import deque
from contextlib import suppress

import redis.asyncio
from redis.exceptions import AskError, RedisError

from chat import keys
from chat.cluster_connections import ClusterConnections
from chat.conf import get_conf
from chat.queue import WakeUp
from chat.redis_address import parse
from chat.redis_client import node_pool, shared_connection
from chat.redis_seeking import Node
from inference_worker.intake import BLOCK_MS, READ_TIMEOUT_S, Intake, decode, pairs

logger = logging.getLogger(__name__)

MUCH_ROOM = 4
"""With room for so many messages of each partition a read may wait long: the others can do without its share."""
BRIEF_BLOCK_MS = 100
LOOK_EVERY_MS = 50
"""How often all partitions are looked at while there is not room enough to wait for each."""
ALL = 100_000
"""More entries than a worker ever holds."""
FIRST_REST_S = 0.05
LONGEST_REST_S = 1.0


def open_intake(worker: str) -> Intake:
    """What reads the streams of the Redis that the settings name."""
    kind = parse(get_conf().redis_url).kind
    return ClusterIntake(worker) if kind == "cluster" else Intake(worker)


class ClusterIntake(Intake):
    """An Intake with a read for each partition."""

    def _open(self) -> None:
        self._readers: dict[Node, redis.asyncio.Redis] = {}
        self._reads: dict[asyncio.Task[list[WakeUp]], tuple[int, int]] = {}
        """Each read that waits: its partition, and how many entries it may bring."""
        self._idle = deque(range(len(self._streams)))
        """Partitions that nothing waits for, the next one first."""
        self._broken: set[int] = set()
        """Partitions whose last read broke: entries may have been delivered that never arrived."""
        self._rests_until: dict[int, float] = {}
        self._rests_s: dict[int, float] = {}

    @property
    def is_reading(self) -> bool:  # type: ignore[override]
        return bool(self._reads)

    async def read(self, count: int) -> list[WakeUp]:
        """Up to `count` entries, those of reads under way included; none after some time without news."""
        room = count - sum(share for _, share in self._reads.values())
        now = asyncio.get_running_loop().time()
        ready = [number for number in self._idle if self._rests_until.get(number, 0) <= now]
        if 0 < room < len(ready) or self._broken.intersection(ready):
            found = await self._look(ready, room)
            if found:
                return found
            ready = [number for number in ready if number not in self._rests_until]
        self._begin(ready, room, count)
        if not self._reads:
            await asyncio.sleep(LOOK_EVERY_MS / 1000)
            return []
        # A partition that rests wants to be looked at again in time.
        done, _ = await asyncio.wait(
            self._reads,
            return_when=asyncio.FIRST_COMPLETED,
            timeout=FIRST_REST_S if self._rests_until else None,
        )
        return self._collect(done)

    async def finish(self) -> list[WakeUp]:
        """Wait for the reads under way, and begin no more."""
        if not self._reads:
            return []
        done, _ = await asyncio.wait(self._reads)
        return self._collect(done)

    async def disconnect(self) -> None:
        """Close the reading connections."""
        for read in self._reads:
            read.cancel()
        await asyncio.gather(*self._reads, return_exceptions=True)
        for reader in self._readers.values():
            await reader.aclose(close_connection_pool=True)

    def _begin(self, ready: list[int], room: int, count: int) -> None:
        """Wait for as many of the partitions as there is room for."""
        waits = min(len(ready), room)
        if waits <= 0:
            return
        if count >= MUCH_ROOM * len(self._streams):
            block_ms = BLOCK_MS
        else:
            block_ms = BRIEF_BLOCK_MS if waits == len(ready) else LOOK_EVERY_MS
        share, more = divmod(room, waits)
        for place, number in enumerate(ready[:waits]):
            size = share + (place < more)
            self._idle.remove(number)
            self._reads[asyncio.create_task(self._wait(number, size, block_ms))] = (number, size)

    def _collect(self, done: set["asyncio.Task[list[WakeUp]]"]) -> list[WakeUp]:
        found: list[WakeUp] = []
        for read in done:
            number, _ = self._reads.pop(read)
            self._idle.append(number)
            if error := read.exception():
                # What the others brought must not be lost with it.
                logger.error("Partition %d could not be read", number, exc_info=error)
                self._rest(number)
            else:
                found += read.result()
        return found

    async def _look(self, numbers: list[int], room: int) -> list[WakeUp]:
        """What waits in these partitions right now, up to `room`."""
        found: list[WakeUp] = []
        for number in numbers:
            is_broken = number in self._broken
            if len(found) >= room and not is_broken:
                continue
            # Who was just looked at is last the next time.
            self._idle.remove(number)
            self._idle.append(number)
            self._broken.add(number)
            count, start = (ALL, "0") if is_broken else (room - len(found), ">")
            try:
                answer = await shared_connection().call(
                    *("XREADGROUP", "GROUP", keys.GROUP, self._worker, "COUNT", count),
                    *("STREAMS", self._streams[number], start),
                )
            except RedisError as error:
                await self._mind(number, error)
                continue
            self._is_well(number)
            for _, entries in pairs(answer):
                found += decode([(entry, dict(pairs(told))) for entry, told in entries])
        return found

    async def _wait(self, number: int, count: int, block_ms: int) -> list[WakeUp]:
        """Up to `count` entries of a partition, as soon as there are any; none when Redis is away."""
        stream = self._streams[number]
        self._broken.add(number)
        try:
            reader = self._reader_of(await self._cluster().master_of(stream))
            answer = await reader.xreadgroup(keys.GROUP, self._worker, {stream: ">"}, count=count, block=block_ms)
        except RedisError as error:
            await self._mind(number, error)
            return []
        self._is_well(number)
        return [wake_up for _, entries in answer or () for wake_up in decode(entries)]

    async def _mind(self, number: int, error: RedisError) -> None:
        """A read has failed: leave its partition alone for a moment."""
        if "NOGROUP" in str(error):
            with suppress(RedisError):
                await self.ensure_groups()
        else:
            self._cluster().refresh()
            if isinstance(error, AskError):  # or MovedError
                logger.info("Partition %d is moving or has moved", number)
            else:
                logger.warning("Redis: %s; partition %d is read again in a moment", error, number)
        self._rest(number)

    def _rest(self, number: int) -> None:
        rest_s = self._rests_s.get(number, FIRST_REST_S)
        self._rests_until[number] = asyncio.get_running_loop().time() + rest_s
        self._rests_s[number] = min(2 * rest_s, LONGEST_REST_S)

    def _is_well(self, number: int) -> None:
        self._broken.discard(number)
        self._rests_until.pop(number, None)
        self._rests_s.pop(number, None)

    def _reader_of(self, node: Node) -> redis.asyncio.Redis:
        reader = self._readers.get(node)
        if reader is None:
            pool = node_pool(parse(get_conf().redis_url), node, socket_timeout=READ_TIMEOUT_S)
            reader = self._readers[node] = redis.asyncio.Redis(connection_pool=pool)
        return reader

    @staticmethod
    def _cluster() -> ClusterConnections:
        connections = shared_connection()
        assert isinstance(connections, ClusterConnections)
        return connections
