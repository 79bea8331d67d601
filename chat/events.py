"""Both ends of the socket: the frames a client sends, the events it is told, and the stored messages."""

import re
from dataclasses import dataclass
from typing import Any, Literal, NotRequired, TypedDict

import orjson

from chat.conf import get_conf
from chat.errors import BadFrame, ChatError, EmptyMessage, TooLong, UnknownType

_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


class StoredMessage(TypedDict):
    """One message as the history keeps it. Unknown members are from a newer version and are kept."""

    id: str
    source: Literal["human", "bot"]
    text: str
    timestamp: str
    to: NotRequired[str]
    """Of a bot message: the id of the human message that it answers."""
    finish: NotRequired[Literal["stop", "length", "stopped"]]
    code: NotRequired[str]
    """Of a human message that failed: why."""
    detail: NotRequired[str]
    partial: NotRequired[str]
    """What was written of the reply before it failed."""
    worker: NotRequired[str]
    """Who wrote the reply, or failed to."""
    model: NotRequired[str]
    """Of a bot message, like all that follow: what staff see and clients do not."""
    waited_ms: NotRequired[int]
    """From when the message's turn came to its claim by a worker."""
    first_text_ms: NotRequired[int]
    """From there to the first text."""
    took_ms: NotRequired[int]
    """From there to the end of the reply."""
    tokens: NotRequired[int]
    """How many the reply took, where the model says so."""
    replaced: NotRequired[bool]
    """It was answered again; it stays in the record and is shown no more."""
    version: NotRequired[int]
    """Of a human message that was asked again or edited: how many replies there are, its own included."""
    replaces: NotRequired[str]
    """Of an edited message: the id of the one whose place it took."""
    rating: NotRequired[Literal["up", "down"]]
    """Of a bot message: what the visitor thinks of it."""


# --- What a client sends ---


@dataclass(frozen=True, slots=True)
class Send:
    """Queue a message. `id` makes sending it twice harmless."""

    id: str
    text: str
    replaces: str = ""
    """The message whose place it takes: a failed one, or the last one, with its reply."""


@dataclass(frozen=True, slots=True)
class Stop:
    """End the running reply, keep what was written."""


@dataclass(frozen=True, slots=True)
class Cancel:
    """Take a waiting message out of the mailbox."""

    id: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Answer a failed message again, or replace the last reply."""

    id: str


@dataclass(frozen=True, slots=True)
class Rate:
    """Keep what the visitor thinks of a reply."""

    id: str
    to: str
    rating: Literal["up", "down", ""]
    """Empty: nothing any more."""


@dataclass(frozen=True, slots=True)
class Sync:
    """Send the session again."""


ClientFrame = Send | Stop | Cancel | Retry | Rate | Sync


def check_text(text: str) -> str:
    """The text of a message, unchanged. Raises EmptyMessage, TooLong or BadFrame."""
    if not text.strip():
        raise EmptyMessage
    limit = get_conf().max_chars
    if len(text) > limit:
        raise TooLong(f"The message has {len(text)} characters; {limit} are allowed.")
    if "\0" in text:
        raise BadFrame("The message contains a NUL character.")
    return text


def parse_frame(text: str) -> ClientFrame:
    """One frame of chatbot.v1. Raises BadFrame, UnknownType, EmptyMessage or TooLong, never anything else."""
    try:
        frame = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise BadFrame("A frame must be one JSON object, this is not valid JSON.") from None
    if not isinstance(frame, dict):
        raise BadFrame("A frame must be a JSON object.")
    match frame.get("type"):
        case "send":
            message_id = _id(frame)
            body = frame.get("text")
            if not isinstance(body, str):
                raise BadFrame('A "send" frame needs "text", a string.')
            replaces = _id(frame, "replaces") if "replaces" in frame else ""
            return Send(message_id, check_text(body), replaces)
        case "stop":
            return Stop()
        case "cancel":
            return Cancel(_id(frame))
        case "retry":
            return Retry(_id(frame))
        case "rate":
            rating = frame.get("rating")
            if rating not in ("up", "down", None):
                raise BadFrame('A "rate" frame needs "rating": "up", "down" or null.')
            return Rate(_id(frame), _id(frame, "to"), rating or "")
        case "sync":
            return Sync()
        case str():
            raise UnknownType
        case _:
            raise BadFrame('A frame needs "type", a string.')


def _id(frame: dict[str, Any], name: str = "id") -> str:
    value = frame.get(name)
    if not isinstance(value, str) or not _UUID.fullmatch(value):
        raise BadFrame(f'This frame needs "{name}", a UUID such as 123e4567-e89b-12d3-a456-426614174000.')
    return value


# --- What the server tells ---


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a session on its way through the channel layer, with the frame that clients get.

    The frame is encoded once, where the event arises; the relaying sockets look at the other fields only.
    """

    kind: Literal[
        "queued", "started", "delta", "replied", "failed", "cancelled", "rated", "resync", "rotated", "ended"
    ]
    rev: int = 0
    """The session's revision after the change; 0 for a piece of text that changes nothing else."""
    to: str = ""
    """The human message that it is about."""
    reply: str = ""
    """The reply in progress that it is about."""
    offset: int = 0
    size: int = 0
    frame: str = ""
    started_rev: int = 0
    """Of a piece: the revision with which its reply began."""

    def to_layer(self) -> dict[str, Any]:
        """The message for the channel layer."""
        return {
            "type": "chat.event",
            "event": [getattr(self, name) for name in self.__slots__],
        }

    @classmethod
    def from_layer(cls, message: dict[str, Any]) -> "Event":
        """The inverse of `to_layer`. Fields that a newer version appends are ignored."""
        return cls(*message["event"][: len(cls.__slots__)])


