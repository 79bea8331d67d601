"""Telling a session's sockets, and its worker, from code that is not async."""

import logging
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from chat import events, keys
from chat.events import Event
from chat.queue import Stopped
from chat.sessions import Ended

logger = logging.getLogger(__name__)


def publish(session_id: str, event: Event) -> None:
    """Tell all sockets of a session. At most once: who misses it reads what is in Redis."""
    _group_send(keys.session_group(session_id), event.to_layer())


def publish_ended(session_id: str, ended: Ended) -> None:
    """Close the sockets of a session that was ended, and drop its running reply."""
    publish(session_id, events.ended())
    if ended.worker:
        _group_send(keys.worker_group(ended.worker), {"type": "worker.drop", "reply": ended.reply})


def publish_stopped(session_id: str, stopped: Stopped) -> None:
    """Tell that a reply was stopped, and let its worker go."""
    # A client that knows of the beginning drops it.
    publish(session_id, events.started(stopped.started_rev, stopped.message["id"], stopped.to))
    publish(session_id, events.replied(stopped.rev, stopped.to, stopped.message))
    _group_send(keys.worker_group(stopped.worker), {"type": "worker.drop", "reply": stopped.message["id"]})


def publish_drain(worker: str) -> None:
    """Let a worker hear at once that it is to drain."""
    # Workers of an older version look for a reply in every message.
    _group_send(keys.worker_group(worker), {"type": "worker.drain", "reply": ""})


def _group_send(group: str, message: dict[str, Any]) -> None:
    layer: Any = get_channel_layer()
    try:
        async_to_sync(layer.group_send)(group, message)
    except RedisError as error:
        # The change itself is in Redis; sockets and workers find out when they next look.
        logger.warning("A group could not be told: %s", error)
