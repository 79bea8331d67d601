"""A growing reply: first to Redis, then to the listeners; at once, then coalesced, always in order."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext

import orjson
import pytest

from chat import queue
from chat.events import Event
from chat.queue import Claim
from chat.redis_client import shared_connection
from inference_worker import reply_writer
from inference_worker.reply_writer import ReplyWriter, TakenOver
from tests.invariants import Hands
from tests.servers import RedisServer

NEVER_S = 3600.0
PATIENCE_S = 10.0


class Audience:
    """Those who listen to one reply."""

    def __init__(self, hands: Hands) -> None:
        self.hands = hands
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.lost = asyncio.Event()
        self.stored: list[str] = []
        """The reply in Redis at the time of each event."""

    async def publish(self, event: Event) -> None:
        # An event takes the way of the scripts. It also holds the writer up as a busy channel layer would: what
        # was added meanwhile must not overtake.
        await shared_connection().call("PING")
        (session,) = self.hands.check().values()
        self.stored.append(session.reply.get("text", ""))
        await self.events.put(event)

    async def hear(self) -> tuple[str, int, str]:
        """Kind, offset and text of the next event."""
        event = await asyncio.wait_for(self.events.get(), PATIENCE_S)
        return event.kind, event.offset, orjson.loads(event.frame).get("text", "")


@pytest.fixture
def hands(redis_server: RedisServer, async_redis: None) -> Hands:
    return Hands(redis_server.client())


@pytest.fixture
def audience(hands: Hands) -> Audience:
    return Audience(hands)


@pytest.fixture
async def claim(hands: Hands) -> Claim:
    await hands.send(hands.begin())
    return await hands.work("w1")


@pytest.fixture
async def write(claim: Claim, audience: Audience) -> AsyncIterator[Callable[[], ReplyWriter]]:
    """Makes the writer, after a test has set its times."""
    made: list[ReplyWriter] = []

    def make() -> ReplyWriter:
        made.append(ReplyWriter(claim, audience.publish, lambda event: None, audience.lost.set))
        return made[-1]

    yield make
    for writer in made:
        writer.close()


@pytest.fixture
def no_announcement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reply_writer, "ANNOUNCE_AFTER_S", NEVER_S)


@pytest.fixture
def no_timer(monkeypatch: pytest.MonkeyPatch, no_announcement: None) -> None:
    """Pieces after the first stay in the writer."""
    monkeypatch.setattr(reply_writer, "FLUSH_INTERVAL_S", NEVER_S)


@pytest.mark.usefixtures("no_timer")
async def test_the_first_piece_goes_out_at_once_and_stands_for_the_beginning(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter]
) -> None:
    # A script that the server does not know yet takes a second round trip.
    await queue.flush(claim, 0, "")
    await write().add("Hello 😀")
    event = audience.events.get_nowait()
    assert (event.kind, event.rev, event.to) == ("delta", claim.rev, claim.message["id"])
    assert orjson.loads(event.frame) == {
        "type": "delta",
        "id": claim.reply,
        "offset": 0,
        "text": "Hello 😀",
        "rev": claim.rev,
        "to": claim.message["id"],
    }
    # It was stored before anybody was told.
    assert audience.stored == ["Hello 😀"]


@pytest.mark.usefixtures("no_timer")
async def test_later_pieces_wait_for_each_other(
    audience: Audience, write: Callable[[], ReplyWriter], claim: Claim
) -> None:
    writer = write()
    for piece in ("a", "b", "c"):
        await writer.add(piece)
    assert audience.events.qsize() == 1
    assert audience.hands.stored(claim.session_id).reply["text"] == "a"
    assert writer.text == "abc"


@pytest.mark.usefixtures("no_announcement")
async def test_pieces_that_waited_go_out_together(audience: Audience, write: Callable[[], ReplyWriter]) -> None:
    writer = write()
    for piece in ("😀", "b", "c"):
        await writer.add(piece)
    assert await audience.hear() == ("delta", 0, "😀")
    kind, offset, text = await audience.hear()
    assert (kind, offset) == ("delta", 1)
    # Where the machine was slow, "c" comes after "b".
    assert text == "bc" or (text, await audience.hear()) == ("b", ("delta", 2, "c"))
    assert audience.stored[-1] == "😀bc"


@pytest.mark.usefixtures("no_announcement")
@pytest.mark.parametrize("interval_s", [0.0, 0.0005, 0.002])
async def test_pieces_never_overtake_each_other(
    audience: Audience,
    write: Callable[[], ReplyWriter],
    claim: Claim,
    monkeypatch: pytest.MonkeyPatch,
    interval_s: float,
) -> None:
    monkeypatch.setattr(reply_writer, "FLUSH_INTERVAL_S", interval_s)
    writer = write()
    pieces = [f"{number}é😀"[: 1 + number % 4] for number in range(100)]
    for number, piece in enumerate(pieces):
        await writer.add(piece)
        if number % 7 == 0:
            await asyncio.sleep(interval_s)
    whole = "".join(pieces)
    told = ""
    while len(told) < len(whole):
        kind, offset, text = await audience.hear()
        assert (kind, offset) == ("delta", len(told))
        told += text
        assert audience.stored.pop(0).startswith(told)
    assert told == whole == await writer.finish()
    assert audience.hands.stored(claim.session_id).reply["text"] == whole


@pytest.mark.usefixtures("no_announcement")
async def test_two_that_add_at_once_do_not_mix(
    audience: Audience, write: Callable[[], ReplyWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reply_writer, "FLUSH_INTERVAL_S", 0.0)
    writer = write()
    await asyncio.gather(*(writer.add(str(number)) for number in range(10)))
    told = ""
    while len(told) < 10:
        _, offset, text = await audience.hear()
        assert offset == len(told)
        told += text
    assert told == "0123456789"


async def test_a_reply_whose_first_piece_is_late_is_announced(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter]
) -> None:
    writer = write()
    event = await asyncio.wait_for(audience.events.get(), PATIENCE_S)
    assert (event.kind, event.rev, event.reply, event.to) == (
        "started",
        claim.rev,
        claim.reply,
        claim.message["id"],
    )
    await writer.add("a")
    event = await asyncio.wait_for(audience.events.get(), PATIENCE_S)
    # The rev was told; a second event with it would be dropped.
    assert (event.kind, event.rev, event.offset) == ("delta", 0, 0)


@pytest.mark.usefixtures("no_timer")
async def test_a_refused_piece_ends_the_writing(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter]
) -> None:
    writer = write()
    await audience.hands.stop(claim.session_id)
    with pytest.raises(TakenOver):
        await writer.add("a")


@pytest.mark.usefixtures("no_timer")
async def test_a_piece_is_told_only_if_it_was_stored(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter]
) -> None:
    writer = write()
    await audience.hands.stop(claim.session_id)
    with pytest.raises(TakenOver):
        await writer.add("a")
    assert audience.events.empty()


@pytest.mark.usefixtures("no_timer")
@pytest.mark.parametrize("stopped", [False, True])
async def test_the_first_piece_is_told_by_the_script_that_stores_it(
    claim: Claim, audience: Audience, redis_server: RedisServer, stopped: bool
) -> None:
    ear = redis_server.client().pubsub(ignore_subscribe_messages=True)
    ear.subscribe("ear")
    ear.get_message(timeout=PATIENCE_S)
    writer = ReplyWriter(claim, audience.publish, lambda event: ("ear", event.frame.encode()), audience.lost.set)
    if stopped:
        await audience.hands.stop(claim.session_id)
    with pytest.raises(TakenOver) if stopped else nullcontext():
        await writer.add("Hello")
    redis_server.client().publish("ear", '{"text": "end"}')
    told = [orjson.loads(heard["data"])["text"] for heard in iter(lambda: ear.get_message(timeout=0.2), None)]
    assert told == ["end"] if stopped else ["Hello", "end"]
    assert audience.events.empty()
    writer.close()
    ear.close()


@pytest.mark.usefixtures("no_announcement")
async def test_a_piece_refused_in_the_background_is_reported(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reply_writer, "FLUSH_INTERVAL_S", 0.2)
    writer = write()
    await writer.add("a")
    await writer.add("b")
    await audience.hands.stop(claim.session_id)
    await asyncio.wait_for(audience.lost.wait(), PATIENCE_S)
    assert audience.events.qsize() == 1


@pytest.mark.usefixtures("no_announcement")
async def test_a_writer_whose_work_was_taken_over_leaves_the_new_reply_alone(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reply_writer, "FLUSH_INTERVAL_S", 0.0)
    writer = write()
    await writer.add("old")
    wake_up = audience.hands.take_over("w2")
    assert wake_up
    other = await audience.hands.claim(wake_up, "w2")
    assert isinstance(other, Claim)
    with pytest.raises(TakenOver):
        await writer.add(" text")
    assert audience.hands.stored(claim.session_id).reply["text"] == ""


@pytest.mark.usefixtures("no_announcement")
async def test_finishing_gives_the_whole_text_and_sends_nothing(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter]
) -> None:
    writer = write()
    for piece in "abc":
        await writer.add(piece)
    assert await writer.finish() == "abc"
    audience.hands.client.ping()
    assert audience.stored == ["a"]
    assert await audience.hear() == ("delta", 0, "a")
    assert audience.events.empty()


@pytest.mark.usefixtures("no_announcement")
async def test_nothing_is_written_after_the_finish_by_a_timer_that_went_off_just_before(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter]
) -> None:
    """A late flush would be refused after the commit and end the turn before it has told the outcome."""
    writer = write()
    await writer.add("a")
    loop = asyncio.get_running_loop()
    awake = loop.create_future()
    # Goes off in the same turn of the loop as the writer's own timer, and before it.
    loop.call_later(reply_writer.FLUSH_INTERVAL_S / 4, awake.set_result, None)
    await writer.add("b")
    time.sleep(2 * reply_writer.FLUSH_INTERVAL_S)  # noqa: ASYNC251 - the loop is busy with something else
    await awake
    assert await writer.finish() == "ab"
    audience.events.get_nowait()
    await audience.hands.reply(claim, "ab")
    for _ in range(20):
        await audience.hands.renew([])
    assert not audience.lost.is_set()
    assert audience.events.empty()


@pytest.mark.usefixtures("no_announcement")
async def test_a_reply_that_ends_before_its_first_piece_was_announced(
    claim: Claim, audience: Audience, write: Callable[[], ReplyWriter]
) -> None:
    """A model that fails at once: without `started`, clients miss the rev before that of the failure."""
    writer = write()
    assert await writer.finish() == ""
    event = audience.events.get_nowait()
    assert (event.kind, event.rev) == ("started", claim.rev)


async def test_a_closed_writer_stays_silent(
    audience: Audience, write: Callable[[], ReplyWriter], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reply_writer, "ANNOUNCE_AFTER_S", 0.0)
    write().close()
    for _ in range(20):
        await audience.hands.renew([])
    assert audience.events.empty()
