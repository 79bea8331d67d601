"""The connections of an event loop to the masters of a Redis Cluster, one each, and which slot is whose.

A command goes to the master of its key's slot. MOVED and ASK are followed, which is safe: a node that answers so
has not run the command. Nothing else is repeated; `patiently` does that, and the slots are asked for meanwhile.
A master that is away keeps nobody waiting who wants another.
"""

import asyncio
import random
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from redis.crc import key_slot
from redis.exceptions import AskError, ClusterDownError, MovedError, RedisError, TryAgainError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from chat.redis_address import RedisAddress
from chat.redis_seeking import Node, cluster_nodes
from chat.shared_connection import SharedConnection

MOST_REDIRECTIONS = 5
"""Of one command. More than two in a row happen only while slots move."""
REFRESH_PAUSE_S = 0.1
"""Between two questions for the slots, however many commands fail meanwhile."""
REFRESH_TIMEOUT_S = 1.0
"""How long one node may take to tell the slots before the next one is asked."""
# Where the key stands; in all other commands it is the first word after the verb.
_KEY_PLACES = {"EVALSHA": 3, "EVAL": 3, "XGROUP": 2, "XINFO": 2, "XREADGROUP": 7}


@lru_cache(maxsize=4096)
def slot_of(key: str) -> int:
    """The slot of a key, or of its hash tag."""
    return key_slot(key.encode())


class ClusterConnections:
    """Like a SharedConnection, for all masters."""

    def __init__(self, address: RedisAddress, connect: Callable[[Node], SharedConnection]) -> None:
        self._address = address
        self._connect = connect
        self._connections: dict[Node, SharedConnection] = {}
        self._masters: dict[int, Node] = {}
        """By slot."""
        self._refreshing: asyncio.Task[None] | None = None
        self._refreshed_at = float("-inf")

    async def call(self, *words: Any) -> Any:
        """Send a command to the master of its key's slot, give its answer. Raises RedisError."""
        slot = slot_of(words[_KEY_PLACES.get(words[0], 1)])
        node = self._masters.get(slot) or await self._find(slot)
        asking = False
        for _ in range(MOST_REDIRECTIONS):
            connection = self.connection(node)
            try:
                return await (connection.call_asking(*words) if asking else connection.call(*words))
            except MovedError as moved:
                # The node of an empty name is the one that was asked.
                node, asking = (moved.host or node[0], moved.port), False
                self._masters[slot] = node
                # Where one slot went, others may have gone.
                self.refresh()
            except AskError as asked:
                node, asking = (asked.host or node[0], asked.port), True
            except (RedisConnectionError, RedisTimeoutError, ClusterDownError):
                self.refresh()
                raise
        raise TryAgainError(f"TRYAGAIN Slot {slot} goes to and fro.")

    async def master_of(self, key: str) -> Node:
        """The master of a key's slot, for who needs a connection of its own. Raises RedisError."""
        slot = slot_of(key)
        return self._masters.get(slot) or await self._find(slot)

    def connection(self, node: Node) -> SharedConnection:
        """The connection to one node."""
        found = self._connections.get(node)
        if found is None:
            found = self._connections[node] = self._connect(node)
        return found

    def refresh(self) -> "asyncio.Task[None]":
        """Ask for the slots anew, soon: once however many want to know."""
        if self._refreshing is None:
            self._refreshing = asyncio.create_task(self._read_slots())
            self._refreshing.add_done_callback(self._end_refresh)
        return self._refreshing

    async def close(self) -> None:
        """Fail what is on its way and disconnect from all."""
        if self._refreshing:
            self._refreshing.cancel()
            await asyncio.gather(self._refreshing, return_exceptions=True)
        for connection in self._connections.values():
            await connection.close()

    async def _find(self, slot: int) -> Node:
        await asyncio.shield(self.refresh())
        node = self._masters.get(slot)
        if node is None:
            raise ClusterDownError(f"CLUSTERDOWN Nobody serves slot {slot}.")
        return node

    def _end_refresh(self, task: "asyncio.Task[None]") -> None:
        self._refreshing = None
        if not task.cancelled():
            # Who does not wait for it does not mind.
            task.exception()

    async def _read_slots(self) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(0.0, self._refreshed_at + REFRESH_PAUSE_S - loop.time()))
        self._refreshed_at = loop.time()
        known = cluster_nodes.get(self._address, ())
        # In any order: one that does not answer must not be the first each time.
        nodes = random.sample(known, len(known))
        reason: RedisError | TimeoutError | None = None
        for node in dict.fromkeys((*nodes, *self._address.hosts)):
            try:
                async with asyncio.timeout(REFRESH_TIMEOUT_S):
                    ranges = await self.connection(node).call("CLUSTER", "SLOTS")
            except (RedisError, TimeoutError) as error:
                reason = error
            else:
                self._take_in(node, ranges)
                return
        raise RedisConnectionError(f"No node of the Cluster answers: {reason}") from reason

    def _take_in(self, asked: Node, ranges: list[list[Any]]) -> None:
        masters: dict[int, Node] = {}
        known: dict[Node, None] = {}
        for first, last, *nodes in ranges:
            addresses = [(host or asked[0], int(port)) for host, port, *_ in nodes]
            known |= dict.fromkeys(addresses)
            masters |= dict.fromkeys(range(first, last + 1), addresses[0])
        self._masters = masters
        cluster_nodes[self._address] = tuple(known)
