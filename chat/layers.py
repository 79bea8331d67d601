"""The channel layer: that of channels_redis, publishing over the connection that the queue uses, too.

Its hosts are addresses (`chat/redis_address.py`). As a rule it is one, that of the queue: a server, the master
that Sentinels name, or a Cluster, whose nodes pass on to each other what is published. Several hosts share the
channels among them, by a hash of their names.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any
from uuid import uuid4

from channels_redis.pubsub import RedisPubSubChannelLayer, RedisPubSubLoopLayer, RedisSingleShardConnection
from channels_redis.utils import _consistent_hash, _wrap_close
from redis import asyncio as aioredis
from redis.exceptions import ConnectionError as RedisConnectionError

from chat import keys
from chat.conf import get_conf
from chat.redis_address import parse
from chat.redis_client import SOCKET_TIMEOUT_S, Connections, open_pool, open_shared, shared_connection


class PubSubChannelLayer(RedisPubSubChannelLayer):
    """Subscribing is left as it is; publishing costs a third of the processor time.

    `hosts` are addresses, see above. Without any it is the queue's.
    """

    def __init__(self, *, hosts: list[str], prefix: str) -> None:
        super().__init__()
        self._hosts = hosts
        self._prefix = prefix

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await self._publisher(channel).call("PUBLISH", channel, self.serialize(message))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        name = self._get_layer()._get_group_channel_name(group)
        await self._publisher(name).call("PUBLISH", name, self.serialize(message))

    def for_script(self, group: str, message: dict[str, Any]) -> tuple[str, bytes] | None:
        """Channel and bytes with which a script of the queue can publish; None: events go to other hosts."""
        if not self._is_queues_own:
            return None
        return self._get_layer()._get_group_channel_name(group), self.serialize(message)

    async def new_channel(self, prefix: str = "specific.") -> str:
        with _as_redis_away():
            return str(await self._get_layer().new_channel(prefix))

    async def group_add(self, group: str, channel: str) -> None:
        with _as_redis_away():
            await self._get_layer().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        with _as_redis_away():
            await self._get_layer().group_discard(group, channel)

    # --- The ways that an event may come ---

    @cached_property
    def routes(self) -> int:
        """How many there are: one for each host; through a Cluster, one for each partition's master."""
        return get_conf().partitions if self._is_cluster else len(self._hosts)

    async def open_route(self, number: int) -> str:
        """A new channel; what is sent to it comes that way. Raises RedisError."""
        with _as_redis_away():
            return str(await self._get_layer().open_route(number))

    async def reconnect(self, number: int) -> None:
        """Subscribe anew where nothing has come for long: the connection may be dead without saying so."""
        await self._get_layer().reconnect(0 if self._is_cluster else number)

    def on_resubscribed(self, tell: Callable[[], None]) -> None:
        """Call this function when a subscription was cut and is there again: what came in between is lost."""
        self._get_layer().on_reconnect = tell

    # --- Hosts ---

    @cached_property
    def _is_queues_own(self) -> bool:
        return self._hosts == [get_conf().redis_url]

    @cached_property
    def _is_cluster(self) -> bool:
        return len(self._hosts) == 1 and parse(self._hosts[0]).kind == "cluster"

    def _publisher(self, channel: str) -> Connections:
        if self._is_queues_own:
            return shared_connection()
        publishers = self._get_layer().publishers
        number: int = _consistent_hash(channel, len(publishers))
        return publishers[number]

    def _get_layer(self) -> "LoopLayer":
        loop = asyncio.get_running_loop()
        layer: LoopLayer | None = self._layers.get(loop)
        if layer is None:
            layer = self._layers[loop] = LoopLayer(self._hosts, self._prefix, self, is_cluster=self._is_cluster)
            _wrap_close(self, loop)
        return layer


class LoopLayer(RedisPubSubLoopLayer):
    """The layer of one event loop."""

    def __init__(self, hosts: list[str], prefix: str, layer: PubSubChannelLayer, *, is_cluster: bool) -> None:
        super().__init__(hosts=hosts, prefix=prefix, channel_layer=layer)
        self._shards = [Subscription(host, self) for host in hosts]
        self._is_cluster = is_cluster
        self.publishers = [open_shared(host) for host in hosts]
        """Connect when they are first used: never, where the queue's own connection is."""

    def _get_group_channel_name(self, group: str) -> str:
        # The hash tag of the session's partition: what is told about it takes the way of what is stored of it.
        name = f"{{{keys.group_partition(group)}}}{group}" if self._is_cluster else group
        return str(super()._get_group_channel_name(name))

    async def open_route(self, number: int) -> str:
        while True:
            tag = f"{{{number}}}." if self._is_cluster else ""
            channel = f"{self.prefix}pulse.{tag}{uuid4().hex}"
            # Which host is a matter of luck, so until it is the one.
            if self._is_cluster or _consistent_hash(channel, len(self._shards)) == number:
                break
        await self._subscribe_to_channel(channel)
        return channel

    async def reconnect(self, number: int) -> None:
        await self._shards[number].reconnect()

    async def flush(self) -> None:
        await super().flush()
        for publisher in self.publishers:
            await publisher.close()


class Subscription(RedisSingleShardConnection):
    """The subscribed connection to one host. When it breaks, redis-py connects and subscribes again."""

    _redis: Any
    _pubsub: Any

    def _ensure_redis(self) -> None:
        if self._redis is None:
            pool = open_pool(self.host, socket_timeout=SOCKET_TIMEOUT_S, decode_responses=False)
            self._redis = aioredis.Redis(connection_pool=pool)
            self._pubsub = self._redis.pubsub()

    async def subscribe(self, channel: str) -> None:
        await super().subscribe(channel)
        # Once for each connection; redis-py itself forgets those that it has.
        self._pubsub.connection.register_connect_callback(self._connected_again)

    async def _connected_again(self, connection: Any) -> None:
        if self.channel_layer.on_reconnect:
            self.channel_layer.on_reconnect()

    async def reconnect(self) -> None:
        """Break it."""
        if self._pubsub and self._pubsub.connection:
            await self._pubsub.connection.disconnect(nowait=True)


@contextmanager
def _as_redis_away() -> Iterator[None]:
    """Two may connect the subscription again at the same time, this one and the receiver; redis-py minds."""
    try:
        yield
    except (RuntimeError, AttributeError) as error:
        if not any(sign in str(error) for sign in ("another coroutine", "'writelines'")):
            raise
        raise RedisConnectionError(str(error)) from error
