"""Every name in Redis and in the channel layer, in one place.

All keys of a session and its stream carry the hash tag of the session's partition, so that they share one
slot of a Redis Cluster and one script may touch them together.
"""

import re
import zlib
from functools import lru_cache

from chat.conf import get_conf

GROUP = "workers"
"""The consumer group of every wake-up stream."""


def partition(session_id: str) -> int:
    """The partition of a session: a stable hash of its id."""
    count = get_conf().partitions
    return zlib.crc32(session_id.encode()) % count if count > 1 else 0


def _in_partition(number: int, name: str) -> str:
    return f"{get_conf().key_prefix}:{{{number}}}:{name}"


def _of_session(kind: str, session_id: str) -> str:
    return _in_partition(partition(session_id), f"{kind}:{session_id}")


def session(session_id: str) -> str:
    """Hash: name, token hashes, session_start, rev, the entry id of the wake-up, counters."""
    return _of_session("session", session_id)


def session_prefix(number: int) -> str:
    """What the keys of `session` begin with, in one partition."""
    return _in_partition(number, "session:")


def history(session_id: str) -> str:
    """JSON document or list: the messages, oldest first."""
    return _of_session("history", session_id)


def pending(session_id: str) -> str:
    """List: the mailbox."""
    return _of_session("pending", session_id)


def reply(session_id: str) -> str:
    """Hash: the reply in progress."""
    return _of_session("reply", session_id)


def message_ids(session_id: str) -> str:
    """Hash: id of each human message ever accepted -> "p" waiting, "x" cancelled, or its place in the history."""
    return _of_session("ids", session_id)


def sockets(session_id: str) -> str:
    """Sorted set: the open sockets of a session by the time at which their registration ends."""
    return _of_session("sockets", session_id)


def stream(number: int) -> str:
    """Stream: the wake-ups of a partition."""
    return _in_partition(number, "message_channel")


def dead_letters(number: int) -> str:
    """Stream: messages given up."""
    return _in_partition(number, "dead_letters")


def sessions(number: int) -> str:
    """Sorted set: session ids by start."""
    return _in_partition(number, "sessions")


def counters(number: int) -> str:
    """Hash: `waiting`, the messages in all mailboxes of the partition, and what `chat.counters` reads."""
    return _in_partition(number, "counters")


def samples(number: int, resolution: str) -> str:
    """Stream: what the counters said, at regular times."""
    return _in_partition(number, f"samples:{resolution}")


def senders(number: int) -> str:
    """Hash: digest of an address -> the messages that wait in sessions which were begun from it."""
    return _in_partition(number, "senders")


def failed(number: int) -> str:
    """Sorted set: ids of sessions whose last message failed, by the time of it."""
    return _in_partition(number, "failed")


def open_sockets(number: int) -> str:
    """Sorted set: the sockets of all sessions of the partition by the time at which their registration ends."""
    return _in_partition(number, "open_sockets")


def workers(number: int) -> str:
    """Hash: worker name -> JSON of what it last said of itself."""
    return _in_partition(number, "workers")


def draining(number: int) -> str:
    """Set: names of workers that were told to finish what they have and end."""
    return _in_partition(number, "draining")


def limit(kind: str, who: str) -> str:
    """Hash: the token bucket of one limit. `who` is hashed by the caller where it is personal."""
    return f"{get_conf().key_prefix}:limit:{kind}:{who}"


def address_sockets(address: str) -> str:
    """Sorted set: like `sockets`, of one network address."""
    return f"{get_conf().key_prefix}:limit:sockets:{address}"


@lru_cache(maxsize=4096)
def of_session(session_id: str) -> tuple[str, ...]:
    """The KEYS of every script about a session, in the order that `lua/lib.lua` names them."""
    number = partition(session_id)
    return (
        session(session_id),
        pending(session_id),
        reply(session_id),
        history(session_id),
        message_ids(session_id),
        stream(number),
        counters(number),
        dead_letters(number),
        failed(number),
        senders(number),
    )


def session_group(session_id: str) -> str:
    """The channel-layer group that hears a session's events."""
    return f"session.{session_id}"


def group_partition(group: str) -> int:
    """The partition that a group's name belongs to: the session's, or of a worker's any, but always the same."""
    return partition(group.partition(".")[2])


def worker_group(worker: str) -> str:
    """The channel-layer group that one worker listens on."""
    return "worker." + re.sub(r"[^A-Za-z0-9._-]", "-", worker)[:80]
