"""All sessions at a glance, for staff. Read from Redis when it is asked for, kept nowhere else."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import islice
from typing import Any, Literal, cast

from chat import keys, sessions
from chat.conf import get_conf
from chat.redis_client import sync_client

State = Literal["idle", "waiting", "answering"]

COUNTED_EXACTLY = 1000
"""Up to so many sessions the count leaves expired ones out; looking costs about 5 ms."""
MOST_READS = 10
"""A page is read again when sessions on it had expired, so often at most."""


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

    @property
    def short_id(self) -> str:
        return self.id[:8]

    @property
    def state(self) -> State:
        if self.worker:
            return "answering"
        return "waiting" if self.waiting else "idle"


def count() -> int:
    """How many sessions there are; beyond `COUNTED_EXACTLY`, with some that have expired."""
    pipeline = sync_client().pipeline(transaction=False)
    for number in range(get_conf().partitions):
        sessions.forget_expired(number, COUNTED_EXACTLY)
        pipeline.zcard(keys.sessions(number))
    return sum(pipeline.execute())


def newest(offset: int, size: int) -> list[SessionSummary]:
    """A page of the living sessions, newest first. Ids whose session has expired are forgotten on the way."""
    found: list[SessionSummary] = []
    for _ in range(MOST_READS):
        ids = _newest_ids(offset, size)
        by_id = _read(ids)
        found = [by_id[session_id] for session_id in ids if session_id in by_id]
        if len(found) == len(ids):
            break
        for session_id in set(ids) - set(by_id):
            sync_client().zrem(keys.sessions(keys.partition(session_id)), session_id)
    return found


def find(session_id: str) -> SessionSummary | None:
    """One session; None when there is none (any more)."""
    return _read([session_id]).get(session_id)


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


def _read(ids: list[str]) -> dict[str, SessionSummary]:
    """The sessions that live, in one round trip."""
    pipeline = sync_client().pipeline(transaction=False)
    for session_id in ids:
        pipeline.hmget(keys.session(session_id), ["name", "session_start", "last_activity", "messages"])
        pipeline.llen(keys.pending(session_id))
        pipeline.hget(keys.reply(session_id), "worker")
        pipeline.pttl(keys.session(session_id))
    answers: list[Any] = pipeline.execute()
    found = {}
    for place, session_id in enumerate(ids):
        head, pending, worker, left_ms = answers[4 * place : 4 * place + 4]
        if head[0] is not None:
            found[session_id] = _summary(session_id, head, pending, worker or "", left_ms)
    return found


def _summary(session_id: str, head: list[str], pending: int, worker: str, left_ms: int) -> SessionSummary:
    name, start, last_activity_ms, messages = head
    now = datetime.now(UTC)
    return SessionSummary(
        id=session_id,
        name=name,
        start=datetime.fromisoformat(start),
        last_activity=datetime.fromtimestamp(int(last_activity_ms) / 1000, UTC),
        expires_at=now + timedelta(milliseconds=left_ms) if left_ms >= 0 else None,
        messages=int(messages),
        waiting=max(0, pending - 1) if worker else pending,
        worker=worker,
    )
