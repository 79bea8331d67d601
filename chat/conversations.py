"""A visitor's conversations at a glance, and a search in them. Read from Redis when it is asked for."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from chat import keys, sessions
from chat.redis_client import Script

_glance = Script("glance")
_rename = Script("rename")

MAX_TITLE_CHARS = 80
MAX_QUERY_CHARS = 100
SEARCHED_MESSAGES = 300
"""The newest of each conversation; reading so many keeps Redis busy for under a millisecond."""
SEARCHED_CHARS = 2_000_000
"""A search ends here, in the conversations that were active last. It takes about a tenth of a second."""
_EXCERPT_BEFORE, _EXCERPT_AFTER = 24, 64


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where a search found its words."""

    before: str
    match: str
    after: str


@dataclass(frozen=True, slots=True)
class Conversation:
    """One session as the list shows it."""

    id: str
    given_title: str
    """By the visitor; empty: none."""
    first_text: str
    """The beginning of the first message; empty before it."""
    name: str
    start: datetime
    last_activity: datetime
    heard_rev: int
    """The revision of the last outcome. Who has seen it has seen all that was answered."""
    is_answering: bool
    excerpt: Excerpt | None = None

    @property
    def title(self) -> str:
        """Empty while nothing was said and no title given."""
        return self.given_title or _one_line(self.first_text)[:MAX_TITLE_CHARS]


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found."""

    conversations: list[Conversation]
    is_whole: bool = True
    """False: there was more than a search reads, so older conversations were left out."""


def glance(session_ids: Iterable[str]) -> list[Conversation]:
    """The ones that live, the last active first. One round trip for each partition."""
    found: list[Conversation] = []
    for _number, group in groupby(sorted(session_ids, key=keys.partition), keys.partition):
        ids = list(group)
        answer = _glance.run_sync([key for each in ids for key in _keys_of(each)])
        found += [_conversation(each, head) for each, head in zip(ids, answer, strict=True) if head]
    return sorted(found, key=lambda each: each.last_activity, reverse=True)


def search(session_ids: Iterable[str], query: str) -> Found:
    """The living ones whose title or messages hold these words, in any case of letters."""
    words = _one_line(query)[:MAX_QUERY_CHARS].casefold()
    found: list[Conversation] = []
    read_chars = 0
    for each in glance(session_ids):
        if read_chars > SEARCHED_CHARS:
            return Found(found, is_whole=False)
        texts = _texts(each.id)
        read_chars += sum(map(len, texts))
        excerpt = next(filter(None, (_excerpt(text, words) for text in reversed(texts))), None)
        if excerpt or words in each.title.casefold():
            found.append(replace(each, excerpt=excerpt))
    return Found(found)


def rename(session_id: str, title: str) -> bool:
    """Give a conversation a title; an empty one: its first message is the title again. False: there is none."""
    return bool(_rename.run_sync(keys.of_session(session_id), _one_line(title)[:MAX_TITLE_CHARS]))


def _keys_of(session_id: str) -> tuple[str, str, str]:
    return keys.session(session_id), keys.pending(session_id), keys.history(session_id)


def _conversation(session_id: str, head: Sequence[Any]) -> Conversation:
    title, name, start, last_activity_ms, heard_rev, waiting, first_text = head
    return Conversation(
        id=session_id,
        given_title=title,
        first_text=first_text,
        name=name,
        start=datetime.fromisoformat(start),
        last_activity=datetime.fromtimestamp(last_activity_ms / 1000, UTC),
        heard_rev=heard_rev,
        is_answering=waiting > 0,
    )


def _texts(session_id: str) -> list[str]:
    """What was said, oldest first."""
    snapshot = sessions.snapshot(session_id, messages=SEARCHED_MESSAGES)
    if snapshot is None:
        return []
    reply = [snapshot.reply.text] if snapshot.reply else []
    return [message["text"] for message in (*snapshot.messages, *snapshot.pending)] + reply


def _excerpt(text: str, words: str) -> Excerpt | None:
    line = _one_line(text)
    at = line.casefold().find(words)
    if at < 0:
        return None
    # Folding changes the length of few letters (ß); the excerpt is then off by so many.
    end = at + len(words)
    start = at - _EXCERPT_BEFORE
    # From the beginning of a word, where there is one.
    start = max(line.find(" ", start, at) + 1, start) if start > 0 else 0
    before = ("…" if start else "") + line[start:at]
    after = line[end : end + _EXCERPT_AFTER] + ("…" if len(line) > end + _EXCERPT_AFTER else "")
    return Excerpt(before, line[at:end], after)


def _one_line(text: str) -> str:
    return " ".join(text.split())
