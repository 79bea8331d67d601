"""Whatever is lost, doubled or late on the way: a client sees a state that was true, or the gap is noticed."""

from dataclasses import dataclass, field, replace
from itertools import count
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from chat import events
from chat.continuity import Continuity, Verdict
from chat.errors import ModelError
from chat.events import Event, StoredMessage


@dataclass(frozen=True)
class Seen:
    """What a client shows of a session."""

    pending: tuple[str, ...] = ()
    messages: tuple[tuple[str, str], ...] = ()
    """Id and text (or code) of what has come to its end, oldest first."""
    reply: str = ""
    text: str = ""


class Client:
    """The simplest client: `session` replaces everything, `delta` appends."""

    def __init__(self) -> None:
        self.seen = Seen()

    def session(self, seen: Seen) -> None:
        self.seen = seen

    def take(self, frame: dict[str, Any]) -> None:
        seen = self.seen
        match frame["type"]:
            case "queued":
                self.seen = replace(seen, pending=(*seen.pending, frame["message"]["id"]))
            case "started":
                self.seen = replace(seen, reply=frame["id"], text="")
            case "delta":
                so_far = seen.text if seen.reply == frame["id"] else ""
                self.seen = replace(seen, reply=frame["id"], text=so_far + frame["text"])
            case "replied":
                self._end(frame["to"], frame["message"]["id"], frame["message"]["text"])
            case "failed":
                self._end(frame["to"], frame["to"], frame["code"])
            case "cancelled":
                pending = tuple(message_id for message_id in seen.pending if message_id != frame["id"])
                self.seen = replace(seen, pending=pending)

    def _end(self, to: str, message_id: str, text: str) -> None:
        pending = tuple(waiting for waiting in self.seen.pending if waiting != to)
        self.seen = Seen(pending, (*self.seen.messages, (message_id, text)))


@dataclass
class Truth:
    """A session as the scripts keep it, the events that were published, and all that was ever true."""

    rev: int = 0
    seen: Seen = Seen()
    published: list[Event] = field(default_factory=list)
    was_true: dict[int, set[Seen]] = field(default_factory=lambda: {0: {Seen()}})
    unannounced: bool = False
    """The reply in progress has not been told yet: its first piece will stand for `started`."""
    handed_back: Seen = Seen()
    """With the reply that was handed back and that nobody has begun anew."""
    late: list[Event] = field(default_factory=list)
    """Pieces that were stored and will be published after whatever comes next."""
    numbers: Any = field(default_factory=lambda: count(1))

    def tell(self, seen: Seen, *told: Event) -> None:
        self.seen = seen
        states = self.was_true.setdefault(self.rev, set())
        states.add(seen)
        if self.handed_back.reply:
            states.add(replace(seen, reply=self.handed_back.reply, text=self.handed_back.text))
        self.published += told

    def queue(self) -> None:
        name = f"m{next(self.numbers)}"
        self.rev += 1
        message = StoredMessage(id=name, source="human", text="hi", timestamp="")
        pending = (*self.seen.pending, name)
        self.tell(replace(self.seen, pending=pending), events.queued(self.rev, message, len(pending) - 1))

    def cancel(self) -> None:
        if len(self.seen.pending) > 1:
            *pending, last = self.seen.pending
            self.rev += 1
            self.tell(replace(self.seen, pending=tuple(pending)), events.cancelled(self.rev, last))

    def start(self, announced: bool) -> None:
        """A worker begins, or another one begins anew."""
        if self.seen.pending:
            self.rev += 1
            reply = f"r{next(self.numbers)}"
            self.handed_back = Seen()
            told = [events.started(self.rev, reply, self.seen.pending[0])] if announced else []
            self.unannounced = not announced
            self.tell(replace(self.seen, reply=reply, text=""), *told)

    def write(self, piece: str, late: bool) -> None:
        if self.seen.reply:
            seen, to = self.seen, self.seen.pending[0]
            event = events.delta(
                seen.reply,
                len(seen.text),
                piece,
                to=to,
                started_rev=self.rev_of_start(),
                announces=self.unannounced,
            )
            self.unannounced = False
            self.tell(replace(seen, text=seen.text + piece), *([] if late else [event]))
            self.late += [event] if late else []

    def rev_of_start(self) -> int:
        return min(rev for rev, states in self.was_true.items() if self.seen.reply in {s.reply for s in states})

    def end(self, how: str) -> None:
        """A reply, a stopped reply or a failure."""
        if self.seen.reply:
            seen, to = self.seen, self.seen.pending[0]
            self.rev += 1
            if how == "failed":
                event = events.failed(self.rev, to, ModelError())
                ended = (to, ModelError.code)
            else:
                text = seen.text + ("." if how == "replied" else "")
                message = StoredMessage(id=seen.reply, source="bot", text=text, timestamp="", finish="stop")
                event = events.replied(self.rev, to, message)
                ended = (seen.reply, text)
            self.tell(Seen(seen.pending[1:], (*seen.messages, ended)), event)
            self.publish_late()

    def hand_back(self) -> None:
        """The only change without a rev: clients show the text so far until somebody begins anew."""
        if self.seen.reply:
            self.handed_back = self.seen
            self.tell(replace(self.seen, reply="", text=""))

    def publish_late(self) -> None:
        self.published += self.late
        self.late = []


