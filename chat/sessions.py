"""Sessions: their tokens, their time to live, and what they look like at one moment. They live in Redis alone."""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, cast

import orjson
from django.utils.crypto import salted_hmac

from chat import history, keys
from chat.conf import get_conf
from chat.errors import NotFound, SessionExpired
from chat.events import StoredMessage, public
from chat.redis_client import Script, sync_client

_create = Script("create")
_snapshot = Script("snapshot")
_page = Script("page")
_versions = Script("versions")
_earlier = Script("earlier")
_rotate = Script("rotate")
_end = Script("end_session")
_connect = Script("connect")

_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")

# Every 16th new session up to 64 ids are looked at: at least four a session, which keeps the expired ones
# at about a quarter of the sorted set.
_FORGET_EVERY = 16
_FORGET_SAMPLE = 64


@dataclass(frozen=True, slots=True)
class SessionInfo:
    """A session's head. Times are ISO 8601 UTC."""

    id: str
    name: str
    session_start: str
    expires_at: str


@dataclass(frozen=True, slots=True)
class Running:
    """The reply in progress."""

    id: str
    to: str
    text: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A session as it is at one moment: what a `session` frame tells."""

    rev: int
    session: SessionInfo
    messages: list[StoredMessage]
    has_more: bool
    pending: list[StoredMessage]
    """The mailbox, the message being answered first."""
    reply: Running | None
    expires_in_s: float

    def to_frame(self) -> dict[str, Any]:
        """The `session` frame."""
        reply = self.reply
        return {
            "type": "session",
            "rev": self.rev,
            "session": {
                "id": self.session.id,
                "name": self.session.name,
                "session_start": self.session.session_start,
                "expires_at": self.session.expires_at,
            },
            "messages": [public(message) for message in self.messages],
            "has_more": self.has_more,
            "pending": [
                {name: value for name, value in public(waiting).items() if name != "source"}
                for waiting in self.pending
            ],
            "reply": {"id": reply.id, "to": reply.to, "text": reply.text} if reply else None,
        }


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token, `<session_id>.<secret>`. Only the secret's SHA-256 ever leaves this process."""

    session_id: str
    secret: str = field(repr=False)

    @property
    def secret_hash(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def __str__(self) -> str:
        return f"{self.session_id}.{self.secret}"

    def successor(self) -> "Token":
        """The token that a rotation puts in this one's place.

        It follows from this token and the server's secret key, so that two rotations at once, or one whose
        answer was lost, end with the same new token.
        """
        digest = salted_hmac("chat.sessions.rotate", str(self), algorithm="sha256").digest()
        return Token(self.session_id, urlsafe_b64encode(digest).decode().rstrip("="))


def parse_token(text: str) -> Token:
    """Raises SessionExpired for what cannot be a token: whoever presents it learns nothing more."""
    session_id, _, secret = text.partition(".")
    if not is_session_id(session_id) or not 32 <= len(secret) <= 128 or not secret.isascii():
        raise SessionExpired
    return Token(session_id, secret)


def is_session_id(text: str) -> bool:
    """Whether a text has the form of a session id."""
    return _ID.fullmatch(text) is not None


def create(name: str, sender: str = "") -> tuple[Token, SessionInfo]:
    """Begin a session. `sender`: whose messages wait in it, as `limits.take_session_token` gives it."""
    conf = get_conf()
    token = Token(secrets.token_urlsafe(16), secrets.token_urlsafe(32))
    if secrets.randbelow(_FORGET_EVERY) == 0:
        forget_expired(keys.partition(token.session_id), _FORGET_SAMPLE)
    session_keys = [*keys.of_session(token.session_id), keys.sessions(keys.partition(token.session_id))]
    start = _create.run_sync(
        session_keys,
        token.session_id,
        name,
        token.secret_hash,
        history.form(),
        conf.session_ttl_s,
        orjson.dumps(name).decode(),
        sender,
    )
    expires_at = datetime.fromisoformat(start) + timedelta(seconds=conf.session_ttl_s)
    return token, SessionInfo(token.session_id, name, start, _iso(expires_at))


def forget_expired(number: int, sample: int) -> None:
    """Take the ids of expired sessions out of a partition's sorted sets, of up to `sample` ids picked at random.

    A session expires in Redis by itself, but its id stays in the sets.
    """
    client = sync_client()
    picked = cast(list[str], client.zrandmember(keys.sessions(number), sample))
    pipeline = client.pipeline(transaction=False)
    for session_id in picked:
        pipeline.exists(keys.session(session_id))
    gone = [session_id for session_id, lives in zip(picked, pipeline.execute(), strict=True) if not lives]
    if gone:
        client.zrem(keys.sessions(number), *gone)
        client.zrem(keys.failed(number), *gone)


def snapshot(session_id: str, *, messages: int = 0) -> Snapshot | None:
    """A session that the caller may see, with up to so many messages; None when there is none."""
    call = _snapshot_call(session_id, messages=messages)
    return _decode_snapshot(session_id, _snapshot.run_sync(*call), messages)


def look_up(token: Token, *, messages: int) -> Snapshot:
    """The session of a token with up to so many messages. Raises SessionExpired."""
    call = _snapshot_call(token.session_id, token.secret_hash, messages)
    found = _decode_snapshot(token.session_id, _snapshot.run_sync(*call), messages)
    if found is None:
        raise SessionExpired
    return found


async def asnapshot(session_id: str) -> Snapshot | None:
    """Like `snapshot`."""
    return _decode_snapshot(session_id, await _snapshot.run(*_snapshot_call(session_id)))


@dataclass(frozen=True, slots=True)
class Record:
    """A session's history, as one takes it along."""

    name: str
    session_start: str
    messages: list[StoredMessage]


# A page of this size keeps Redis busy for about a millisecond.
_RECORD_PAGE = 500


def read_record(session_id: str, token: Token | None = None) -> Record:
    """All that was said, in pages, so that nobody waits for a long one. With a token only if it is the session's.

    Raises SessionExpired.
    """
    messages: list[StoredMessage] = []
    place = 0
    while True:
        answer = _page.run_sync(
            keys.of_session(session_id), token.secret_hash if token else "", place, _RECORD_PAGE
        )
        if answer is None:
            raise SessionExpired
        name, start, page, length = answer
        messages += history.visible(history.decode(page))
        place += _RECORD_PAGE
        if place >= length:
            return Record(name, start, messages)


@dataclass(frozen=True, slots=True)
class Version:
    """What was once said in the place of a message."""

    message: StoredMessage
    reply: StoredMessage | None
    """None: it failed."""


MAX_VERSIONS = 20


def read_versions(session_id: str, message_id: str, token: Token | None = None) -> list[Version]:
    """All that was said in the place of a human message, oldest first, the last `MAX_VERSIONS` at most.

    With a token only if it is the session's. Empty for a message that is not known. Raises SessionExpired.
    """
    secret_hash = token.secret_hash if token else ""
    answer = _versions.run_sync(keys.of_session(session_id), secret_hash, message_id, MAX_VERSIONS)
    if answer is None:
        raise SessionExpired
    return [
        Version(orjson.loads(human), orjson.loads(reply) if reply else None) for human, reply in reversed(answer)
    ]


def read_earlier(
    session_id: str, before: str, *, messages: int, token: Token | None = None
) -> tuple[list[StoredMessage], bool]:
    """Up to so many messages before a human one, oldest first, and whether there are more.

    With a token only if it is the session's. Raises SessionExpired, and NotFound for an unknown message.
    """
    secret_hash = token.secret_hash if token else ""
    answer = _earlier.run_sync(keys.of_session(session_id), secret_hash, before, messages)
    if answer is None:
        raise SessionExpired
    first, page = answer
    if first < 0:
        raise NotFound
    found = history.visible(history.decode(page))
    return found[-messages:], first > 0 or len(found) > messages


def rotate(token: Token) -> Token:
    """Put a new token in the place of one; the old one works for a grace period. Raises SessionExpired."""
    conf = get_conf()
    new = token.successor()
    rotated = _rotate.run_sync(
        keys.of_session(token.session_id),
        token.secret_hash,
        new.secret_hash,
        conf.token_grace_s * 1000,
        conf.session_ttl_s,
    )
    if not rotated:
        raise SessionExpired
    return new


@dataclass(frozen=True, slots=True)
class Ended:
    """A session that is gone, with the reply that was being written, if any."""

    worker: str
    reply: str


def end(session_id: str, token: Token | None = None) -> Ended | None:
    """End a session; with a token only if it is the session's. None: there was no such session."""
    number = keys.partition(session_id)
    session_keys = [*keys.of_session(session_id), keys.sessions(number), keys.sockets(session_id)]
    existed, *running = _end.run_sync(session_keys, session_id, token.secret_hash if token else "")
    return Ended(*running) if existed else None


@dataclass(frozen=True, slots=True)
class Admission:
    """Whether a socket may come in, or stay."""

    answer: Literal["ok", "expired", "too_many"]
    token_left_s: float | None = None
    """How long its token goes on working; None: as long as the session lives."""


async def connect(session_id: str, token: Token | None, socket: str) -> Admission:
    """Let a socket in and count it. Again for the same socket: it stays counted."""
    conf = get_conf()
    answer, *left_ms = await _connect.run(
        [*keys.of_session(session_id), keys.sockets(session_id), keys.open_sockets(keys.partition(session_id))],
        token.secret_hash if token else "",
        socket,
        conf.sockets_per_session,
        conf.socket_registration_s * 1000,
    )
    return Admission(answer, left_ms[0] / 1000 if any(left_ms) else None)


def _snapshot_call(session_id: str, secret_hash: str = "", messages: int = 0) -> tuple[Any, ...]:
    conf = get_conf()
    return keys.of_session(session_id), secret_hash, messages or conf.snapshot_messages, conf.session_ttl_s


def _decode_snapshot(session_id: str, answer: list[Any] | None, messages: int = 0) -> Snapshot | None:
    if answer is None:
        return None
    rev, name, start, left_ms, tail, more, mailbox, reply_id, reply_to, reply_text, now_ms = answer
    expires_at = datetime.fromtimestamp((now_ms + left_ms) / 1000, UTC)
    visible = history.visible(history.decode(tail))
    shown = visible[-(messages or get_conf().snapshot_messages) :]
    return Snapshot(
        rev=rev,
        session=SessionInfo(session_id, name, start, _iso(expires_at)),
        messages=shown,
        has_more=bool(more) or len(shown) < len(visible),
        pending=[orjson.loads(message) for message in mailbox],
        reply=Running(reply_id, reply_to, reply_text) if reply_id else None,
        expires_in_s=left_ms / 1000,
    )


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
