"""The reducer of the page: frames in, state out. It runs in the browser, without a socket."""

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.xdist_group("browser")

SESSION = {"id": "s", "name": "Ada", "session_start": "", "expires_at": ""}
HELLO = {"id": "h1", "source": "human", "text": "hello", "timestamp": "t"}
HI = {"id": "b1", "source": "bot", "text": "hi 😀 you", "timestamp": "t", "finish": "stop"}


def session(rev: int = 0, **members: Any) -> dict[str, Any]:
    empty = {"messages": [], "has_more": False, "pending": [], "reply": None}
    return {"type": "session", "rev": rev, "session": SESSION, **empty, **members}


QUEUED = {"type": "queued", "rev": 1, "message": HELLO, "position": 0}
STARTED = {"type": "started", "rev": 2, "id": "b1", "to": "h1"}
REPLIED = {"type": "replied", "rev": 3, "to": "h1", "message": HI}


def delta(offset: int, text: str, **members: Any) -> dict[str, Any]:
    return {"type": "delta", "id": "b1", "offset": offset, "text": text, **members}


def after(page: Page, *steps: dict[str, Any] | tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """The state after frames (objects) and acts (pairs), with the timeline as `turns`."""
    result: dict[str, Any] = page.evaluate(
        """async (steps) => {
            const { INITIAL, reduceFrame, reduceAct, timeline } = await import("/static/chat/js/state.js");
            let state = INITIAL;
            for (const step of steps)
                state = Array.isArray(step) ? reduceAct(state, ...step) : reduceFrame(state, step);
            return { ...state, turns: timeline(state).map((turn) => [turn.id, turn.status, turn.text]) };
        }""",
        list(steps),
    )
    return result


def test_a_conversation_from_queued_to_replied(page: Page):
    state = after(page, session(), QUEUED, STARTED, delta(0, "hi 😀"), delta(4, " you"))
    assert state["turns"] == [["h1", "answering", "hello"], ["b1", "streaming", "hi 😀 you"]]
    assert state["reply"]["size"] == 8
    state = after(page, session(), QUEUED, STARTED, delta(0, "hi"), REPLIED)
    assert state["turns"] == [["h1", "done", "hello"], ["b1", "done", "hi 😀 you"]]
    assert (state["reply"], state["pending"], state["gap"], state["rev"]) == (None, [], False, 3)


def test_the_first_delta_may_stand_for_started(page: Page):
    state = after(page, session(), QUEUED, delta(0, "hi", rev=2, to="h1"), delta(2, "!"))
    assert (state["reply"]["text"], state["rev"], state["gap"]) == ("hi!", 2, False)


def test_every_frame_twice_changes_nothing(page: Page):
    frames = [session(), QUEUED, STARTED, delta(0, "hi 😀"), delta(4, " you"), REPLIED]
    assert after(page, *(frame for frame in frames for _ in range(2))) == after(page, *frames)


def test_a_piece_that_overlaps_is_cut_by_code_points(page: Page):
    state = after(page, session(), QUEUED, STARTED, delta(0, "hi 😀"), delta(2, " 😀 you"))
    assert (state["reply"]["text"], state["reply"]["size"]) == ("hi 😀 you", 8)


@pytest.mark.parametrize("frames", [[delta(3, "late")], [STARTED], [REPLIED], [QUEUED, STARTED, delta(9, "far")]])
def test_a_missing_piece_asks_for_the_session(page: Page, frames: list[dict[str, Any]]):
    assert after(page, session(), *frames)["gap"]
    assert not after(page, session(), *frames, session(rev=9))["gap"]


def test_a_new_reply_for_the_same_message_discards_the_text_so_far(page: Page):
    again = {"type": "started", "rev": 3, "id": "b2", "to": "h1"}
    late = delta(2, "of the old one")
    state = after(page, session(), QUEUED, STARTED, delta(0, "hi"), again, late)
    assert state["reply"]["text"] == ""
    assert state["reply"]["id"] == "b2"


def test_session_replaces_everything_but_what_is_not_confirmed(page: Page):
    known = {"id": "h1", "text": "hello", "timestamp": "t"}
    unknown = {"id": "h2", "text": "new", "timestamp": "t"}
    state = after(page, ("composed", known), ("composed", unknown), session(pending=[known]))
    assert state["turns"] == [["h1", "waiting", "hello"], ["h2", "sending", "new"]]


def test_a_refused_message_stays_until_it_is_sent_again(page: Page):
    own = ("composed", {"id": "h1", "text": "hello", "timestamp": "t"})
    refused = ("refused", {"id": "h1", "code": "busy", "detail": "", "until": 0})
    assert after(page, session(), own, refused)["turns"] == [["h1", "refused", "hello"]]
    assert after(page, session(), own, refused, ("resent", {"id": "h1"}))["turns"][0][1] == "sending"
    assert after(page, session(), own, refused, QUEUED)["turns"] == [["h1", "waiting", "hello"]]


def test_a_failed_message_asked_again_waits_at_the_end(page: Page):
    failed = {"type": "failed", "rev": 3, "to": "h1", "code": "model_error", "detail": "d", "retryable": True}
    second = {"type": "queued", "rev": 4, "message": HELLO | {"id": "h2", "text": "two"}, "position": 0}
    again = {"type": "queued", "rev": 5, "message": HELLO, "position": 1}
    state = after(page, session(), QUEUED, STARTED, failed)
    assert state["turns"] == [["h1", "failed", "hello"]]
    state = after(page, session(), QUEUED, STARTED, failed, second, again)
    assert state["turns"] == [["h2", "waiting", "two"], ["h1", "waiting", "hello"]]


def test_a_reply_asked_again_leaves_with_its_question(page: Page):
    again = {"type": "queued", "rev": 4, "message": HELLO, "position": 0}
    state = after(page, session(), QUEUED, STARTED, REPLIED, again)
    assert state["turns"] == [["h1", "waiting", "hello"]]


def test_an_edited_message_takes_the_place_of_the_old_one(page: Page):
    edited = {"id": "h2", "source": "human", "text": "better", "timestamp": "t", "replaces": "h1", "version": 2}
    own = ("composed", {"id": "h2", "text": "better", "timestamp": "t", "replaces": "h1"})
    refused = ("refused", {"id": "h2", "code": "busy", "detail": "", "until": 0})
    queued = {"type": "queued", "rev": 4, "message": edited, "position": 0}
    answered = [session(), QUEUED, STARTED, REPLIED]
    old = [["h1", "done", "hello"], ["b1", "done", "hi 😀 you"]]
    # What is on its way hides what it will replace; what was refused does not.
    assert after(page, *answered, own)["turns"] == [["h2", "sending", "better"]]
    assert after(page, *answered, own, refused)["turns"] == [*old, ["h2", "refused", "better"]]
    for steps in ([own, queued], [queued]):
        state = after(page, *answered, *steps)
        assert state["turns"] == [["h2", "waiting", "better"]]
        assert state["pending"][0]["version"] == 2


def test_a_rating_changes_its_reply_alone(page: Page):
    rated = {"type": "rated", "rev": 4, "id": "b1", "to": "h1", "rating": "up"}
    state = after(page, session(), QUEUED, STARTED, REPLIED, rated)
    assert [message.get("rating") for message in state["messages"]] == [None, "up"]
    state = after(page, session(), QUEUED, STARTED, REPLIED, rated, rated | {"rating": None})
    assert state["messages"][1]["rating"] == "up", "a frame that was told before changes nothing"
    state = after(page, session(), QUEUED, STARTED, REPLIED, rated, rated | {"rev": 5, "rating": None})
    assert state["messages"][1].get("rating") is None


def test_an_earlier_reply_is_shown_until_another_one_comes(page: Page):
    asked = HELLO | {"text": "helo"}
    replies = [{"message": asked, "reply": HI | {"id": "b0", "text": "huh", "finish": "stopped"}}, {}]
    paged = ("paged", {"id": "h1", "version": 2, "first": 1, "at": 1, "replies": replies})
    said = [HELLO | {"version": 2}, HI]
    state = after(page, session(messages=said), paged)
    assert state["turns"] == [["h1", "done", "helo"], ["b1", "stopped", "huh"]]
    newest = ("paged", {"id": "h1", "version": 2, "first": 1, "at": 2, "replies": replies})
    assert after(page, session(messages=said), paged, newest)["turns"][1] == ["b1", "done", "hi 😀 you"]
    newer = [HELLO | {"version": 3}, HI | {"id": "b2", "text": "new"}]
    state = after(page, session(messages=said), paged, session(rev=9, messages=newer))
    assert state["turns"] == [["h1", "done", "hello"], ["b2", "done", "new"]]


def test_the_reply_before_a_failed_one_can_be_shown(page: Page):
    failed = HELLO | {"code": "model_error", "detail": "d", "version": 2}
    replies = [{"message": HELLO, "reply": HI}]
    paged = ("paged", {"id": "h1", "version": 2, "first": 1, "at": 1, "replies": replies})
    back = ("paged", {"id": "h1", "version": 2, "first": 1, "at": 2, "replies": replies})
    state = after(page, session(messages=[failed]), paged)
    assert state["turns"] == [["h1", "failed", "hello"], ["b1", "done", "hi 😀 you"]]
    assert after(page, session(messages=[failed]), paged, back)["turns"] == [["h1", "failed", "hello"]]


def test_unknown_frames_change_nothing(page: Page):
    assert after(page, session(), {"type": "surprise"}, {"type": "constructor"}) == after(page, session())
