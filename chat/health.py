"""Is the service able to answer?"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

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
    slots: int = 0
    busy: int = 0
    model: str = ""
    version: str = ""
    started_s_ago: float | None = None
    timeout_s: float | None = None
    """The bound of one answer."""
    draining: bool = False
    """It finishes what it has and ends."""

    @property
    def is_alive(self) -> bool:
        return self.seen_s_ago <= WORKER_SEEN_S


def workers() -> list[WorkerInfo]:
    """The workers seen lately, by name. Raises RedisError."""
    pipeline = sync_client().pipeline(transaction=False)
    pipeline.time()
    for number in range(get_conf().partitions):
        pipeline.hgetall(keys.workers(number))
    (seconds, microseconds), *said = pipeline.execute()
    return [worker for worker in decode_workers(said, seconds * 1000 + microseconds // 1000) if worker.is_alive]


def decode_workers(said: Iterable[dict[str, str]], now_ms: int) -> list[WorkerInfo]:
    """All workers that partitions know of, by name; of the time of each, the latest counts."""
    found: dict[str, WorkerInfo] = {}
    for name, text in ((name, text) for texts in said for name, text in texts.items()):
        about: dict[str, Any] = orjson.loads(text)
        started_ms = about.get("started")
        worker = WorkerInfo(
            name,
            # A clock that was set back must not keep a dead worker alive for ever.
            seen_s_ago=abs(now_ms - about["seen"]) / 1000,
            # A worker of another version may say less or more.
            slots=about.get("slots", 0),
            busy=about.get("busy", 0),
            model=about.get("model", ""),
            version=about.get("version", ""),
            started_s_ago=max(0.0, (now_ms - started_ms) / 1000) if started_ms else None,
            timeout_s=about.get("timeout_s"),
            draining=about.get("draining", False),
        )
        if name not in found or worker.seen_s_ago < found[name].seen_s_ago:
            found[name] = worker
    return [found[name] for name in sorted(found)]


def model_name() -> str:
    """The model that most of the workers seen lately have; empty without any. Raises RedisError."""
    names = Counter(worker.model for worker in workers() if worker.model)
    return names.most_common(1)[0][0] if names else ""