MOVES = st.one_of(
    st.tuples(st.just("queue")),
    st.tuples(st.just("cancel")),
    st.tuples(st.just("start"), st.booleans()),
    st.tuples(st.just("write"), st.sampled_from(["a", "bc", "😀 é"]), st.booleans()),
    st.tuples(st.just("end"), st.sampled_from(["replied", "stopped", "failed"])),
    st.tuples(st.just("hand_back")),
    st.tuples(st.just("publish_late")),
)
# What reaches the client after a move: how far behind the newest each event is (0 is the newest, the same one may
# come again), and whether the client reads the session then.
ARRIVALS = st.lists(st.integers(0, 5), max_size=4)
READS = st.sampled_from([False, False, False, True])


def reset(continuity: Continuity, client: Client, truth: Truth) -> None:
    """The client is sent the session as it is now."""
    seen = truth.seen
    client.session(seen)
    continuity.reset(rev=truth.rev, due=set(seen.pending), reply=seen.reply, size=len(seen.text))


def offer(continuity: Continuity, client: Client, event: Event) -> Verdict:
    verdict = continuity.offer(Event.from_layer(event.to_layer()))
    if verdict is Verdict.SEND:
        client.take(orjson.loads(event.frame))
    return verdict


def assert_was_true(continuity: Continuity, client: Client, truth: Truth) -> None:
    seen = client.seen
    true = [state for state in truth.was_true[continuity.rev] if state.reply == seen.reply]
    assert any(
        (state.pending, state.messages) == (seen.pending, seen.messages) and state.text.startswith(seen.text)
        for state in true
    ), "the client shows what never was"
    assert (continuity.reply, continuity.size) == (seen.reply, len(seen.text))
    assert continuity.due == set(seen.pending)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(st.lists(st.tuples(MOVES, ARRIVALS, READS), max_size=40))
def test_a_client_never_shows_what_never_was(steps: list[tuple[Any, list[int], bool]]) -> None:
    truth, continuity, client = Truth(), Continuity(), Client()
    reset(continuity, client, truth)
    for (name, *details), arrivals, reads in steps:
        getattr(truth, name)(*details)
        for behind in arrivals:
            if len(truth.published) > behind:
                offer(continuity, client, truth.published[-1 - behind])
                assert_was_true(continuity, client, truth)
        if reads:
            reset(continuity, client, truth)
            assert_was_true(continuity, client, truth)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(MOVES, max_size=40))
