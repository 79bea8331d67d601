"""Every interleaving of clients and workers that Hypothesis finds, on the real scripts and a real Redis.

A model in Python says what each move must answer and what must be stored after it. `HYPOTHESIS_PROFILE=long`
looks for half an hour in each form of the history, with another seed each time.
"""

import asyncio
import os
from collections.abc import Coroutine
from dataclasses import dataclass, field
from itertools import count
from random import Random
from typing import Any, Literal, TypeVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from chat import keys
from chat.errors import Busy, ChatError, ModelError, NotFound, QueueFull, SessionExpired
from chat.queue import Claim, Committed, GivenUp, Rated, WakeUp
from chat.redis_client import close_async_client
from tests.conftest import use_chat
from tests.invariants import Hands, Stored
from tests.servers import RedisServer

MAX_SESSIONS, MAX_PENDING, MAX_QUEUE, MAX_ATTEMPTS, CONTEXT = 3, 3, 6, 3, 4
WORKERS = ["w1", "w2", "w3"]
PIECES = ["a", "bc", "😀 é", '"\\']
# One rule for all, with weights: Hypothesis would leave some of many rules out of each case.
MOVES = {
    "begin": 1,
    "accept": 6,
    "accept_again": 2,
    "stop": 2,
    "cancel": 4,
    "retry": 5,
    "edit": 4,
    "rate": 3,
    "end_session": 1,
    "expire": 1,
    "read": 4,
    "take_over": 2,
    "claim": 5,
    "claim_again": 1,
    "flush": 5,
    "commit": 4,
    "hand_back": 3,
    "renew": 2,
    "poison": 1,
    "converse": 3,
}
T = TypeVar("T")

profile = os.environ.get("HYPOTHESIS_PROFILE", "quick")
common = settings(deadline=None, database=None, print_blob=False, suppress_health_check=list(HealthCheck))
PROFILES = {
    # Always the same cases, about ten seconds for each form. Shrinking a failure would take minutes.
    "quick": settings(common, derandomize=True, max_examples=75, stateful_step_count=50, phases=[Phase.generate]),
    "long": settings(common, max_examples=6000, stateful_step_count=120),
}


@dataclass
class Message:
    """A message as the model knows it; the history's when it has a place there."""

    id: str
    text: str
    source: str = "human"
    to: str = ""
    code: str = ""
    replaced: bool = False
    retry_of: int | None = None
    retried: int = 0
    replaces: str = ""
    rating: str = ""


@dataclass
class Session:
    """What must be stored of a session."""

    id: str
    rev: int = 0
    mailbox: list[Message] = field(default_factory=list)
    history: list[Message] = field(default_factory=list)
    cancelled: set[str] = field(default_factory=set)
    edited: set[str] = field(default_factory=set)
    """Messages with an outcome whose place others took."""
    sent: list[str] = field(default_factory=list)
    """All ids ever accepted."""
    entry: str = ""
    """The wake-up."""
    token: str = ""
    """Of the claim that may write."""
    written: str = ""
    attempts: int = 0
    """Of the head of the mailbox."""
    last: tuple[str, Committed] | None = None
    """Token and answer of the last commit."""
    gone: bool = False

    def visible(self) -> list[Message]:
        return [message for message in self.history if not message.replaced]

    def context(self) -> list[str]:
        return [message.id for message in self.visible() if not message.code][-CONTEXT:]

    def settle(self, *messages: Message) -> None:
        self.history += messages
        del self.mailbox[0]
        self.void(attempts=0)
        self.rev += 1

    def void(self, attempts: int) -> None:
        self.token, self.written, self.attempts = "", "", attempts


