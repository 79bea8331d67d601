"""Sessions by name, id, state and age, for staff.

There is no index of names: a search looks at sessions newest first, for a bounded time, and says where to go on.
States need no look at idle sessions: those that wait or are answered have a wake-up in the stream, and the scripts
keep a list of those whose last message failed.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from chat import fleet, keys, overview, sessions
from chat.conf import get_conf
from chat.overview import SessionSummary, State
from chat.redis_client import Script, now_ms, sync_client

_names = Script("names")

Age = Literal["hour", "day", "older"]
"""Begun within the last hour, within the last day, before that."""
STATES: tuple[State, ...] = get_args(State)
AGES: tuple[Age, ...] = get_args(Age)
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS

PATIENCE_S = 0.2
"""A search begins no new chunk after this long."""
NAMES_AT_ONCE = 2000
"""Keeps Redis busy for about 2 ms."""
MOST_LISTED = 2000
"""So many sessions that wait or have failed are looked at, of each partition."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for; empty: anything."""

    text: str = ""
    """In the name, whatever the case, or at the beginning of the id."""
    state: State | Literal[""] = ""
    age: Age | Literal[""] = ""

    def __bool__(self) -> bool:
        return bool(self.text or self.state or self.age)

    def fits_text(self, session_id: str, name: str) -> bool:
        return self.text.casefold() in name.casefold() or session_id.startswith(self.text)

    def fits(self, session: SessionSummary, at_ms: int) -> bool:
        oldest_ms, newest_ms = _starts(self.age, at_ms)
        start_ms = round(session.start.timestamp() * 1000)
        return (
            (not self.state or session.state == self.state)
            and self.fits_text(session.id, session.name)
            and oldest_ms <= start_ms <= newest_ms
        )


@dataclass(frozen=True, slots=True)
class Found:
    """What a search has found so far."""

    sessions: list[SessionSummary]
    next_rank: int | None
    """Where to go on; None: everything was looked at."""


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Some of the sessions that may fit, with their ranks."""

    candidates: list[tuple[int, str]]
    next_rank: int | None


def search(wanted: Wanted, rank: int, size: int) -> Found:
    """About `size` sessions, from a rank on (0: from the first).

    Ranks shift while sessions begin and expire, so that one may come twice.
    """
    if sessions.is_session_id(wanted.text) and (exact := overview.find(wanted.text)):
        return Found([exact], None)
    deadline = time.monotonic() + PATIENCE_S
    at_ms = now_ms()
    source = _source(wanted, at_ms, size)
    found: list[SessionSummary] = []
    next_rank: int | None = rank
    while next_rank is not None and len(found) < size:
        chunk = source(next_rank)
        next_rank = chunk.next_rank
        for place in range(0, len(chunk.candidates), size):
            ids = [session_id for _, session_id in chunk.candidates[place : place + size]]
            living = overview.read(ids)
            overview.forget(set(ids) - {session.id for session in living})
            found += [session for session in living if wanted.fits(session, at_ms)]
            rest = chunk.candidates[place + size :]
            if rest and len(found) >= size:
                return Found(found, rest[0][0])
        if time.monotonic() > deadline:
            break
    return Found(found, next_rank)


def _source(wanted: Wanted, at_ms: int, size: int) -> Callable[[int], _Chunk]:
    """What gives the chunk at a rank."""
    match wanted.state:
        case "waiting":
            return _listed(_waiting(), size)
        case "answering":
            return _listed([reply.session_id for reply in fleet.under_way()], size)
        case "failed":
            return _listed(_failed(), size)
    return _by_start(wanted, at_ms, NAMES_AT_ONCE if wanted.text else 2 * size)


def _listed(ids: list[str], size: int) -> Callable[[int], _Chunk]:
    def chunk(rank: int) -> _Chunk:
        after = rank + size
        return _Chunk(list(enumerate(ids))[rank:after], after if after < len(ids) else None)

    return chunk


def _by_start(wanted: Wanted, at_ms: int, size: int) -> Callable[[int], _Chunk]:
    """Newest first. A rank counts in every partition, from the newest session of the wanted age."""
    client = sync_client()
    oldest_ms, newest_ms = _starts(wanted.age, at_ms)
    partitions = range(get_conf().partitions)
    pipeline = client.pipeline(transaction=False)
    for number in partitions:
        pipeline.zcount(keys.sessions(number), f"({newest_ms}", "+inf")
        pipeline.zcount(keys.sessions(number), oldest_ms, newest_ms)
    answers: list[int] = pipeline.execute()
    before, lengths = answers[0::2], answers[1::2]

    def chunk(rank: int) -> _Chunk:
        candidates: list[tuple[int, str]] = []
        for number in partitions:
            first, last = before[number] + rank, before[number] + min(rank + size, lengths[number]) - 1
            if last < first:
                continue
            if wanted.text:
                named = _names.run_sync([keys.sessions(number)], first, last, keys.session_prefix(number))
                pairs = enumerate(zip(named[0::2], named[1::2], strict=True), rank)
                candidates += [(place, found) for place, (found, name) in pairs if wanted.fits_text(found, name)]
            else:
                ids: list[str] = client.zrevrange(keys.sessions(number), first, last)  # type: ignore[assignment]
                candidates += enumerate(ids, rank)
        after = rank + size
        return _Chunk(sorted(candidates), after if after < max(lengths) else None)

    return chunk


def _waiting() -> list[str]:
    """Sessions whose turn has come and that no worker has taken, the first one first."""
    pipeline = sync_client().pipeline(transaction=False)
    for number, entry in enumerate(fleet.last_delivered()):
        pipeline.xrange(keys.stream(number), f"({entry}", "+", count=MOST_LISTED)
    entries = [entry for answer in pipeline.execute() for entry in answer]
    return [fields["s"] for _, fields in sorted(entries, key=_order)]


def _order(entry: tuple[str, dict[str, str]]) -> tuple[int, int]:
    came_ms, _, number = entry[0].partition("-")
    return int(came_ms), int(number)


def _failed() -> list[str]:
    """Sessions whose last message failed, the latest first."""
    pipeline = sync_client().pipeline(transaction=False)
    for number in range(get_conf().partitions):
        pipeline.zrevrange(keys.failed(number), 0, MOST_LISTED - 1, withscores=True)
    failed = [entry for answer in pipeline.execute() for entry in answer]
    return [session_id for session_id, _ in sorted(failed, key=lambda entry: -entry[1])]


def _starts(age: Age | Literal[""], at_ms: int) -> tuple[int, int]:
    """The earliest and the latest start of an age."""
    for_ever = 2 * at_ms
    match age:
        case "hour":
            return at_ms - _HOUR_MS, for_ever
        case "day":
            return at_ms - _DAY_MS, for_ever
        case "older":
            return 0, at_ms - _DAY_MS - 1
    return 0, for_ever
