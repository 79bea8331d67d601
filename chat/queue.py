"""The queue: a mailbox per session, and one wake-up in the Redis Stream for each session whose mailbox has mail.

Each function is one script and one round trip, atomic, and safe to repeat when its answer was lost. The web side
calls accept, stop, cancel and retry; workers call the others.
"""

from dataclasses import dataclass
from typing import Any, Literal

import orjson

from chat import history, keys
from chat.conf import get_conf
from chat.errors import Busy, ChatError, GaveUp, NotFound, QueueFull, RateLimited, SessionExpired
from chat.events import StoredMessage, encode
from chat.redis_client import Script

_accept = Script("accept")
_claim = Script("claim")
_flush = Script("flush")
_commit = Script("commit")
_hand_back = Script("hand_back")
_renew = Script("renew")
_stop = Script("stop")
_cancel = Script("cancel")
_retry = Script("retry")
_rate = Script("rate")


# --- The web side ---


@dataclass(frozen=True, slots=True)
class Accepted:
    """A message in the mailbox."""

    rev: int
    position: int
    """How many messages wait in front of it."""
    message: StoredMessage
    is_new: bool
    """False when it was accepted before and still waits."""


async def accept(session_id: str, message_id: str, text: str, *, replaces: str = "") -> Accepted | None:
    """Put a message into its session's mailbox, once, however often it is called with the same id.

    `replaces`: the id of a failed message, or of the last one, whose place it takes.
    None: the id has had its outcome already. Raises SessionExpired, NotFound, QueueFull, Busy or RateLimited; the
    message was not queued then.
    """
    answer = await _accept.run(*_accept_call(session_id, message_id, text, replaces))
    return _accepted(message_id, text, replaces, answer)


def accept_sync(session_id: str, message_id: str, text: str) -> Accepted | None:
    """Like `accept`, for views."""
    return _accepted(message_id, text, "", _accept.run_sync(*_accept_call(session_id, message_id, text)))


@dataclass(frozen=True, slots=True)
class Stopped:
    """A reply that was ended before its time."""

    rev: int
    to: str
    message: StoredMessage
    worker: str
    started_rev: int
    """The revision with which the reply began; its beginning may not have been told yet."""


async def stop(session_id: str) -> Stopped:
    """End the reply in progress, keep what was written. Raises NotFound when there is none."""
    return _stopped(await _stop.run(*_stop_call(session_id)))


def stop_sync(session_id: str) -> Stopped:
    """Like `stop`, for views."""
    return _stopped(_stop.run_sync(*_stop_call(session_id)))


@dataclass(frozen=True, slots=True)
class Cancelled:
    """A message that was taken back."""

    rev: int
    changes_more: bool
    """Clients need the whole session: an earlier answer is visible again, or a handed-back reply is void."""


async def cancel(session_id: str, message_id: str) -> Cancelled:
    """Take a waiting message back. Raises NotFound when it does not wait (any more)."""
    conf = get_conf()
    status, *rest = await _cancel.run(keys.of_session(session_id), session_id, message_id, conf.session_ttl_s)
    if status == "started":
        raise NotFound("This message is being answered already. Stop the reply instead.")
    if status == "not_found":
        raise NotFound("No message with this id is waiting.")
    rev, more = rest
    return Cancelled(rev, bool(more))


async def retry(session_id: str, message_id: str) -> Accepted:
    """Answer a failed message again, or replace the last reply (by its id or its message's).

    Raises SessionExpired, NotFound, QueueFull, Busy or RateLimited.
    """
    per_minute = get_conf().messages_per_minute
    return _retried(await _retry.run(*_retry_call(session_id, message_id, per_minute)))


def retry_for_staff(session_id: str, message_id: str) -> Accepted:
    """Like `retry`, for views of staff, who do not spend what the visitor may write in a minute.

    Raises SessionExpired, NotFound or QueueFull.
    """
    return _retried(_retry.run_sync(*_retry_call(session_id, message_id, 0)))