class Races(RuleBasedStateMachine):
    """Clients and workers in any order."""

    server: RedisServer

    def __init__(self) -> None:
        super().__init__()
        client = self.server.client()
        client.flushall()
        self.runner = asyncio.Runner()
        self.hands = Hands(client)
        self.sessions: list[Session] = []
        self.wake_ups: list[WakeUp] = []
        """All that any worker was ever given: old ones come back after a take-over or a restart."""
        self.claims: list[Claim] = []
        """All that were ever made: their workers may be frozen and go on at any time."""
        self.numbers = count(1)
        self.stored: dict[str, Stored] = {}

    def run(self, move: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(move)

    def teardown(self) -> None:
        try:
            self.drain()
        finally:
            self.run(close_async_client())
            self.runner.close()
            self.hands.client.close()

    def of(self, claim: Claim) -> Session:
        return next(session for session in self.sessions if session.id == claim.session_id)

    def refused(self, move: Coroutine[Any, Any, Any], error: type[ChatError]) -> None:
        with pytest.raises(error):
            self.run(move)

    def limit(self, session: Session) -> type[ChatError] | None:
        if len(session.mailbox) >= MAX_PENDING:
            return QueueFull
        if sum(len(each.mailbox) for each in self.sessions) >= MAX_QUEUE:
            return Busy
        return None

    @initialize()
    def first_session(self) -> None:
        self.sessions.append(Session(self.hands.begin()))

    @rule(
        move=st.sampled_from([move for move, weight in MOVES.items() for _ in range(weight)]),
        dice=st.randoms(note_method_calls=True),
    )
    def move(self, move: str, dice: Random) -> None:
        getattr(self, move)(dice)

    # --- Clients --------------------------------------------------------------------------------------------

    def begin(self, dice: Random) -> None:
        if len(self.sessions) < MAX_SESSIONS:
            self.sessions.append(Session(self.hands.begin()))

    def accept(self, dice: Random) -> None:
        self.accept_from(dice.choice(self.sessions))

    def accept_from(self, session: Session) -> None:
        message = Message(f"m{next(self.numbers)}", "hi 😀")
        move = self.hands.accept(session.id, message.text, message.id)
        error = SessionExpired if session.gone else self.limit(session)
        if error:
            self.refused(move, error)
            return
        accepted = self.run(move)
        assert accepted
        assert accepted.is_new
        assert accepted.position == len(session.mailbox) - bool(session.token)
        session.rev += 1
        assert accepted.rev == session.rev
        session.mailbox.append(message)
        session.sent.append(message.id)

    def accept_again(self, dice: Random) -> None:
        session = dice.choice(self.sessions)
        if not session.sent:
            return
        message_id = dice.choice(session.sent[-4:])
        move = self.hands.accept(session.id, "hi 😀", message_id)
        if session.gone:
            self.refused(move, SessionExpired)
            return
        accepted = self.run(move)
        waiting = [message.id for message in session.mailbox]
        if message_id in waiting:
            assert accepted
            assert not accepted.is_new
            assert accepted.position == max(0, waiting.index(message_id) - bool(session.token))
        else:
            assert accepted is None

    def stop(self, dice: Random) -> None:
        session = dice.choice(self.sessions)
        if not session.token:
            self.refused(self.hands.stop(session.id), NotFound)
            return
        head, token, written = session.mailbox[0], session.token, session.written
        stopped = self.run(self.hands.stop(session.id))
        session.settle(head, Message(token, written, "bot", head.id))
        assert (stopped.rev, stopped.to, stopped.message["text"]) == (session.rev, head.id, written)

    def cancel(self, dice: Random) -> None:
        session = dice.choice(self.sessions)
        if not session.sent:
            return
        message_id = dice.choice(session.sent[-4:])
        move = self.hands.cancel(session.id, message_id)
        waiting = [message.id for message in session.mailbox]
        if message_id not in waiting or (session.token and waiting[0] == message_id):
            self.refused(move, NotFound)
            return
        cancelled = self.run(move)
        index = waiting.index(message_id)
        message = session.mailbox.pop(index)
        was_begun = index == 0 and session.attempts > 0
        if index == 0:
            session.void(attempts=0)
        session.rev += 1
        changes_more = was_begun or message.retry_of is not None
        assert (cancelled.rev, cancelled.changes_more) == (session.rev, changes_more)
        if message.retry_of is None or message.replaces:
            session.cancelled.add(message_id)
        session.edited.discard(message.replaces)
        if message.retry_of is not None:
            for restored in session.history[message.retry_of :][: message.retried]:
                restored.replaced = False

    def retry(self, dice: Random) -> None:
        session = dice.choice(self.sessions)
        if not session.history:
            return
        target = dice.choice(session.history[-5:])
        move = self.hands.retry(session.id, target.id)
        at = self.retried_place(session, target.id)
        error: type[ChatError] | None = NotFound if at is None else self.limit(session)
        if session.gone:
            error = SessionExpired
        if error:
            self.refused(move, error)
            return
        assert at is not None
        again = self.run(move)
        human = session.history[at]
        retried = 1 if human.code else 2
        for message in session.history[at : at + retried]:
            message.replaced = True
        assert again.position == len(session.mailbox) - bool(session.token)
        session.mailbox.append(Message(human.id, human.text, retry_of=at, retried=retried))
        session.rev += 1
        assert (again.rev, again.message["id"]) == (session.rev, human.id)

    def edit(self, dice: Random) -> None:
        """A new message takes the place of a failed one, or of the last one."""
        session = dice.choice(self.sessions)
        if not session.history:
            return
        target = dice.choice(session.history[-5:])
        message = Message(f"m{next(self.numbers)}", "edited", replaces=target.id)
        move = self.hands.accept(session.id, message.text, message.id, target.id)
        at = self.retried_place(session, target.id)
        error: type[ChatError] | None = self.limit(session)
        if at is None or target.source == "bot":
            error = NotFound
        if session.gone:
            error = SessionExpired
        if error:
            self.refused(move, error)
            return
        assert at is not None
        accepted = self.run(move)
        message.retry_of, message.retried = at, 1 if target.code else 2
        for replaced in session.history[at : at + message.retried]:
            replaced.replaced = True
        session.edited.add(target.id)
        session.rev += 1
        assert accepted
        assert accepted.is_new
        assert (accepted.rev, accepted.position) == (session.rev, len(session.mailbox) - bool(session.token))
        session.mailbox.append(message)
        session.sent.append(message.id)

    def rate(self, dice: Random) -> None:
        session = dice.choice(self.sessions)
        replies = [message for message in session.history[-6:] if message.source == "bot"]
        if not replies:
            return
        reply = dice.choice(replies)
        rating: Literal["up", "down", ""] = dice.choice(["up", "down", ""])
        for _ in range(dice.choice([1, 2])):
            move = self.hands.rate(session.id, reply.id, reply.to, rating)
            if session.gone or reply.replaced:
                self.refused(move, SessionExpired if session.gone else NotFound)
                return
            is_new = reply.rating != rating
            reply.rating = rating
            session.rev += is_new
            assert self.run(move) == Rated(session.rev, is_new)

    @staticmethod
    def retried_place(session: Session, message_id: str) -> int | None:
        """Where the message is that a retry may answer again."""
        for at, message in enumerate(session.history):
            if message.replaced or message.source == "bot":
                continue
            if message.code and message.id == message_id:
                return at
            is_last = at == len(session.history) - 2 and not message.code and not session.mailbox
            if is_last and message_id in (message.id, session.history[-1].id):
                return at
        return None

    def end_session(self, dice: Random) -> None:
        session = dice.choice(self.sessions)
        # Most sessions shall live long enough for something to happen.
        if len(session.sent) < 4:
            return
        self.hands.end(session.id)
        self.forget(session)

    def expire(self, dice: Random) -> None:
        """All that has a time to live comes to its end."""
        session = dice.choice(self.sessions)
        if session.gone or len(session.sent) < 4:
            return
        ttls_ms = self.stored_now(session).ttl_ms
        expiring = [f"chat:{{0}}:{kind}:{session.id}" for kind, ttl_ms in ttls_ms.items() if ttl_ms >= 0]
        if expiring:
            assert not session.mailbox
            self.hands.client.delete(*expiring)
            self.forget(session)

    def forget(self, session: Session) -> None:
        session.gone = True
        session.mailbox.clear()
        session.void(attempts=0)
        session.last = None

    # --- Workers --------------------------------------------------------------------------------------------

    def read(self, dice: Random) -> None:
        wake_up = self.hands.read(dice.choice(WORKERS))
        if wake_up:
            self.wake_ups.append(wake_up)

    def take_over(self, dice: Random) -> None:
        """The lease of an entry is over, rightly or not."""
        entries = list(self.hands.pending_entries())
        if entries:
            wake_up = self.hands.take_over(dice.choice(WORKERS), start=dice.choice(entries))
            assert wake_up
            self.wake_ups.append(wake_up)

    def claim(self, dice: Random) -> None:
        if self.wake_ups:
            # The newest are the likeliest to be good for something.
            self.claim_with(dice.choice(self.wake_ups[-4:]), dice.choice(WORKERS))

    def claim_with(self, wake_up: WakeUp, worker: str) -> None:
        session = next(session for session in self.sessions if session.id == wake_up.session_id)
        token = f"t{next(self.numbers)}"
        claim = self.run(self.hands.claim(wake_up, worker, token))
        if wake_up.entry != session.entry:
            assert claim is None
            return
        head = session.mailbox[0]
        if session.attempts == MAX_ATTEMPTS:
            session.settle(Message(head.id, head.text, code="gave_up"))
            assert claim == GivenUp(session.rev, head.id)
            return
        session.rev += 1
        session.token, session.written, session.attempts = token, "", session.attempts + 1
        assert isinstance(claim, Claim)
        assert (claim.rev, claim.attempt) == (session.rev, session.attempts)
        assert (claim.message["id"], claim.message["text"]) == (head.id, head.text)
        assert [message["id"] for message in claim.context] == session.context()
        self.claims.append(claim)

    def claim_again(self, dice: Random) -> None:
        """The answer to a claim was lost, the worker asks once more."""
        living = self.living_claims()
        if living:
            claim = dice.choice(living)
            assert self.run(self.hands.claim(WakeUp(claim.entry, claim.session_id), "w1", claim.token)) == claim

    def living_claims(self) -> list[Claim]:
        return [claim for claim in self.claims if self.of(claim).token == claim.token]

    def any_claim(self, dice: Random) -> Claim | None:
        """Of a worker that may write, or of one that may have lost its work."""
        claims = dice.choice([self.living_claims(), self.claims[-6:]])
        return dice.choice(claims) if claims else None

    def flush(self, dice: Random) -> None:
        claim = self.any_claim(dice)
        if not claim:
            return
        session = self.of(claim)
        offset, piece = len(session.written), dice.choice(PIECES)
        for _ in range(dice.choice([1, 2])):
            assert self.run(self.hands.flush(claim, offset, piece)) == (session.token == claim.token)
        if session.token == claim.token:
            session.written += piece

    def commit(self, dice: Random) -> None:
        claim, fails = self.any_claim(dice), dice.choice([True, False])
        if claim:
            for _ in range(dice.choice([1, 2])):
                self.commit_claim(claim, fails)

    def commit_claim(self, claim: Claim, fails: bool) -> None:
        session = self.of(claim)
        text = session.written + "."
        committed = self.run(
            self.hands.fail(claim, ModelError(), text) if fails else self.hands.reply(claim, text)
        )
        if session.token != claim.token:
            assert committed == (session.last[1] if session.last and session.last[0] == claim.token else None)
            return
        head = session.mailbox[0]
        assert head.id == claim.message["id"]
        if fails:
            session.settle(Message(head.id, head.text, code="model_error"))
        else:
            session.settle(Message(head.id, head.text), Message(claim.reply, text, "bot", head.id))
        assert committed
        assert committed.rev == session.rev
        session.last = (claim.token, committed)

    def hand_back(self, dice: Random) -> None:
        claim = self.any_claim(dice)
        if not claim:
            return
        session = self.of(claim)
        is_mine = session.token == claim.token
        assert self.run(self.hands.hand_back(claim)) == is_mine
        if is_mine:
            session.void(session.attempts - 1)
            # Not idle in anybody's hands: the next to read gets it.
            assert self.stored_now(session).head["wake"] not in self.hands.pending_entries()

    def renew(self, dice: Random) -> None:
        claims, worker = self.claims[-6:], dice.choice(WORKERS)
        before = self.hands.pending_entries()
        lost = self.run(self.hands.renew(claims, worker))
        assert lost == [claim for claim in claims if self.of(claim).token != claim.token]
        kept = {claim.entry for claim in claims if claim not in lost}
        assert self.hands.pending_entries() == before | dict.fromkeys(kept & set(before), worker)

    def converse(self, dice: Random) -> None:
        """Some undisturbed turns, so that there is something to disturb."""
        session = dice.choice(self.sessions)
        for _ in range(dice.choice([1, 2, 3])):
            outcome = dice.choice(["reply", "failure", "lost lease"])
            if session.gone:
                return
            if not session.mailbox:
                self.accept_from(session)
                self.all_is_as_the_model_says()
            if session.mailbox:
                self.claim_with(WakeUp(self.delivered(session), session.id), "w1")
                if outcome != "lost lease" and session.token:
                    self.commit_claim(self.claims[-1], fails=outcome == "failure")
                self.all_is_as_the_model_says()

    def poison(self, dice: Random) -> None:
        """A message ends every worker that begins it."""
        session = dice.choice(self.sessions)
        if not session.mailbox:
            return
        head = session.mailbox[0]
        for _ in range(MAX_ATTEMPTS + 1):
            if session.mailbox and session.mailbox[0] is head:
                self.claim_with(WakeUp(self.delivered(session), session.id), "w3")
        assert session.history[-1].id == head.id
        assert session.history[-1].code == "gave_up"

    def delivered(self, session: Session) -> str:
        """The session's wake-up, after some worker was given it."""
        while session.entry not in self.hands.pending_entries():
            assert self.hands.read("w3")
        return session.entry

    # --- What must be stored --------------------------------------------------------------------------------

    def stored_now(self, session: Session) -> Stored:
        return self.hands.stored(session.id)

    @invariant()
    def all_is_as_the_model_says(self) -> None:
        found = self.hands.check()
        assert set(found) == {session.id for session in self.sessions if not session.gone}
        for session in self.sessions:
            session.entry = found[session.id].head.get("wake", "") if not session.gone else ""
            if not session.gone:
                self.compare(session, found[session.id])

    @staticmethod
    def compare(session: Session, stored: Stored) -> None:
        assert int(stored.head["rev"]) == session.rev, "each event takes exactly one rev"
        assert [message["id"] for message in stored.mailbox] == [message.id for message in session.mailbox]
        assert stored.reply.get("token", "") == session.token
        assert stored.reply.get("text", "") == session.written
        assert [
            (
                message["id"],
                message["text"],
                message["source"],
                message.get("to", ""),
                message.get("code", ""),
                bool(message.get("replaced")),
                message.get("rating", ""),
            )
            for message in stored.history
        ] == [
            (message.id, message.text, message.source, message.to, message.code, message.replaced, message.rating)
            for message in session.history
        ]

    def drain(self) -> None:
        """One healthy worker comes and answers everything; then each accepted message has its one outcome."""
        self.all_is_as_the_model_says()
        order = {session.id: [message.id for message in session.mailbox] for session in self.sessions}
        for session in self.sessions:
            while session.mailbox:
                rounds = len(session.mailbox)
                self.claim_with(WakeUp(self.delivered(session), session.id), "healthy")
                if session.token:
                    self.commit_claim(self.claims[-1], fails=False)
                assert len(session.mailbox) == rounds - 1
                self.all_is_as_the_model_says()
        found = self.hands.check()
        assert self.hands.read("healthy") is None
        assert self.hands.pending_entries() == {}
        assert self.hands.client.xlen(keys.stream(0)) == 0
        for session in self.sessions:
            if session.gone:
                continue
            humans = [
                message["id"]
                for message in found[session.id].history
                if message["source"] == "human" and not message.get("replaced")
            ]
            ended = [*humans, *session.cancelled, *session.edited]
            assert sorted(ended) == sorted(session.sent), "one outcome for each"
            assert [name for name in humans if name in order[session.id]] == order[session.id]


@pytest.mark.timeout(0 if profile == "long" else 120)
def test_every_interleaving_keeps_the_promises(each_redis: RedisServer) -> None:
    use_chat(
        max_pending=MAX_PENDING,
        max_queue=MAX_QUEUE,
        max_attempts=MAX_ATTEMPTS,
        context_messages=CONTEXT,
        messages_per_minute=1_000_000,
    )

    class OnThisServer(Races):
        server = each_redis

    run_state_machine_as_test(OnThisServer, settings=PROFILES[profile])
