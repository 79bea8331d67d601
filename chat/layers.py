"""The channel layer: that of channels_redis, publishing over the connection that the queue uses, too."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from channels_redis.pubsub import RedisPubSubChannelLayer
from redis.exceptions import ConnectionError as RedisConnectionError

from chat.redis_client import shared_connection


class PubSubChannelLayer(RedisPubSubChannelLayer):
    """For one host, the queue's. Subscribing is left as it is; publishing costs a third of the processor time."""

    async def send(self, channel: str, message: dict[str, Any]) -> None:
        await shared_connection().call("PUBLISH", channel, self.serialize(message))

    async def group_send(self, group: str, message: dict[str, Any]) -> None:
        name = self._get_layer()._get_group_channel_name(group)
        await shared_connection().call("PUBLISH", name, self.serialize(message))

    async def new_channel(self, prefix: str = "specific.") -> str:
        with _as_redis_away():
            return str(await self._get_layer().new_channel(prefix))

    async def group_add(self, group: str, channel: str) -> None:
        with _as_redis_away():
            await self._get_layer().group_add(group, channel)

    async def group_discard(self, group: str, channel: str) -> None:
        with _as_redis_away():
            await self._get_layer().group_discard(group, channel)


@contextmanager
def _as_redis_away() -> Iterator[None]:
    """Two may connect the subscription again at the same time, this one and the receiver; redis-py minds."""
    try:
        yield
    except (RuntimeError, AttributeError) as error:
        if not any(sign in str(error) for sign in ("another coroutine", "'writelines'")):
            raise
        raise RedisConnectionError(str(error)) from error