@dataclass(frozen=True, slots=True)
class Rated:
    """What a visitor thinks of a reply is kept."""

    rev: int
    is_new: bool
    """False when it was kept before."""


async def rate(session_id: str, reply: str, to: str, rating: Literal["up", "down", ""]) -> Rated:
    """Keep what the visitor thinks of the reply to a message. Raises SessionExpired or NotFound."""
    answer = await _rate.run(keys.of_session(session_id), session_id, reply, to, rating)
    if answer[0] == "not_found":
        raise NotFound("Only a reply that is shown can be rated.")
    _raise_refusal(answer)
    _, rev, is_new = answer
    return Rated(rev, bool(is_new))


# --- The worker's side ---


@dataclass(frozen=True, slots=True)
class WakeUp:
    """An entry of the stream: this session has mail."""

    entry: str
    session_id: str


@dataclass(frozen=True, slots=True)
class Claim:
    """One attempt to answer one message. Whoever holds the newest token of a session may write to it."""

    session_id: str
    entry: str
    token: str
    reply: str
    """Id of the reply to be."""
    rev: int
    message: StoredMessage
    context: list[StoredMessage]
    attempt: int
    waited_ms: int
    """From when the message's turn came to the first claim of it."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The message killed too many workers; it has failed visibly and lies in the dead letters."""

    rev: int
    to: str


async def claim(wake_up: WakeUp, *, worker: str, token: str, reply: str) -> Claim | GivenUp | None:
    """Begin to answer the head of a session's mailbox. None: there is nothing to do for this entry."""
    conf = get_conf()
    session_id = wake_up.session_id
    status, *rest = await _claim.run(
        keys.of_session(session_id),
        session_id,
        wake_up.entry,
        worker,
        token,
        reply,
        conf.context_messages,
        conf.max_attempts,
        conf.session_ttl_s,
        _failure_members(GaveUp(), "", worker),
    )
    if status == "gave_up":
        return GivenUp(*rest)
    if status != "claimed":
        return None
    rev, message, tail, attempt, waited_ms = rest
    context = history.answered(history.decode(tail))[-conf.context_messages :] if tail != "[]" else []
    return Claim(session_id, wake_up.entry, token, reply, rev, orjson.loads(message), context, attempt, waited_ms)


async def flush(claim: Claim, offset: int, piece: str, told: tuple[str, bytes] | None = None) -> bool:
    """Append a piece to the reply in progress, `offset` code points after its beginning.

    `told`: a channel and the message that the script publishes there when the piece is stored.
    False: the work was taken over, stopped or ended; the worker may not write any more.
    """
    channel, message = told or ("", b"")
    stored = await _flush.run(
        keys.of_session(claim.session_id), claim.token, offset, len(piece), piece, channel, message
    )
    return bool(stored)


@dataclass(frozen=True, slots=True)
class Committed:
    """The end of an answer."""

    rev: int
    timestamp: str


async def commit_reply(claim: Claim, message: dict[str, Any]) -> Committed | None:
    """Store the human message and its reply (`message`, without its timestamp) and go on to the next one.

    Its `first_text_ms` and `took_ms`, from the claim on, are counted.
    None: the work was taken over, stopped or ended.
    """
    times = message.get("first_text_ms", 0), message.get("took_ms", 0)
    return await _commit_outcome(claim, "answered", bot=encode(message), times_ms=times)


async def commit_failure(claim: Claim, error: ChatError, partial: str, worker: str = "") -> Committed | None:
    """Store the human message as failed, with what was written of the reply, and by whom.

    None as in `commit_reply`.
    """
    members = _failure_members(error, partial, worker)
    return await _commit_outcome(claim, f"failed:{error.code}", human_members=members)


async def hand_back(claim: Claim) -> bool:
    """Give the work back, so that any worker begins it anew at once. False: it was not this worker's any more."""
    return bool(await _hand_back.run(keys.of_session(claim.session_id), claim.session_id, claim.token))


