"""All sessions at a glance, for staff. Read from Redis when it is asked for, kept nowhere else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any, Literal, cast

from chat import keys, sessions
from chat.conf import get_conf
from chat.redis_client import now_ms, sync_client

State = Literal["idle", "waiting", "answering", "failed"]

COUNTED_EXACTLY = 1000
"""Up to so many sessions the count leaves expired ones out; looking costs about 5 ms."""
MOST_READS = 10
"""A page is read again when sessions on it had expired, so often at most."""
DEEPEST_MERGED = 10_000
"""Of several partitions all pages up to the wanted one are read and merged; those behind this session are not."""


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """One session of the list."""

    id: str
    name: str
    start: datetime
    last_activity: datetime
    expires_at: datetime | None
    """None while messages wait: a session does not expire then."""
    messages: int
    """All that the history keeps, failed and replaced ones included."""
    waiting: int
    """Messages that no worker has begun to answer."""
    worker: str
    """Who writes a reply right now; empty: nobody does."""
    answering_for_s: float
    waiting_for_s: float
    """Since the turn of its first message came, while no worker answers it."""
    sockets: int
    failed_at: datetime | None
    """When its last message failed; None: it did not."""

    @property
    def short_id(self) -> str:
        return self.id[:8]

    @property
    def state(self) -> State:
        if self.worker:
            return "answering"
        if self.waiting:
            return "waiting"
        return "failed" if self.failed_at else "idle"


def count() -> int:
    """How many sessions there are; beyond `COUNTED_EXACTLY`, with some that have expired."""
    total = _count()
    if 0 < total <= COUNTED_EXACTLY:
        for number in range(get_conf().partitions):
            sessions.forget_expired(number, COUNTED_EXACTLY)
        total = _count()
    return total


def listed() -> int:
    """How many of the sessions `newest` reaches."""
    return count() if get_conf().partitions == 1 else min(count(), DEEPEST_MERGED)


def newest(offset: int, size: int) -> list[SessionSummary]:
    """A page of the living sessions, newest first. Ids whose session has expired are forgotten on the way."""
    found: list[SessionSummary] = []
    for _ in range(MOST_READS):
        ids = _newest_ids(offset, size)
        found = read(ids)
        if len(found) == len(ids):
            break
        forget(set(ids) - {session.id for session in found})
    return found


def find(session_id: str) -> SessionSummary | None:
    """One session; None when there is none (any more)."""
    return next(iter(read([session_id])), None)


def forget(session_ids: Iterable[str]) -> None:
    """Take ids of sessions that have expired out of the lists."""
    pipeline = sync_client().pipeline(transaction=False)
    for session_id in session_ids:
        number = keys.partition(session_id)
        pipeline.zrem(keys.sessions(number), session_id)
        pipeline.zrem(keys.failed(number), session_id)
    pipeline.execute()


def read(ids: list[str]) -> list[SessionSummary]:
    """Those of these sessions that live, in two round trips."""
    pipeline = sync_client().pipeline(transaction=False)
    for session_id in ids:
        pipeline.hmget(keys.session(session_id), ["name", "session_start", "last_activity", "messages", "wake"])
        pipeline.llen(keys.pending(session_id))
        pipeline.hmget(keys.reply(session_id), ["worker", "started"])
        pipeline.pttl(keys.session(session_id))
        pipeline.zcard(keys.sockets(session_id))
        pipeline.zscore(keys.failed(keys.partition(session_id)), session_id)
    answers = pipeline.execute()
    at_ms = now_ms()
    each = [answers[place : place + 6] for place in range(0, len(answers), 6)]
    return [
        _summary(session_id, answer, at_ms) for session_id, answer in zip(ids, each, strict=True) if answer[0][0]
    ]


def _count() -> int:
    pipeline = sync_client().pipeline(transaction=False)
    for number in range(get_conf().partitions):
        pipeline.zcard(keys.sessions(number))
    return sum(pipeline.execute())


def _newest_ids(offset: int, size: int) -> list[str]:
    pipeline = sync_client().pipeline(transaction=False)
    for number in range(get_conf().partitions):
        # Of several partitions each may hold the whole page.
        first = offset if get_conf().partitions == 1 else 0
        pipeline.zrevrange(keys.sessions(number), first, offset + size - 1, withscores=True)
    answers = cast(list[list[tuple[str, float]]], pipeline.execute())
    if len(answers) == 1:
        return [session_id for session_id, _ in answers[0]]
    newest_first = merge(*answers, key=lambda entry: -entry[1])
    return [session_id for session_id, _ in islice(newest_first, offset, offset + size)]


def _summary(session_id: str, answer: list[Any], at_ms: int) -> SessionSummary:
    head, pending, (worker, started_ms), left_ms, sockets, failed_ms = answer
    name, start, last_activity_ms, messages, wake = head
    came_ms = int(wake.partition("-")[0]) if wake else at_ms
    return SessionSummary(
        id=session_id,
        name=name,
        start=datetime.fromisoformat(start),
        last_activity=_moment(int(last_activity_ms)),
        expires_at=_moment(at_ms) + timedelta(milliseconds=left_ms) if left_ms >= 0 else None,
        messages=int(messages),
        waiting=max(0, pending - 1) if worker else pending,
        worker=worker or "",
        answering_for_s=max(0, at_ms - int(started_ms)) / 1000 if worker and started_ms else 0.0,
        waiting_for_s=max(0, at_ms - came_ms) / 1000 if pending and not worker else 0.0,
        sockets=sockets,
        failed_at=_moment(failed_ms) if failed_ms else None,
    )


def _moment(ms: float) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
