"""The invariants of the contract, read from the whole keyspace, and the queue's calls with a check after each."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from uuid import uuid4

import orjson
import redis

from chat import counters, keys, queue, sessions
from chat.conf import get_conf
from chat.errors import ChatError
from chat.events import StoredMessage
from chat.queue import Accepted, Cancelled, Claim, Committed, GivenUp, Stopped, WakeUp

SESSION_KINDS = ("session", "pending", "reply", "history", "ids")
# EXPIRE of a session's keys in one script may fall into two ms, and the check reads them one after the other.
TTL_DIFFERENCE_MS = 2000


@dataclass
class Stored:
    """What is stored of one session."""

    head: dict[str, str] = field(default_factory=dict)
    mailbox: list[dict[str, Any]] = field(default_factory=list)
    reply: dict[str, str] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    ids: dict[str, str] = field(default_factory=dict)
    ttl_ms: dict[str, int] = field(default_factory=dict)


def check(client: "redis.Redis") -> dict[str, Stored]:
    """Assert every invariant in every partition; gives what is stored, by session id."""
    found: dict[str, Stored] = {}
    for number in range(get_conf().partitions):
        stored = read(client, number)
        check_wake_ups(client, number, stored)
        for session_id, session in stored.items():
            assert keys.partition(session_id) == number
            check_session(session_id, session)
        totals = counters.read_totals([cast(dict[str, str], client.hgetall(keys.counters(number)))])
        assert totals["waiting"] == sum(len(session.mailbox) for session in stored.values()), "counters.waiting"
        check_counted(totals)
        check_senders(client, number, stored)
        listed = set(client.zrange(keys.sessions(number), 0, -1))  # type: ignore[arg-type]
        assert set(stored) <= listed, "a session is missing in the list of sessions"
        found |= stored
    return found


def read(client: "redis.Redis", number: int) -> dict[str, Stored]:
    """Everything of the sessions of a partition, in two round trips."""
    prefix = f"{get_conf().key_prefix}:{{{number}}}:"
    names: list[tuple[str, str]] = []
    pipe = client.pipeline(transaction=False)
    for key in sorted(client.scan_iter(f"{prefix}*", count=1000)):
        kind, _, session_id = key.removeprefix(prefix).partition(":")
        if session_id and kind in SESSION_KINDS:
            names.append((kind, session_id))
            pipe.type(key)
            pipe.pttl(key)
    answers = pipe.execute()
    stored: dict[str, Stored] = defaultdict(Stored)
    for index, (kind, session_id) in enumerate(names):
        key = f"{prefix}{kind}:{session_id}"
        stored[session_id].ttl_ms[kind] = answers[2 * index + 1]
        if answers[2 * index] == "hash":
            pipe.hgetall(key)
        elif answers[2 * index] == "list":
            pipe.lrange(key, 0, -1)
        else:
            pipe.execute_command("JSON.GET", key, "$.messages[*]")
    for (kind, session_id), value in zip(names, pipe.execute(), strict=True):
        session = stored[session_id]
        match kind:
            case "session":
                session.head = value
            case "pending":
                session.mailbox = [orjson.loads(text) for text in value]
            case "reply":
                session.reply = value
            case "ids":
                session.ids = value
            case "history" if isinstance(value, list):
                session.history = [orjson.loads(text) for text in value]
            case "history":
                session.history = orjson.loads(value or "[]")
    return dict(stored)


def check_wake_ups(client: "redis.Redis", number: int, stored: dict[str, Stored]) -> None:
    """One wake-up for each session with mail, waiting or delivered; none for any other."""
    stream = keys.stream(number)
    entries: dict[str, str] = {
        entry: fields["s"]
        for entry, fields in client.xrange(stream)  # type: ignore[union-attr]
    }
    expected = {session.head.get("wake"): name for name, session in stored.items() if session.mailbox}
    assert entries == expected, "wake-ups in the stream and sessions with mail differ"
    for session_id, session in stored.items():
        assert ("wake" in session.head) == bool(session.mailbox), f"{session_id}: wake and mailbox differ"
    groups = client.xinfo_groups(stream) if client.exists(stream) else []
    if not groups:
        return
    delivered = set(pending_entries(client, number))
    assert delivered <= set(entries), "an entry is pending that the stream does not have"
    last = _entry_order(groups[0]["last-delivered-id"])  # type: ignore[index]
    for entry in set(entries) - delivered:
        assert _entry_order(entry) > last, f"wake-up {entry} is neither waiting nor delivered: nobody gets it"


def check_counted(totals: counters.Totals) -> None:
    """Each accepted message is counted once more: as waiting, or under its outcome."""
    outcomes = sum(totals[name] for name in ("waiting", "answered", "stopped", "cancelled", "ended"))
    failed = sum(counters.by_label(totals, "failed").values())
    assert totals["accepted"] == outcomes + failed, totals
    assert sum(counters.buckets(totals, "queue_wait")) == totals["answered"] + totals["stopped"] + failed
    for histogram in ("first_text", "reply"):
        assert sum(counters.buckets(totals, histogram)) == totals["answered"]


def check_senders(client: "redis.Redis", number: int, stored: dict[str, Stored]) -> None:
    """What waits of each sender is counted, and nobody is remembered who has nothing waiting."""
    waiting: dict[str, int] = defaultdict(int)
    for session in stored.values():
        if session.mailbox and "sender" in session.head:
            waiting[session.head["sender"]] += len(session.mailbox)
    counted = cast(dict[str, str], client.hgetall(keys.senders(number)))
    assert {sender: int(count) for sender, count in counted.items()} == waiting, "senders"


def check_session(session_id: str, session: Stored) -> None:
    assert session.head.get("rev"), f"{session_id}: something is left of a session that is gone"
    waiting = [message["id"] for message in session.mailbox]
    assert len(set(waiting)) == len(waiting), "a message waits twice"
    assert sorted(waiting) == sorted(name for name, state in session.ids.items() if state == "p"), (
        "mailbox and ids differ"
    )
    assert all(message["source"] == "human" and message["timestamp"] for message in session.mailbox)
    for message_id, state in session.ids.items():
        if state not in ("p", "x"):
            assert session.history[int(state)]["id"] == message_id, "ids names a wrong place of the history"
    if session.reply:
        assert session.mailbox, "a reply is in progress and nothing waits"
        assert session.reply["to"] == waiting[0], "the reply in progress is not to the head of the mailbox"
        assert int(session.reply["size"]) == len(session.reply["text"])
    assert int(session.head["messages"]) == len(session.history)
    check_visible(session)
    check_replaced(session)
    for kind, ttl_ms in session.ttl_ms.items():
        if session.mailbox:
            assert ttl_ms == -1, f"{kind} expires while messages wait"
        else:
            assert ttl_ms > 0, f"{kind} of a quiet session never expires"
            assert abs(ttl_ms - session.ttl_ms["session"]) < TTL_DIFFERENCE_MS, f"{kind} expires on its own"


def check_visible(session: Stored) -> None:
    """Human, bot, human, bot; a human that failed stands alone."""
    visible = [message for message in session.history if not message.get("replaced")]
    names = [message["id"] for message in visible]
    assert len(set(names)) == len(names), "a message is visible twice"
    unanswered: str | None = None
    for message in visible:
        if message["source"] == "bot":
            assert message["to"] == unanswered, "a reply does not follow its message"
            assert message["finish"]
            unanswered = None
        else:
            assert unanswered is None, f"{unanswered} has no reply and has not failed"
            assert session.ids[message["id"]].isdigit() or message["id"] not in session.ids
            unanswered = None if "code" in message else message["id"]
        assert message["timestamp"]
    assert unanswered is None, f"{unanswered} has no reply and has not failed"


def check_replaced(session: Stored) -> None:
    """What is replaced is replaced by one message, answered or waiting, which names its place."""
    replacing = [message for message in (*session.history, *session.mailbox) if "retry_of" in message]
    places = [
        place
        for message in replacing
        for place in range(message["retry_of"], message["retry_of"] + message["retried"])
    ]
    assert sorted(places) == [place for place, message in enumerate(session.history) if message.get("replaced")]
    for message in replacing:
        before = session.history[message["retry_of"]]
        assert before["id"] == message.get("replaces", message["id"])
        assert message.get("version", 1) == before.get("version", 1) + message["retried"] - 1


def pending_entries(client: "redis.Redis", number: int = 0) -> dict[str, str]:
    """Entry id -> worker, of the delivered wake-ups of a partition."""
    entries: Any = client.xpending_range(keys.stream(number), keys.GROUP, "-", "+", 1_000_000)
    return {entry["message_id"]: entry["consumer"] for entry in entries}


def _entry_order(entry: str) -> tuple[int, int]:
    ms, _, number = entry.partition("-")
    return int(ms), int(number)


class Hands:
    """The hands of clients and of any number of workers on one queue. After each move everything is checked."""

    def __init__(self, client: "redis.Redis") -> None:
        self.client = client
        for number in range(get_conf().partitions):
            client.xgroup_create(keys.stream(number), keys.GROUP, id="0", mkstream=True)

    def check(self) -> dict[str, Stored]:
        return check(self.client)

    def stored(self, session_id: str) -> Stored:
        return self.check()[session_id]

    def rev(self, session_id: str) -> int:
        return int(self.stored(session_id).head["rev"])

    # --- Clients --------------------------------------------------------------------------------------------

    def begin(self, name: str = "Ada") -> str:
        """A new session; gives its id."""
        token, _ = sessions.create(name, sender="somebody")
        self.check()
        return token.session_id

    async def accept(
        self, session_id: str, text: str = "hi", message_id: str = "", replaces: str = ""
    ) -> Accepted | None:
        try:
            return await queue.accept(session_id, message_id or str(uuid4()), text, replaces=replaces)
        finally:
            self.check()

    async def send(self, session_id: str, text: str = "hi") -> str:
        """Queue a new message; gives its id."""
        accepted = await self.accept(session_id, text)
        assert accepted
        assert accepted.is_new
        return accepted.message["id"]

    async def stop(self, session_id: str) -> Stopped:
        try:
            return await queue.stop(session_id)
        finally:
            self.check()

    async def cancel(self, session_id: str, message_id: str) -> Cancelled:
        try:
            return await queue.cancel(session_id, message_id)
        finally:
            self.check()

    async def retry(self, session_id: str, message_id: str) -> Accepted:
        try:
            return await queue.retry(session_id, message_id)
        finally:
            self.check()

    async def rate(self, session_id: str, reply: str, to: str, rating: Literal["up", "down", ""]) -> queue.Rated:
        try:
            return await queue.rate(session_id, reply, to, rating)
        finally:
            self.check()

    def end(self, session_id: str) -> sessions.Ended | None:
        try:
            return sessions.end(session_id)
        finally:
            self.check()

    # --- Workers --------------------------------------------------------------------------------------------

    def read(self, worker: str = "w1", number: int = 0) -> WakeUp | None:
        """The next wake-up that no worker has been given."""
        answer: Any = self.client.xreadgroup(keys.GROUP, worker, {keys.stream(number): ">"}, count=1)
        self.check()
        return _wake_up(answer[0][1]) if answer else None

    def take_over(self, worker: str = "w2", number: int = 0, start: str = "0-0") -> WakeUp | None:
        """The first delivered wake-up from `start` on, as if its worker's lease was over."""
        stream = keys.stream(number)
        answer: Any = self.client.xautoclaim(stream, keys.GROUP, worker, 0, start, count=1)
        self.check()
        return _wake_up(answer[1])

    async def claim(self, wake_up: WakeUp, worker: str = "w1", token: str = "") -> Claim | GivenUp | None:
        token = token or str(uuid4())
        try:
            return await queue.claim(wake_up, worker=worker, token=token, reply=token)
        finally:
            self.check()

    async def work(self, worker: str = "w1", number: int = 0) -> Claim:
        """Read the next wake-up and begin to answer."""
        wake_up = self.read(worker, number)
        assert wake_up, "no wake-up waits"
        claim = await self.claim(wake_up, worker)
        assert isinstance(claim, Claim)
        return claim

    async def flush(self, claim: Claim, offset: int, piece: str) -> bool:
        try:
            return await queue.flush(claim, offset, piece)
        finally:
            self.check()

    async def reply(self, claim: Claim, text: str = "yes", **more: Any) -> Committed | None:
        message = {"id": claim.reply, "source": "bot", "text": text, "to": claim.message["id"], "finish": "stop"}
        message |= more
        try:
            return await queue.commit_reply(claim, message)
        finally:
            self.check()

    async def fail(self, claim: Claim, error: ChatError, partial: str = "") -> Committed | None:
        try:
            return await queue.commit_failure(claim, error, partial)
        finally:
            self.check()

    async def hand_back(self, claim: Claim) -> bool:
        try:
            return await queue.hand_back(claim)
        finally:
            self.check()

    async def renew(self, claims: list[Claim], worker: str = "w1", number: int = 0) -> list[Claim]:
        try:
            renewed = await queue.renew(number, worker, {"slots": 1, "busy": 1, "model": "echo"}, claims)
            return renewed.lost
        finally:
            self.check()

    async def answer(self, session_id: str, text: str = "hi", reply: str = "yes") -> tuple[str, str]:
        """Send a message and answer it; gives the ids of both."""
        message_id = await self.send(session_id, text)
        claim = await self.work(number=keys.partition(session_id))
        assert claim.message["id"] == message_id
        assert await self.reply(claim, reply)
        return message_id, claim.reply

    # --- What people see ------------------------------------------------------------------------------------

    def visible(self, session_id: str) -> list[StoredMessage]:
        snapshot = sessions.snapshot(session_id)
        assert snapshot
        return snapshot.messages

    def texts(self, session_id: str) -> list[str]:
        return [message["text"] for message in self.visible(session_id)]

    def pending_entries(self, number: int = 0) -> dict[str, str]:
        return pending_entries(self.client, number)


def _wake_up(entries: list[Any]) -> WakeUp | None:
    found = [WakeUp(entry, fields["s"]) for entry, fields in entries if entry]
    return found[0] if found else None