def test_nothing_is_held_up_when_all_events_come_in_order(moves: list[tuple[Any, ...]]) -> None:
    truth, continuity, client = Truth(), Continuity(), Client()
    reset(continuity, client, truth)
    told = 0
    for name, *details in moves:
        if name in ("start", "end", "hand_back"):
            # The order in which a worker that loses nothing publishes.
            truth.publish_late()
        if name == "start":
            # Or the end of a reply without a word would be the first that is told of it.
            truth.start(announced=True)
        else:
            getattr(truth, name)(*details)
        for event in truth.published[told:]:
            assert offer(continuity, client, event) is Verdict.SEND
        told = len(truth.published)
    truth.publish_late()
    for event in truth.published[told:]:
        assert offer(continuity, client, event) is Verdict.SEND
    shown = replace(truth.seen, reply=client.seen.reply, text=client.seen.text)
    assert client.seen == shown
    assert client.seen == truth.seen or not truth.seen.reply


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(st.lists(MOVES, max_size=40), st.data())
def test_what_was_published_before_a_session_was_read_is_no_gap_after_it(
    moves: list[tuple[Any, ...]], data: st.DataObject
) -> None:
    """Or the session would be read again, and again, because of one event that is only late."""
    truth, continuity, client = Truth(), Continuity(), Client()
    for name, *details in moves:
        getattr(truth, name)(*details)
    truth.publish_late()
    reset(continuity, client, truth)
    for event in data.draw(st.permutations(truth.published)):
        assert offer(continuity, client, event) is not Verdict.GAP
    assert client.seen == truth.seen


def test_nothing_goes_out_before_the_session() -> None:
    continuity = Continuity()
    for event in (
        events.started(1, "r", "m"),
        events.delta("r", 0, "a", to="m", started_rev=5),
        events.cancelled(0, "m"),
    ):
        assert continuity.offer(event) is Verdict.GAP


def test_a_lost_event_is_a_gap() -> None:
    continuity = Continuity()
    continuity.reset(rev=4, due=set(), reply="", size=0)
    assert continuity.offer(events.started(6, "r", "m")) is Verdict.GAP
    assert continuity.offer(events.started(5, "r", "m")) is Verdict.SEND
    assert continuity.offer(events.delta("r", 1, "b", to="m", started_rev=5)) is Verdict.GAP
    assert continuity.offer(events.delta("r", 0, "a", to="m", started_rev=5)) is Verdict.SEND
    assert continuity.offer(events.delta("r", 1, "b", to="m", started_rev=5)) is Verdict.SEND
    assert continuity.offer(events.delta("r", 0, "a", to="m", started_rev=5)) is Verdict.DROP


def test_a_piece_that_overlaps_what_the_client_has_is_a_gap() -> None:
    continuity = Continuity()
    continuity.reset(rev=1, due={"m"}, reply="r", size=2)
    assert continuity.offer(events.delta("r", 1, "bcd", to="m", started_rev=1)) is Verdict.GAP


def test_a_first_piece_stands_for_the_beginning() -> None:
    continuity = Continuity()
    continuity.reset(rev=1, due={"m"}, reply="", size=0)
    first = events.delta("r", 0, "ab", to="m", started_rev=2, announces=True)
    assert continuity.offer(first) is Verdict.SEND
    assert continuity.offer(first) is Verdict.DROP
    assert (continuity.rev, continuity.reply, continuity.size) == (2, "r", 2)


def test_a_piece_after_the_end_of_its_reply_is_late_and_no_gap() -> None:
    continuity = Continuity()
    continuity.reset(rev=1, due={"m"}, reply="r", size=2)
    stopped = StoredMessage(id="r", source="bot", text="abcd", timestamp="", finish="stopped")
    assert continuity.offer(events.replied(2, "m", stopped)) is Verdict.SEND
    assert continuity.offer(events.delta("r", 2, "cd", to="m", started_rev=1)) is Verdict.DROP


def test_a_late_piece_of_an_earlier_attempt_is_no_gap() -> None:
    """A worker that was frozen past its lease wakes up and publishes what it had stored before."""
    continuity = Continuity()
    continuity.reset(rev=2, due={"m"}, reply="r1", size=2)
    assert continuity.offer(events.started(3, "r2", "m")) is Verdict.SEND
    assert continuity.offer(events.delta("r1", 2, "cd", to="m", started_rev=2)) is not Verdict.SEND
    continuity.reset(rev=3, due={"m"}, reply="r2", size=0)
    assert continuity.offer(events.delta("r1", 2, "cd", to="m", started_rev=2)) is Verdict.DROP
