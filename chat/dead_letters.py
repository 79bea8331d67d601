"""Messages that ended too many workers: what they were, for staff, who answer them again or drop them."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from chat import keys
from chat.conf import get_conf
from chat.redis_client import sync_client


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One message that was given up."""

    id: str
    """`<partition>:<entry>`, where it lies."""
    at: datetime
    session_id: str
    message_id: str
    text: str
    reason: str
    attempts: int
    session_lives: bool
    """Only then can the message be answered again."""

    @property
    def short_session_id(self) -> str:
        return self.session_id[:8]


def newest(size: int, before: str = "") -> list[DeadLetter]:
    """Up to `size` of them, newest first, from those before an entry on."""
    pipeline = sync_client().pipeline(transaction=False)
    for number in range(get_conf().partitions):
        pipeline.xrevrange(keys.dead_letters(number), f"({before}" if before else "+", "-", count=size)
    found = [
        (f"{number}:{entry}", fields)
        for number, answer in enumerate(pipeline.execute())
        for entry, fields in answer
    ]
    found.sort(key=lambda letter: _order(letter[0]), reverse=True)
    return _read(found[:size])


def find(letter_id: str) -> DeadLetter | None:
    """One of them; None when there is none (any more)."""
    number, entry = _place(letter_id)
    if number is None:
        return None
    entries: Any = sync_client().xrange(keys.dead_letters(number), entry, entry)
    return next(iter(_read([(letter_id, fields) for _, fields in entries])), None)


def drop(letter: DeadLetter) -> None:
    """Forget it."""
    number, entry = _place(letter.id)
    if number is not None:
        sync_client().xdel(keys.dead_letters(number), entry)


def _read(found: list[tuple[str, dict[str, str]]]) -> list[DeadLetter]:
    pipeline = sync_client().pipeline(transaction=False)
    for _, fields in found:
        pipeline.exists(keys.session(fields["session"]))
    letters = []
    for (letter_id, fields), lives in zip(found, pipeline.execute(), strict=True):
        message: dict[str, Any] = orjson.loads(fields["message"])
        letters.append(
            DeadLetter(
                id=letter_id,
                at=datetime.fromtimestamp(_order(letter_id)[0] / 1000, UTC),
                session_id=fields["session"],
                message_id=message["id"],
                text=message["text"],
                reason=fields["reason"],
                attempts=int(fields["attempts"]),
                session_lives=bool(lives),
            )
        )
    return letters


def _place(letter_id: str) -> tuple[int | None, str]:
    """The partition, None when it is none, and the entry."""
    number, _, entry = letter_id.partition(":")
    milliseconds, _, sequence = entry.partition("-")
    is_one = all(part.isascii() and part.isdigit() and len(part) < 19 for part in (number, milliseconds, sequence))
    return (int(number), entry) if is_one and int(number) < get_conf().partitions else (None, "")


def _order(letter_id: str) -> tuple[int, int]:
    milliseconds, _, sequence = letter_id.partition(":")[2].partition("-")
    return int(milliseconds), int(sequence)
