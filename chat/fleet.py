"""The queue and the workers of the whole fleet at one moment: for the metrics and the admin."""

from dataclasses import dataclass
from typing import Any, cast

from chat import counters, health, keys
from chat.conf import get_conf
from chat.counters import Totals
from chat.health import WorkerInfo
from chat.redis_client import now_ms, sync_client

SUSPICIOUS_WAIT_S = 5.0
"""With a free slot nothing waits so long."""
MOST_UNDER_WAY = 1000
"""So many replies in progress are looked at, of each partition."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """Figures of the fleet. What they cost does not grow with the sessions."""

    totals: Totals
    waiting: int
    """Messages that no worker has begun to answer."""
    answering: int
    """Messages that a worker has, or had when it died."""
    oldest_wait_s: float
    """Of the message whose turn came first of those that no worker has taken; 0 when none waits."""
    sessions: int
    """Some of them, at most about a quarter, have expired."""
    sockets: int
    failed_sessions: int
    """Those whose last message failed; some may have expired."""
    dead_letters: int
    workers: list[WorkerInfo]
    """Those that are gone for less than ten minutes included."""

    @property
    def living(self) -> list[WorkerInfo]:
        return [worker for worker in self.workers if worker.is_alive]

    @property
    def silent(self) -> list[WorkerInfo]:
        """Living workers that have missed a sign of life: dead for seconds, or frozen."""
        return [worker for worker in self.living if worker.seen_s_ago > get_conf().lease_s / 2]

    @property
    def gone(self) -> list[WorkerInfo]:
        """Workers that ended without a word."""
        return [worker for worker in self.workers if not worker.is_alive]


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A reply in progress."""

    session_id: str
    name: str
    worker: str
    """Who was given the work."""
    for_s: float
    """Since the worker began; 0 when it has not yet."""
    size: int
    """Characters written so far."""
    attempt: int
    unrenewed_s: float
    """For how long its worker has not said that it works on it."""

    @property
    def short_id(self) -> str:
        return self.session_id[:8]

    @property
    def is_stuck(self) -> bool:
        """Its worker is dead or frozen; another one with a free slot takes it over."""
        return self.unrenewed_s > get_conf().lease_s


def read() -> Fleet:
    """The figures, in four round trips."""
    partitions = range(get_conf().partitions)
    groups = _groups()
    pipeline = sync_client().pipeline(transaction=False)
    for number in partitions:
        pipeline.hgetall(keys.counters(number))
        pipeline.hgetall(keys.workers(number))
        pipeline.zcard(keys.sessions(number))
        pipeline.zcard(keys.failed(number))
        pipeline.xlen(keys.dead_letters(number))
        pipeline.xrange(keys.stream(number), f"({groups[number]['last-delivered-id']}", "+", count=1)
    answers = pipeline.execute()
    at_ms = now_ms()
    for number in partitions:
        # Those of web processes that died are counted no longer than their registration.
        pipeline.zcount(keys.open_sockets(number), at_ms, "+inf")
    sockets = pipeline.execute()
    totals = counters.read_totals(answers[0::6])
    answering = sum(group["pending"] for group in groups)
    first = [int(entries[0][0].partition("-")[0]) for entries in answers[5::6] if entries]
    return Fleet(
        totals=totals,
        waiting=max(0, totals["waiting"] - answering),
        answering=answering,
        oldest_wait_s=max(0, at_ms - min(first)) / 1000 if first else 0.0,
        sessions=sum(answers[2::6]),
        sockets=sum(sockets),
        failed_sessions=sum(answers[3::6]),
        dead_letters=sum(answers[4::6]),
        workers=health.decode_workers(answers[1::6], at_ms),
    )


def last_delivered() -> list[str]:
    """Of each partition the last wake-up that a worker was given; those after it wait."""
    return [group["last-delivered-id"] for group in _groups()]


def under_way() -> list[UnderWay]:
    """The replies in progress, longest first, in four round trips."""
    given = _given()
    pipeline = sync_client().pipeline(transaction=False)
    for number, entry, _, _ in given:
        pipeline.xrange(keys.stream(number), entry, entry)
    entries = pipeline.execute()
    at_ms = now_ms()
    # Some were finished in between.
    left = [
        (found[0][1]["s"], worker, idle_ms)
        for (_, _, worker, idle_ms), found in zip(given, entries, strict=True)
        if found
    ]
    pipeline = sync_client().pipeline(transaction=False)
    for session_id, _, _ in left:
        pipeline.hmget(keys.reply(session_id), ["started", "size", "attempt"])
        pipeline.hget(keys.session(session_id), "name")
    answers = pipeline.execute()
    found = [
        UnderWay(
            session_id,
            name or "",
            worker,
            for_s=max(0, at_ms - int(started or at_ms)) / 1000,
            size=int(size or 0),
            attempt=int(attempt or 0),
            unrenewed_s=idle_ms / 1000,
        )
        for (session_id, worker, idle_ms), (started, size, attempt), name in zip(
            left, answers[0::2], answers[1::2], strict=True
        )
    ]
    return sorted(found, key=lambda reply: -reply.for_s)


def drain(worker: str) -> None:
    """Let a worker finish what it has and end; it hears of it with its next sign of life."""
    client = sync_client()
    for number in range(get_conf().partitions):
        client.sadd(keys.draining(number), worker)
        # No other worker will ever have this name.
        client.expire(keys.draining(number), 86_400)


def _given() -> list[tuple[int, str, str, int]]:
    """Partition, entry, worker and ms without a renewal, of the wake-ups that workers were given."""
    pipeline = sync_client().pipeline(transaction=False)
    for number in range(get_conf().partitions):
        pipeline.xpending_range(keys.stream(number), keys.GROUP, "-", "+", MOST_UNDER_WAY)
    answers = pipeline.execute(raise_on_error=False)
    return [
        (number, entry["message_id"], entry["consumer"], entry["time_since_delivered"])
        for number, answer in enumerate(answers)
        for entry in _unless_missing(answer)
    ]


def _groups() -> list[dict[str, Any]]:
    pipeline = sync_client().pipeline(transaction=False)
    for number in range(get_conf().partitions):
        pipeline.xinfo_groups(keys.stream(number))
    return [_group(answer) for answer in pipeline.execute(raise_on_error=False)]


def _group(answer: Any) -> dict[str, Any]:
    for group in _unless_missing(answer):
        if group["name"] == keys.GROUP:
            return cast(dict[str, Any], group)
    return {"pending": 0, "last-delivered-id": "0-0"}


def _unless_missing(answer: Any) -> list[Any]:
    """An answer about a consumer group; nothing where there is no such stream or group."""
    if isinstance(answer, Exception):
        if "no such key" in str(answer) or "NOGROUP" in str(answer):
            return []
        raise answer
    return cast(list[Any], answer)
