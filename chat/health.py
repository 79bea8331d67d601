"""Is the service able to answer?"""

from dataclasses import dataclass
from typing import Any, cast

import orjson

from chat import keys
from chat.conf import get_conf
from chat.redis_client import sync_client

WORKER_SEEN_S = 30.0
"""A worker that has not been heard of for longer does not count."""


@dataclass(frozen=True, slots=True)
class WorkerInfo:
    """What a worker last said of itself."""

    name: str
    seen_s_ago: float
    slots: int
    busy: int
    model: str


def workers() -> list[WorkerInfo]:
    """The workers seen lately, by name. Raises RedisError."""
    client = sync_client()
    seconds, microseconds = cast(tuple[int, int], client.time())
    now_ms = seconds * 1000 + microseconds // 1000
    found: dict[str, WorkerInfo] = {}
    for number in range(get_conf().partitions):
        said = cast(dict[str, str], client.hgetall(keys.workers(number)))
        for name, text in said.items():
            about: dict[str, Any] = orjson.loads(text)
            # A clock that was set back must not keep a dead worker alive for ever.
            seen_s_ago = abs(now_ms - about["seen"]) / 1000
            if seen_s_ago <= WORKER_SEEN_S:
                # A worker of another version may say less or more.
                found[name] = WorkerInfo(
                    name, seen_s_ago, about.get("slots", 0), about.get("busy", 0), about.get("model", "")
                )
    return [found[name] for name in sorted(found)]
