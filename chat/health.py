"""Is the service able to answer?"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson
from redis.exceptions import RedisError

from chat import keys
from chat.conf import get_conf
from chat.redis_client import Script

_workers = Script("workers")

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
    found: dict[str, WorkerInfo] = {}
    trouble: RedisError | None = None
    answered = False
    for number in range(get_conf().partitions):
        try:
            # Each master of a Cluster has a clock of its own, and what it keeps was told by that one.
            now_ms, said = _workers.run_sync([keys.workers(number)])
        except RedisError as error:
            # Of a Cluster the other masters go on.
            trouble = error
            continue
        answered = True
        for worker in decode_workers([dict(zip(said[::2], said[1::2], strict=True))], now_ms):
            _keep_latest(found, worker)
    if trouble and not answered:
        raise trouble
    return [found[name] for name in sorted(found) if found[name].is_alive]


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
        _keep_latest(found, worker)
    return [found[name] for name in sorted(found)]


def model_name() -> str:
    """The model that most of the workers seen lately have; empty without any. Raises RedisError."""
    names = Counter(worker.model for worker in workers() if worker.model)
    return names.most_common(1)[0][0] if names else ""


def _keep_latest(found: dict[str, WorkerInfo], worker: WorkerInfo) -> None:
    known = found.get(worker.name)
    if known is None or worker.seen_s_ago < known.seen_s_ago:
        found[worker.name] = worker
