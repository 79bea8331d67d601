"""The queue's scripts on a real Redis of each kind. `hands` checks every invariant after every move."""

from collections.abc import Callable
from typing import Any

import pytest

from chat import keys, queue, sessions
from chat.errors import Busy, ModelError, ModelUnavailable, NotFound, QueueFull, RateLimited, SessionExpired
from chat.queue import Claim, GivenUp, WakeUp
from tests.invariants import Hands
from tests.servers import RedisServer

ID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture
def hands(each_redis: RedisServer, async_redis: None) -> Hands:
    return Hands(each_redis.client())


def everything(hands: Hands) -> dict[str, Any]:
    """All keys with their contents, to see that nothing was changed. What counts refusals is left out."""
    found = {key: hands.client.dump(key) for key in hands.client.scan_iter("*")}
    counted: Any = hands.client.hgetall(keys.counters(0))
    found[keys.counters(0)] = {name: number for name, number in counted.items() if not name.startswith("refused:")}
    return found | {"entries": hands.client.xrange(keys.stream(0)), "delivered": hands.pending_entries()}


# --- accept ----------------------------------------------------------------------------------------------------


async def test_an_accepted_message_waits_with_the_time_of_the_server(hands: Hands) -> None:
    session_id = hands.begin()
    accepted = await hands.accept(session_id, "hello", ID)
    assert accepted
    assert (accepted.is_new, accepted.rev, accepted.position) == (True, 1, 0)
    assert hands.stored(session_id).mailbox == [accepted.message]
    assert accepted.message["text"] == "hello"
    assert accepted.message["timestamp"].endswith("Z")


async def test_positions_count_what_waits_in_front(hands: Hands) -> None:
    session_id = hands.begin()
    assert [(await hands.accept(session_id)).position for _ in range(3)] == [0, 1, 2]  # type: ignore[union-attr]
    await hands.work()
    # The message that is being answered does not wait any more.
    accepted = await hands.accept(session_id)
    assert accepted
    assert accepted.position == 2