def queued(rev: int, message: StoredMessage, position: int) -> Event:
    """`position` counts the messages that wait in front of this one."""
    frame = {"type": "queued", "rev": rev, "message": public(message), "position": position}
    return Event("queued", rev, to=message["id"], frame=encode(frame))


def started(rev: int, reply: str, to: str) -> Event:
    frame = {"type": "started", "rev": rev, "id": reply, "to": to}
    return Event("started", rev, to=to, reply=reply, frame=encode(frame))


def delta(reply: str, offset: int, text: str, *, to: str, started_rev: int, announces: bool = False) -> Event:
    """A piece of a reply, `offset` code points after its beginning.

    `started_rev` is the revision with which the reply began; the piece that `announces` stands for `started`, too.
    """
    frame: dict[str, Any] = {"type": "delta", "id": reply, "offset": offset, "text": text}
    if announces:
        frame |= {"rev": started_rev, "to": to}
    rev = started_rev if announces else 0
    return Event("delta", rev, to, reply, offset, len(text), encode(frame), started_rev)


def replied(rev: int, to: str, message: StoredMessage) -> Event:
    frame = {"type": "replied", "rev": rev, "to": to, "message": public(message)}
    return Event("replied", rev, to=to, reply=message["id"], frame=encode(frame))


def failed(rev: int, to: str, error: ChatError) -> Event:
    frame = {
        "type": "failed",
        "rev": rev,
        "to": to,
        "code": error.code,
        "detail": error.detail,
        "retryable": error.retryable,
    }
    return Event("failed", rev, to=to, frame=encode(frame))


def cancelled(rev: int, message_id: str) -> Event:
    return Event(
        "cancelled", rev, to=message_id, frame=encode({"type": "cancelled", "rev": rev, "id": message_id})
    )


def rated(rev: int, reply: str, to: str, rating: str) -> Event:
    frame = {"type": "rated", "rev": rev, "id": reply, "to": to, "rating": rating or None}
    return Event("rated", rev, to=to, reply=reply, frame=encode(frame))


def resync(rev: int) -> Event:
    """More has changed than one frame can tell: read the session again."""
    return Event("resync", rev)


def rotated() -> Event:
    """The session has a new token: who came in with another one looks how long it is good."""
    return Event("rotated")


def ended() -> Event:
    """The session is gone."""
    return Event("ended")


def error_frame(error: ChatError) -> str:
    """The frame that refuses a client's frame."""
    frame: dict[str, Any] = {"type": "error", "code": error.code, "detail": error.detail}
    if error.retry_after_s is not None:
        frame["retry_after"] = round(error.retry_after_s, 3)
    return encode(frame)


def public(message: StoredMessage) -> dict[str, Any]:
    """The members of a message that clients see."""
    names = ("id", "source", "text", "timestamp", "finish", "code", "detail", "version", "replaces", "rating")
    return {name: message[name] for name in names if name in message}  # type: ignore[literal-required]


def encode(value: Any) -> str:
    """Compact JSON text."""
    return orjson.dumps(value).decode()
