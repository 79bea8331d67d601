"""Telling sockets and workers from views."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from channels.layers import get_channel_layer

from chat import events, keys
from chat.publishing import publish, publish_ended
from chat.sessions import Ended
from tests.servers import RedisServer

PATIENCE_S = 5.0


async def listen(group: str) -> tuple[Any, str]:
    layer: Any = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(group, channel)
    return layer, channel


async def test_an_event_reaches_the_group_of_its_session(redis_server: RedisServer) -> None:
    layer, channel = await listen(keys.session_group("one"))
    other_channel = await layer.new_channel()
    await layer.group_add(keys.session_group("other"), other_channel)
    await sync_to_async(publish)("one", events.cancelled(7, "id"))
    message = await asyncio.wait_for(layer.receive(channel), PATIENCE_S)
    assert events.Event.from_layer(message) == events.cancelled(7, "id")
    # Pub/Sub keeps the order: had the other group been told too, this would come second.
    await sync_to_async(publish)("other", events.cancelled(8, "id"))
    message = await asyncio.wait_for(layer.receive(other_channel), PATIENCE_S)
    assert events.Event.from_layer(message).rev == 8
    await layer.flush()


async def test_the_end_is_told_to_sockets_and_to_the_worker(redis_server: RedisServer) -> None:
    layer, socket = await listen(keys.session_group("one"))
    worker = await layer.new_channel()
    await layer.group_add(keys.worker_group("host:1"), worker)
    await sync_to_async(publish_ended)("one", Ended("host:1", "reply"))
    told = await asyncio.wait_for(layer.receive(socket), PATIENCE_S)
    assert events.Event.from_layer(told).kind == "ended"
    told = await asyncio.wait_for(layer.receive(worker), PATIENCE_S)
    assert (told["type"], told["reply"]) == ("worker.drop", "reply")
    await layer.flush()


def test_without_redis_nothing_is_told_and_nothing_fails(
    own_redis: RedisServer, chat_settings: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    chat_settings(redis_url=own_redis.url)
    own_redis.stop(signal.SIGKILL)
    publish_ended("one", Ended("host:1", "reply"))
    assert "could not be told" in caplog.text
    own_redis.start()
    publish("one", events.ended())