async def test_a_second_message_adds_no_second_wake_up(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    await hands.send(session_id)
    assert hands.client.xlen(keys.stream(0)) == 1


async def test_the_same_id_while_it_waits_is_queued_once(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    first = await hands.accept(session_id, "once", ID)
    again = await hands.accept(session_id, "once", ID)
    assert first
    assert again
    assert not again.is_new
    assert (again.rev, again.position, again.message) == (first.rev, first.position, first.message)
    assert len(hands.stored(session_id).mailbox) == 2
    await hands.work()
    moved_up = await hands.accept(session_id, "once", ID)
    assert moved_up
    assert moved_up.position == 0


async def test_the_same_id_after_its_answer_changes_nothing(hands: Hands) -> None:
    session_id = hands.begin()
    answered, _ = await hands.answer(session_id)
    failed = await hands.send(session_id)
    await hands.fail(await hands.work(), ModelError())
    cancelled = await hands.send(session_id)
    await hands.cancel(session_id, cancelled)
    for message_id in (answered, failed, cancelled):
        before = everything(hands)
        assert await hands.accept(session_id, "again", message_id) is None
        assert everything(hands) == before


async def test_a_full_mailbox_refuses_and_changes_nothing(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(max_pending=2)
    session_id = hands.begin()
    await hands.send(session_id)
    await hands.send(session_id)
    before = everything(hands)
    with pytest.raises(QueueFull):
        await hands.accept(session_id)
    assert everything(hands) == before
    await hands.reply(await hands.work())
    await hands.send(session_id)


async def test_a_full_service_refuses_all_sessions_and_changes_nothing(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(max_queue=2)
    busy, other = hands.begin(), hands.begin()
    await hands.send(busy)
    await hands.send(busy)
    before = everything(hands)
    with pytest.raises(Busy) as refused:
        await hands.accept(other)
    assert refused.value.retry_after_s
    assert everything(hands) == before
    await hands.reply(await hands.work())
    await hands.send(other)


async def test_too_many_messages_a_minute_are_refused_with_a_time(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(messages_per_minute=2)
    session_id, other = hands.begin(), hands.begin()
    first = await hands.send(session_id)
    await hands.send(session_id)
    before = hands.stored(session_id)
    with pytest.raises(RateLimited) as refused:
        await hands.accept(session_id)
    assert refused.value.retry_after_s
    assert 29 < refused.value.retry_after_s <= 30
    after = hands.stored(session_id)
    assert (after.mailbox, after.ids, after.head["rev"]) == (before.mailbox, before.ids, before.head["rev"])
    # A message that was accepted before costs nothing, and the limit is each session's own.
    assert await hands.accept(session_id, "hi", first)
    await hands.send(other)


async def test_the_limit_of_messages_grows_back_with_time(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(messages_per_minute=2)
    session_id = hands.begin()
    await hands.send(session_id)
    await hands.send(session_id)
    key = keys.session(session_id)
    bucket_ms = int(hands.client.hget(key, "bucket_ms") or 0)  # type: ignore[arg-type]
    hands.client.hset(key, "bucket_ms", str(bucket_ms - 30_000))
    await hands.send(session_id)
    with pytest.raises(RateLimited):
        await hands.send(session_id)
    # A server whose clock stepped back takes nothing away.
    hands.client.hset(key, "bucket_ms", str(bucket_ms + 3_600_000))
    with pytest.raises(RateLimited) as refused:
        await hands.send(session_id)
    assert refused.value.retry_after_s
    assert refused.value.retry_after_s <= 30


async def test_a_session_that_does_not_exist_accepts_nothing(hands: Hands) -> None:
    with pytest.raises(SessionExpired):
        await hands.accept("no-such-session-here")
    assert hands.check() == {}
    assert hands.client.xlen(keys.stream(0)) == 0


def test_views_accept_like_sockets(hands: Hands) -> None:
    session_id = hands.begin()
    accepted = queue.accept_sync(session_id, ID, "hello")
    again = queue.accept_sync(session_id, ID, "hello")
    assert accepted
    assert again
    assert (accepted.is_new, again.is_new) == (True, False)
    assert hands.stored(session_id).mailbox == [accepted.message]


# --- claim -----------------------------------------------------------------------------------------------------


async def test_messages_are_claimed_in_the_order_they_were_accepted(hands: Hands) -> None:
    session_id = hands.begin()
    sent = [await hands.send(session_id, text) for text in "abc"]
    answered = []
    while wake_up := hands.read():
        claim = await hands.claim(wake_up)
        assert isinstance(claim, Claim)
        answered.append(claim.message["id"])
        await hands.reply(claim)
    assert answered == sent


async def test_a_session_is_answered_by_one_worker_at_a_time(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    await hands.send(session_id)
    await hands.work("w1")
    assert hands.read("w2") is None


async def test_a_claim_gives_the_last_four_messages_without_failed_and_replaced_ones(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.answer(session_id, "one", "1")
    await hands.answer(session_id, "two", "2")
    await hands.send(session_id, "fails")
    await hands.fail(await hands.work(), ModelError(), "partial")
    message_id, _ = await hands.answer(session_id, "three", "bad")
    await hands.retry(session_id, message_id)
    claim = await hands.work()
    assert claim.message["text"] == "three"
    assert [said["text"] for said in claim.context] == ["one", "1", "two", "2"]
    await hands.reply(claim, "3")
    await hands.send(session_id, "four")
    claim = await hands.work()
    assert [said["text"] for said in claim.context] == ["two", "2", "three", "3"]
    assert [said["source"] for said in claim.context] == ["human", "bot", "human", "bot"]


async def test_a_first_message_has_no_context(hands: Hands) -> None:
    await hands.send(hands.begin())
    assert (await hands.work()).context == []


async def test_the_size_of_the_context_is_a_setting(hands: Hands, chat_settings: Callable[..., None]) -> None:
    session_id = hands.begin()
    for text in "abc":
        await hands.answer(session_id, text, text.upper())
    await hands.send(session_id)
    wake_up = hands.read()
    assert wake_up
    for size, expected in ((0, ""), (1, "C"), (2, "cC"), (6, "aAbBcC"), (100, "aAbBcC")):
        chat_settings(context_messages=size, max_attempts=10)
        claim = await hands.claim(wake_up)
        assert isinstance(claim, Claim)
        assert "".join(said["text"] for said in claim.context) == expected


async def test_the_same_claim_again_gives_the_same_answer(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.answer(session_id)
    await hands.send(session_id)
    wake_up = hands.read()
    assert wake_up
    claim = await hands.claim(wake_up, token="t1")
    assert isinstance(claim, Claim)
    await hands.flush(claim, 0, "some")
    assert await hands.claim(wake_up, token="t1") == claim
    stored = hands.stored(session_id)
    assert (stored.reply["text"], stored.reply["attempt"]) == ("some", "1")


async def test_the_same_claim_again_tells_the_rev_of_its_beginning(hands: Hands) -> None:
    """Another event has the newer rev: two events with one rev would hide one from the clients."""
    session_id = hands.begin()
    await hands.send(session_id)
    wake_up = hands.read()
    assert wake_up
    claim = await hands.claim(wake_up, token="t1")
    await hands.send(session_id)
    assert await hands.claim(wake_up, token="t1") == claim


async def test_a_new_claim_of_the_same_work_voids_the_one_before(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    frozen = await hands.work("w1")
    await hands.flush(frozen, 0, "old")
    wake_up = hands.take_over("w2")
    assert wake_up
    claim = await hands.claim(wake_up, "w2")
    assert isinstance(claim, Claim)
    assert (claim.attempt, claim.rev) == (2, frozen.rev + 1)
    stored = hands.stored(session_id)
    assert (stored.reply["text"], stored.reply["worker"]) == ("", "w2")
    assert not await hands.flush(frozen, 3, " text")
    assert await hands.reply(frozen) is None
    assert await hands.fail(frozen, ModelError()) is None
    assert not await hands.hand_back(frozen)
    assert await hands.reply(claim, "new")
    assert await hands.reply(frozen) is None
    assert hands.texts(session_id) == ["hi", "new"]


async def test_an_entry_that_is_not_the_sessions_is_dropped(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    stray = str(hands.client.xadd(keys.stream(0), {"s": session_id}))
    assert await queue.claim(WakeUp(stray, session_id), worker="w1", token="t", reply="r") is None
    assert (await hands.work()).session_id == session_id
    stray = str(hands.client.xadd(keys.stream(0), {"s": session_id}))
    hands.client.xreadgroup(keys.GROUP, "w1", {keys.stream(0): ">"})
    assert await queue.claim(WakeUp(stray, session_id), worker="w1", token="t", reply="r") is None
    hands.check()


async def test_an_entry_of_a_session_that_is_gone_is_dropped(hands: Hands) -> None:
    stray = str(hands.client.xadd(keys.stream(0), {"s": "no-such-session-here"}))
    hands.client.xreadgroup(keys.GROUP, "w1", {keys.stream(0): ">"})
    wake_up = WakeUp(stray, "no-such-session-here")
    assert await queue.claim(wake_up, worker="w1", token="t", reply="r") is None
    assert hands.check() == {}


async def test_an_entry_that_was_answered_is_dropped(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    await hands.send(session_id)
    wake_up = hands.read()
    assert wake_up
    claim = await hands.claim(wake_up)
    assert isinstance(claim, Claim)
    await hands.reply(claim)
    rev = hands.rev(session_id)
    assert await hands.claim(wake_up) is None
    assert hands.rev(session_id) == rev
    assert await hands.work()


async def test_a_message_that_ended_three_workers_is_given_up_and_the_session_goes_on(hands: Hands) -> None:
    session_id = hands.begin()
    poison = await hands.send(session_id, "poison")
    await hands.send(session_id, "next")
    claim = await hands.work("w1")
    for attempt in (2, 3):
        wake_up = hands.take_over(f"w{attempt}")
        assert wake_up
        taken = await hands.claim(wake_up, f"w{attempt}")
        assert isinstance(taken, Claim)
        assert taken.attempt == attempt
    wake_up = hands.take_over("w4")
    assert wake_up
    rev = hands.rev(session_id)
    assert await hands.claim(wake_up, "w4") == GivenUp(rev + 1, poison)
    assert await hands.reply(claim) is None

    (_, letter), *others = hands.client.xrange(keys.dead_letters(0))  # type: ignore[misc]
    assert not others
    assert (letter["session"], letter["reason"], letter["attempts"]) == (session_id, "gave_up", "3")
    assert poison in letter["message"]
    (failed,) = hands.visible(session_id)
    assert (failed["id"], failed["code"]) == (poison, "gave_up")
    assert failed["detail"]

    following = await hands.work()
    assert (following.message["text"], following.attempt) == ("next", 1)
    await hands.reply(following)
    await hands.retry(session_id, poison)
    again = await hands.work()
    assert (again.message["id"], again.attempt) == (poison, 1)
    await hands.reply(again, "at last")
    assert hands.texts(session_id) == ["next", "yes", "poison", "at last"]


# --- flush -----------------------------------------------------------------------------------------------------


async def test_pieces_are_appended_at_their_offset_once(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    claim = await hands.work()
    for offset, piece in ((0, "Grüße 😀"), (0, "Grüße 😀"), (7, " und"), (7, " und"), (0, "Grüße 😀"), (11, "!")):
        assert await hands.flush(claim, offset, piece)
    stored = hands.stored(session_id)
    assert (stored.reply["text"], stored.reply["size"]) == ("Grüße 😀 und!", "12")


async def test_nobody_flushes_to_a_session_without_a_reply(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    claim = await hands.work()
    await hands.reply(claim)
    assert not await hands.flush(claim, 0, "late")
    hands.end(session_id)
    assert not await hands.flush(claim, 0, "late")
    assert hands.check() == {}


# --- commit ----------------------------------------------------------------------------------------------------


async def test_message_and_reply_enter_the_history_together(hands: Hands) -> None:
    session_id = hands.begin()
    message_id = await hands.send(session_id, "hello")
    claim = await hands.work()
    await hands.flush(claim, 0, "par")
    assert hands.visible(session_id) == []
    committed = await hands.reply(claim, "hello you")
    assert committed
    human, bot = hands.visible(session_id)
    assert (human["id"], human["text"]) == (message_id, "hello")
    assert (bot["id"], bot["to"], bot["text"], bot["finish"]) == (claim.reply, message_id, "hello you", "stop")
    assert bot["timestamp"] == committed.timestamp
    assert human["timestamp"] <= bot["timestamp"]
    assert committed.rev == claim.rev + 1
    assert hands.pending_entries() == {}
    assert hands.client.xlen(keys.stream(0)) == 0


async def test_sessions_take_turns(hands: Hands) -> None:
    busy, quiet = hands.begin(), hands.begin()
    for _ in range(3):
        await hands.send(busy)
    await hands.send(quiet)
    turns = []
    while wake_up := hands.read():
        claim = await hands.claim(wake_up)
        assert isinstance(claim, Claim)
        turns.append(claim.session_id)
        await hands.reply(claim)
    assert turns == [busy, quiet, busy, busy]


async def test_the_same_commit_again_gives_the_same_answer(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    claim = await hands.work()
    committed = await hands.reply(claim)
    assert committed
    await hands.send(session_id)
    assert await hands.reply(claim) == committed
    following = await hands.work()
    assert await hands.reply(claim) == committed
    await hands.reply(following)
    assert await hands.reply(claim) is None
    assert len(hands.visible(session_id)) == 4


async def test_the_same_failure_again_gives_the_same_answer(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    claim = await hands.work()
    committed = await hands.fail(claim, ModelError())
    assert committed
    assert await hands.fail(claim, ModelError()) == committed
    assert len(hands.visible(session_id)) == 1


async def test_a_failure_stands_alone_with_its_code_and_what_was_written(hands: Hands) -> None:
    session_id = hands.begin()
    message_id = await hands.send(session_id, "hello")
    await hands.send(session_id, "next")
    claim = await hands.work()
    await hands.flush(claim, 0, "hal")
    await hands.fail(claim, ModelUnavailable('Not "here", it says.\n'), "half")
    (failed,) = hands.visible(session_id)
    assert (failed["id"], failed["source"], failed["text"]) == (message_id, "human", "hello")
    assert (failed["code"], failed["detail"]) == ("model_unavailable", 'Not "here", it says.\n')
    assert failed["partial"] == "half"
    following = await hands.work()
    assert (following.message["text"], following.context) == ("next", [])


async def test_a_failure_before_the_first_word_keeps_no_partial(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    await hands.fail(await hands.work(), ModelError(), "")
    assert "partial" not in hands.visible(session_id)[0]


# --- hand_back -------------------------------------------------------------------------------------------------


async def test_work_that_is_handed_back_goes_to_another_worker_at_once(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    for turn in range(4):
        # More often than a message is attempted: handing back does not count.
        claim = await hands.work(f"w{turn}")
        assert claim.attempt == 1
        await hands.flush(claim, 0, "begun")
        assert await hands.hand_back(claim)
        snapshot = sessions.snapshot(session_id)
        assert snapshot
        assert snapshot.reply is None
        assert not await hands.flush(claim, 5, "more")
        assert await hands.reply(claim) is None
        assert not await hands.hand_back(claim)
    await hands.reply(await hands.work())
    assert hands.texts(session_id) == ["hi", "yes"]


async def test_handing_back_does_not_forget_earlier_attempts(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    await hands.work("w1")
    wake_up = hands.take_over("w2")
    assert wake_up
    second = await hands.claim(wake_up, "w2")
    assert isinstance(second, Claim)
    await hands.flush(second, 0, "begun")
    await hands.hand_back(second)
    snapshot = sessions.snapshot(session_id)
    assert snapshot
    assert snapshot.reply is None
    assert hands.stored(session_id).reply["text"] == ""
    with pytest.raises(NotFound):
        await hands.stop(session_id)
    assert (await hands.work("w3")).attempt == 2


async def test_a_message_that_was_handed_back_can_be_taken_back(hands: Hands) -> None:
    session_id = hands.begin()
    message_id = await hands.send(session_id)
    await hands.work("w1")
    wake_up = hands.take_over("w2")
    assert wake_up
    second = await hands.claim(wake_up, "w2")
    assert isinstance(second, Claim)
    await hands.hand_back(second)
    await hands.cancel(session_id, message_id)
    assert hands.read() is None
    await hands.send(session_id)
    assert (await hands.work()).attempt == 1


# --- stop ------------------------------------------------------------------------------------------------------


async def test_a_stop_keeps_what_was_written_and_the_session_goes_on(hands: Hands) -> None:
    session_id = hands.begin()
    message_id = await hands.send(session_id, "tell me")
    await hands.send(session_id, "next")
    claim = await hands.work("w1")
    written = 'Once "upon" a\ttime \\ /😀'
    await hands.flush(claim, 0, written)
    stopped = await hands.stop(session_id)
    assert (stopped.rev, stopped.to, stopped.worker) == (claim.rev + 1, message_id, "w1")
    human, bot = hands.visible(session_id)
    assert human["id"] == message_id
    assert bot == stopped.message
    assert (bot["id"], bot["text"], bot["finish"]) == (claim.reply, written, "stopped")
    assert not await hands.flush(claim, len(written), "more")
    assert await hands.reply(claim) is None
    assert await hands.renew([claim]) == [claim]
    following = await hands.work("w2")
    assert (following.message["text"], len(following.context)) == ("next", 2)


async def test_a_stop_before_the_first_word_ends_the_reply_too(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.send(session_id)
    await hands.work()
    stopped = await hands.stop(session_id)
    assert (stopped.message["text"], stopped.message["finish"]) == ("", "stopped")


async def test_a_stop_with_nothing_running_is_refused_and_changes_nothing(hands: Hands) -> None:
    session_id = hands.begin()
    refused_in = [everything(hands)]
    with pytest.raises(NotFound):
        await hands.stop(session_id)
    await hands.answer(session_id)
    await hands.send(session_id)
    refused_in.append(everything(hands))
    with pytest.raises(NotFound):
        await hands.stop(session_id)
    assert everything(hands) == refused_in[-1]
    claim = await hands.work()
    await hands.hand_back(claim)
    with pytest.raises(NotFound):
        await hands.stop(session_id)
    with pytest.raises(NotFound):
        await hands.stop("no-such-session-here")


# --- cancel ----------------------------------------------------------------------------------------------------


async def test_a_waiting_message_is_taken_back(hands: Hands) -> None:
    session_id = hands.begin()
    first, second, third = [await hands.send(session_id, text) for text in "abc"]
    claim = await hands.work()
    cancelled = await hands.cancel(session_id, second)
    assert (cancelled.rev, cancelled.changes_more) == (claim.rev + 1, False)
    assert [message["id"] for message in hands.stored(session_id).mailbox] == [first, third]
    await hands.reply(claim)
    assert (await hands.work()).message["id"] == third


async def test_taking_the_last_message_back_takes_its_wake_up_along(hands: Hands) -> None:
    session_id = hands.begin()
    message_id = await hands.send(session_id)
    await hands.cancel(session_id, message_id)
    assert hands.read() is None
    # Also one that a worker has been given and not begun.
    message_id = await hands.send(session_id)
    wake_up = hands.read()
    assert wake_up
    await hands.cancel(session_id, message_id)
    assert hands.pending_entries() == {}
    assert await hands.claim(wake_up) is None
    await hands.send(session_id)
    assert await hands.claim(wake_up) is None
    assert await hands.work()


async def test_the_next_message_takes_the_place_of_a_head_that_was_taken_back(hands: Hands) -> None:
    session_id = hands.begin()
    head = await hands.send(session_id, "head")
    following = await hands.send(session_id, "next")
    wake_up = hands.read()
    assert wake_up
    await hands.cancel(session_id, head)
    claim = await hands.claim(wake_up)
    assert isinstance(claim, Claim)
    assert claim.message["id"] == following


async def test_only_a_waiting_message_can_be_taken_back(hands: Hands) -> None:
    session_id, other = hands.begin(), hands.begin()
    answered, _ = await hands.answer(session_id)
    cancelled = await hands.send(session_id)
    await hands.cancel(session_id, cancelled)
    started = await hands.send(session_id)
    await hands.work()
    before = everything(hands)
    for message_id in (answered, cancelled, started, ID):
        with pytest.raises(NotFound):
            await hands.cancel(session_id, message_id)
    for stranger in (other, "no-such-session-here"):
        with pytest.raises(NotFound):
            await hands.cancel(stranger, started)
    assert everything(hands) == before


async def test_taking_a_retried_message_back_restores_its_earlier_answer(hands: Hands) -> None:
    session_id = hands.begin()
    message_id, reply_id = await hands.answer(session_id, "hi", "first")
    before = hands.stored(session_id).history
    await hands.retry(session_id, reply_id)
    assert hands.visible(session_id) == []
    cancelled = await hands.cancel(session_id, message_id)
    assert cancelled.changes_more
    assert hands.stored(session_id).history == before
    assert hands.texts(session_id) == ["hi", "first"]
    assert await hands.accept(session_id, "hi", message_id) is None
    await hands.retry(session_id, message_id)
    await hands.reply(await hands.work(), "second")
    assert hands.texts(session_id) == ["hi", "second"]


async def test_taking_a_retried_failure_back_restores_the_failure(hands: Hands) -> None:
    session_id = hands.begin()
    message_id = await hands.send(session_id)
    await hands.fail(await hands.work(), ModelError(), "half")
    before = hands.visible(session_id)
    await hands.retry(session_id, message_id)
    await hands.cancel(session_id, message_id)
    assert hands.visible(session_id) == before
    assert before[0]["code"] == "model_error"


# --- retry -----------------------------------------------------------------------------------------------------


async def test_a_failed_message_is_answered_again(hands: Hands) -> None:
    session_id = hands.begin()
    text = 'Was "soll\' das"? \\ / \t 😀\x01'
    message_id = await hands.send(session_id, text)
    await hands.fail(await hands.work(), ModelError(), "half")
    timestamp = hands.visible(session_id)[0]["timestamp"]
    await hands.answer(session_id, "later", "later too")
    rev = hands.rev(session_id)
    again = await hands.retry(session_id, message_id)
    assert (again.rev, again.position, again.is_new) == (rev + 1, 0, True)
    assert (again.message["id"], again.message["text"]) == (message_id, text)
    assert again.message["timestamp"] == timestamp
    claim = await hands.work()
    assert (claim.message["text"], claim.attempt) == (text, 1)
    await hands.reply(claim, "now")
    assert hands.texts(session_id) == ["later", "later too", text, "now"]
    record = hands.stored(session_id).history
    assert [bool(message.get("replaced")) for message in record] == [True, False, False, False, False]
    assert record[0]["partial"] == "half"


@pytest.mark.parametrize("named_by", ["message", "reply"])
async def test_the_last_reply_is_replaced_and_stays_in_the_record(hands: Hands, named_by: str) -> None:
    session_id = hands.begin()
    await hands.answer(session_id, "one", "1")
    message_id, reply_id = await hands.answer(session_id, "two", "bad")
    await hands.retry(session_id, message_id if named_by == "message" else reply_id)
    assert hands.texts(session_id) == ["one", "1"]
    claim = await hands.work()
    assert [said["text"] for said in claim.context] == ["one", "1"]
    await hands.reply(claim, "2")
    assert hands.texts(session_id) == ["one", "1", "two", "2"]
    assert [message["text"] for message in hands.stored(session_id).history if message.get("replaced")] == [
        "two",
        "bad",
    ]


async def test_a_reply_can_be_replaced_again_and_again(hands: Hands) -> None:
    session_id = hands.begin()
    message_id, _ = await hands.answer(session_id, "hi", "0")
    for turn in "123":
        await hands.retry(session_id, message_id)
        await hands.reply(await hands.work(), turn)
    assert hands.texts(session_id) == ["hi", "3"]
    assert len(hands.stored(session_id).history) == 8


async def test_a_retry_that_fails_can_be_retried(hands: Hands) -> None:
    session_id = hands.begin()
    message_id, _ = await hands.answer(session_id)
    for _ in range(2):
        await hands.retry(session_id, message_id)
        await hands.fail(await hands.work(), ModelError())
    (failed,) = hands.visible(session_id)
    assert (failed["id"], failed["code"]) == (message_id, "model_error")
    await hands.retry(session_id, message_id)
    await hands.cancel(session_id, message_id)
    assert hands.visible(session_id) == [failed]


async def test_a_failure_that_waits_to_be_answered_again_stands_for_no_other(hands: Hands) -> None:
    session_id = hands.begin()
    failed = []
    for _ in range(2):
        failed.append(await hands.send(session_id))
        await hands.fail(await hands.work(), ModelError())
    await hands.retry(session_id, failed[1])
    before = everything(hands)
    # It is the last of the history; the one before it must not be taken for the message of a last reply.
    with pytest.raises(NotFound):
        await hands.retry(session_id, failed[1])
    assert everything(hands) == before
    assert (await hands.work()).message["id"] == failed[1]


async def test_what_cannot_be_answered_again_is_refused_and_changes_nothing(hands: Hands) -> None:
    session_id = hands.begin()
    older, older_reply = await hands.answer(session_id)
    replaced, replaced_reply = await hands.answer(session_id)
    quiet = everything(hands)
    for message_id in (older, older_reply):
        with pytest.raises(NotFound):
            await hands.retry(session_id, message_id)
    assert everything(hands) == quiet
    await hands.retry(session_id, replaced)
    retried_waits = everything(hands)
    for message_id in (replaced, replaced_reply):
        with pytest.raises(NotFound):
            await hands.retry(session_id, message_id)
    assert everything(hands) == retried_waits
    await hands.reply(await hands.work())
    last = replaced
    cancelled = await hands.send(session_id)
    await hands.cancel(session_id, cancelled)
    waiting = await hands.send(session_id)
    before = everything(hands)
    # The last reply is not the last thing said while another message waits.
    for message_id in (older, older_reply, replaced_reply, last, cancelled, waiting, ID):
        with pytest.raises(NotFound):
            await hands.retry(session_id, message_id)
    with pytest.raises(SessionExpired):
        await hands.retry("no-such-session-here", older)
    assert everything(hands) == before


async def test_a_retry_keeps_to_the_limits(hands: Hands, chat_settings: Callable[..., None]) -> None:
    session_id = hands.begin()
    message_id = await hands.send(session_id)
    await hands.fail(await hands.work(), ModelError())
    await hands.send(session_id)
    await hands.send(session_id)
    for limit, error in (("max_pending", QueueFull), ("max_queue", Busy)):
        chat_settings(**{limit: 2})
        before = everything(hands)
        with pytest.raises(error):
            await hands.retry(session_id, message_id)
        assert everything(hands) == before
        chat_settings(**{limit: 8})
    chat_settings(messages_per_minute=1)
    hands.client.hset(keys.session(session_id), "bucket", "0")
    with pytest.raises(RateLimited):
        await hands.retry(session_id, message_id)
    assert len(hands.stored(session_id).mailbox) == 2
    chat_settings(messages_per_minute=1000)
    hands.client.hset(keys.session(session_id), "bucket", "10")
    await hands.work()
    # One is being answered, one waits.
    assert (await hands.retry(session_id, message_id)).position == 1


# --- renew -----------------------------------------------------------------------------------------------------


async def test_renewed_entries_do_not_go_idle(hands: Hands) -> None:
    claims = []
    for _ in range(3):
        await hands.send(hands.begin())
        claims.append(await hands.work("w1"))
    for claim in claims:
        hands.client.xclaim(keys.stream(0), keys.GROUP, "w1", 0, [claim.entry], idle=60_000)
    assert await hands.renew(claims[:2], "w1") == []
    answer: Any = hands.client.xautoclaim(keys.stream(0), keys.GROUP, "w2", 30_000)
    assert [entry for entry, _ in answer[1]] == [claims[2].entry]


async def test_renewing_tells_which_work_is_lost(hands: Hands) -> None:
    kept, taken, ended, answered = [hands.begin() for _ in range(4)]
    claims = []
    for session_id in (kept, taken, ended, answered):
        await hands.send(session_id)
        claims.append(await hands.work("w1"))
    wake_up = hands.take_over("w2", start=claims[1].entry)
    assert wake_up
    await hands.claim(wake_up, "w2")
    hands.end(ended)
    await hands.reply(claims[3])
    assert await hands.renew(claims, "w1") == claims[1:]
    assert await hands.renew([], "w1") == []


async def test_a_frozen_worker_cannot_steal_an_entry_back(hands: Hands) -> None:
    await hands.send(hands.begin())
    frozen = await hands.work("w1")
    wake_up = hands.take_over("w2")
    assert wake_up
    await hands.claim(wake_up, "w2")
    assert hands.pending_entries() == {wake_up.entry: "w2"}
    assert await hands.renew([frozen], "w1") == [frozen]
    assert hands.pending_entries() == {wake_up.entry: "w2"}


async def test_renewing_says_that_the_worker_lives(hands: Hands) -> None:
    await hands.renew([], "w1")
    said = hands.client.hgetall(keys.workers(0))
    assert list(said) == ["w1"]  # type: ignore[arg-type]
    assert '"seen":' in said["w1"]  # type: ignore[index]


# --- The end of a session --------------------------------------------------------------------------------------


async def test_ending_a_quiet_session_leaves_nothing(hands: Hands) -> None:
    fresh, talked = hands.begin(), hands.begin()
    await hands.answer(talked)
    for session_id in (fresh, talked):
        assert hands.end(session_id) == sessions.Ended("", "")
        assert hands.end(session_id) is None
    assert_nothing_is_left(hands)


async def test_ending_a_session_takes_its_work_from_everybody(hands: Hands) -> None:
    waiting, delivered, running = [hands.begin() for _ in range(3)]
    for session_id in (running, delivered, waiting):
        await hands.send(session_id)
        await hands.send(session_id)
    claim = await hands.work("w1")
    wake_up = hands.read("w1")
    assert wake_up
    assert hands.end(running) == sessions.Ended("w1", claim.reply)
    assert hands.end(delivered) == sessions.Ended("", "")
    assert hands.end(waiting)
    assert hands.read() is None
    assert await hands.claim(wake_up) is None
    assert not await hands.flush(claim, 0, "late")
    assert await hands.reply(claim) is None
    assert await hands.fail(claim, ModelError()) is None
    assert not await hands.hand_back(claim)
    assert_nothing_is_left(hands)


async def test_ending_a_session_leaves_the_others_alone(hands: Hands) -> None:
    ended, other = hands.begin(), hands.begin()
    await hands.send(ended)
    await hands.send(other)
    hands.end(ended)
    await hands.reply(await hands.work())
    assert hands.texts(other) == ["hi", "yes"]


def assert_nothing_is_left(hands: Hands) -> None:
    assert hands.check() == {}
    assert hands.client.hget(keys.counters(0), "waiting") in (None, "0")
    assert set(hands.client.scan_iter("*")) <= {keys.stream(0), keys.counters(0)}


# --- Time to live ----------------------------------------------------------------------------------------------


async def test_a_session_lives_for_a_while_after_its_last_activity(
    hands: Hands, chat_settings: Callable[..., None]
) -> None:
    chat_settings(session_ttl_s=100)
    session_id = hands.begin()
    assert 99_000 < hands.stored(session_id).ttl_ms["session"] <= 100_000

    async def answered() -> None:
        await hands.reply(await hands.work())

    async def failed() -> None:
        await hands.fail(await hands.work(), ModelError())

    async def stopped() -> None:
        await hands.work()
        await hands.stop(session_id)

    async def cancelled() -> None:
        await hands.cancel(session_id, hands.stored(session_id).mailbox[0]["id"])

    for outcome in (answered, failed, stopped, cancelled):
        for kind in ("session", "history", "ids"):
            hands.client.expire(f"chat:{{0}}:{kind}:{session_id}", 50)
        await hands.send(session_id)
        assert set(hands.stored(session_id).ttl_ms.values()) == {-1}
        await outcome()
        ttls = hands.stored(session_id).ttl_ms
        assert set(ttls) == {"session", "history", "ids"}
        assert all(99_000 < ttl_ms <= 100_000 for ttl_ms in ttls.values())


async def test_a_retried_message_keeps_its_session_alive(hands: Hands) -> None:
    session_id = hands.begin()
    message_id, _ = await hands.answer(session_id)
    await hands.retry(session_id, message_id)
    assert set(hands.stored(session_id).ttl_ms.values()) == {-1}


async def test_an_expired_session_is_gone_as_a_whole(hands: Hands) -> None:
    session_id = hands.begin()
    await hands.answer(session_id)
    for kind in hands.stored(session_id).ttl_ms:
        hands.client.pexpire(f"chat:{{0}}:{kind}:{session_id}", 0)
    assert hands.check() == {}
    assert sessions.snapshot(session_id) is None
    with pytest.raises(SessionExpired):
        await hands.accept(session_id)


# --- Partitions ------------------------------------------------------------------------------------------------


async def test_partitions_keep_to_themselves(
    each_redis: RedisServer, chat_settings: Callable[..., None], async_redis: None
) -> None:
    chat_settings(partitions=4)
    hands = Hands(each_redis.client())
    begun: dict[int, str] = {}
    while len(begun) < 4:
        session_id = hands.begin()
        begun.setdefault(keys.partition(session_id), session_id)
    for number, session_id in begun.items():
        assert hands.read(number=number) is None
        await hands.answer(session_id, "mine", f"of {number}")
        await hands.send(session_id)
    for number, session_id in begun.items():
        claim = await hands.work(number=number)
        assert (claim.session_id, claim.context[1]["text"]) == (session_id, f"of {number}")
        assert await hands.renew([claim], number=number) == []
    hands.end(begun[0])
    waiting = [hands.client.hget(keys.counters(number), "waiting") for number in range(4)]
    assert waiting == ["0", "1", "1", "1"]