@dataclass(frozen=True, slots=True)
class Renewed:
    """What a worker learns when it says that it lives."""

    lost: list[Claim]
    """Claims that are not the worker's any more."""
    drains: bool
    """It was told to finish what it has and end."""


async def renew(partition: int, worker: str, about: dict[str, Any], claims: list[Claim]) -> Renewed:
    """Keep the entries of these claims from going idle, and say that the worker lives."""
    entries: list[str] = []
    for held in claims:
        entries += (held.entry, held.token)
    drains, lost = await _renew.run(
        [
            keys.stream(partition),
            keys.workers(partition),
            keys.draining(partition),
            *(keys.reply(held.session_id) for held in claims),
        ],
        worker,
        encode(about),
        *entries,
    )
    return Renewed([claims[index] for index in lost], bool(drains))


# --- Scripts' arguments and answers ---


def _accept_call(session_id: str, message_id: str, text: str, replaces: str = "") -> tuple[Any, ...]:
    conf = get_conf()
    message = {"id": message_id, "source": "human", "text": text}
    if replaces:
        message["replaces"] = replaces
    return (
        keys.of_session(session_id),
        session_id,
        message_id,
        encode(message),
        conf.max_pending,
        conf.share(conf.max_queue),
        conf.share(conf.max_pending_per_ip),
        conf.messages_per_minute,
        replaces,
    )


def _accepted(message_id: str, text: str, replaces: str, answer: list[Any]) -> Accepted | None:
    if answer[0] == "not_found":
        raise NotFound("Only a failed message or the last one can be edited.")
    _raise_refusal(answer)
    if answer[0] == "known":
        return None
    status, rev, position, timestamp, version = answer
    message = StoredMessage(id=message_id, source="human", text=text, timestamp=timestamp)
    if version > 1:
        message["version"] = version
    if replaces:
        message["replaces"] = replaces
    return Accepted(rev, position, message, is_new=status == "queued")


def _stop_call(session_id: str) -> tuple[Any, ...]:
    return keys.of_session(session_id), session_id, get_conf().session_ttl_s


def _stopped(answer: list[Any] | None) -> Stopped:
    if answer is None:
        raise NotFound("No reply is being written.")
    rev, to, message, worker, started_rev = answer
    return Stopped(rev, to, orjson.loads(message), worker, started_rev)


def _retry_call(session_id: str, message_id: str, per_minute: int) -> tuple[Any, ...]:
    conf = get_conf()
    limits = conf.max_pending, conf.share(conf.max_queue), conf.share(conf.max_pending_per_ip), per_minute
    return keys.of_session(session_id), session_id, message_id, *limits


def _retried(answer: list[Any]) -> Accepted:
    if answer[0] == "not_found":
        raise NotFound("Only a failed message or the last reply can be answered again.")
    _raise_refusal(answer)
    _, rev, position, message = answer
    return Accepted(rev, position, orjson.loads(message), is_new=True)


def _raise_refusal(answer: list[Any]) -> None:
    match answer[0]:
        case "expired":
            raise SessionExpired
        case "queue_full":
            raise QueueFull
        case "busy":
            raise Busy(retry_after_s=5.0)
        case "messages_per_address":
            raise Busy("Too many messages from your network wait for an answer. Try again.", retry_after_s=5.0)
        case "rate_limited":
            raise RateLimited(retry_after_s=answer[1] / 1000)


def _failure_members(error: ChatError, partial: str, worker: str) -> str:
    members = {"code": error.code, "detail": error.detail}
    if partial:
        members["partial"] = partial
    if worker:
        members["worker"] = worker
    return encode(members)[1:-1]


async def _commit_outcome(
    claim: Claim, outcome: str, *, human_members: str = "", bot: str = "", times_ms: tuple[int, int] = (0, 0)
) -> Committed | None:
    answer = await _commit.run(
        keys.of_session(claim.session_id),
        claim.session_id,
        claim.token,
        get_conf().session_ttl_s,
        human_members,
        bot,
        outcome,
        *times_ms,
    )
    return Committed(*answer) if answer else None
