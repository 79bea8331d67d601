"""Frames from clients are read strictly, events survive the channel layer."""

import contextlib
import dataclasses
import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chat import events
from chat.errors import BadFrame, ChatError, EmptyMessage, ModelUnavailable, RateLimited, TooLong, UnknownType
from chat.events import Cancel, Event, Retry, Send, Stop, StoredMessage, Sync, check_text, parse_frame

ID = "123e4567-e89b-12d3-a456-426614174000"
FRAMES = [
    ({"type": "send", "id": ID, "text": " hi\n"}, Send(ID, " hi\n")),
    ({"type": "send", "id": ID.upper(), "text": "hi"}, Send(ID.upper(), "hi")),
    ({"type": "stop"}, Stop()),
    ({"type": "cancel", "id": ID}, Cancel(ID)),
    ({"type": "retry", "id": ID}, Retry(ID)),
    ({"type": "sync"}, Sync()),
    ({"type": "sync", "of a newer version": [1, {}]}, Sync()),
]


def send(text: Any, message_id: Any = ID) -> str:
    return json.dumps({"type": "send", "id": message_id, "text": text})


@pytest.mark.parametrize(("frame", "meaning"), FRAMES)
def test_each_frame_has_its_meaning(frame: dict[str, Any], meaning: events.ClientFrame) -> None:
    assert parse_frame(json.dumps(frame)) == meaning


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "hi",
        "{",
        '{"type":"stop"',
        '{"type":"stop"} x',
        '{"type":"stop"}{"type":"stop"}',
        "{'type':'stop'}",
        '{"type":"stop",}',
        '{"type":"stop","n":NaN}',
        '{"type":"stop","n":1e999999999999}x',
        "\ufeff" + '{"type":"stop"}',
        '{"type":"stop","x":"\n"}',
        "[]",
        '[{"type":"stop"}]',
        '"stop"',
        "1",
        "1e400",
        "9" * 5000,
        "true",
        "null",
        "{}",
        '{"type":null}',
        '{"type":1}',
        '{"type":["stop"]}',
        '{"type":{"stop":1}}',
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"type":"stop","x":' + "[" * 100_000 + "]" * 100_000 + "}",
        '{"a":' * 100_000 + "1" + "}" * 100_000,
        "\0",
        '{"type":"stop"}\0',
        "\ud800",
        '{"type":"stop","x":"\ud800"}',
        r'{"type":"stop","x":"\ud800"}',
        send("\ud800"),
        send("\udc00\ud800"),
        send("a\0b"),
        send("\0"),
        send(None),
        send(1),
        send(["hi"]),
        send({"text": "hi"}),
        json.dumps({"type": "send", "id": ID}),
        json.dumps({"type": "send", "text": "hi"}),
        json.dumps({"type": "cancel"}),
        json.dumps({"type": "retry", "id": None}),
    ],
    ids=lambda text: repr(text[:24]),
)
def test_what_is_no_frame_is_refused(text: str) -> None:
    with pytest.raises(BadFrame):
        parse_frame(text)


@pytest.mark.parametrize(
    "message_id",
    [
        None,
        1,
        [],
        "",
        "1",
        ID[:-1],
        f"{ID}0",
        f"{ID}\n",
        f" {ID}",
        f"{{{ID}}}",
        f"urn:uuid:{ID}",
        ID.replace("-", ""),
        ID.replace("e", "g"),
        ID.replace("1", "\u0661"),
        '","x":"',
    ],
)
@pytest.mark.parametrize("kind", ["send", "cancel", "retry"])
def test_only_a_uuid_is_an_id(kind: str, message_id: Any) -> None:
    with pytest.raises(BadFrame):
        parse_frame(json.dumps({"type": kind, "id": message_id, "text": "hi"}))


@pytest.mark.parametrize("kind", ["", "SEND", "send ", "history", "__class__", "chat.event", "ÿ"])
def test_an_unknown_type_is_named_as_such(kind: str) -> None:
    with pytest.raises(UnknownType):
        parse_frame(json.dumps({"type": kind, "id": ID, "text": "hi"}))


@pytest.mark.parametrize("text", ["", " ", "\t\r\n", "\u2003\u3000\u2028"])
def test_a_blank_message_is_empty(text: str) -> None:
    with pytest.raises(EmptyMessage):
        parse_frame(send(text))


def test_the_length_of_a_message_counts_characters(chat_settings: Callable[..., None]) -> None:
    chat_settings(max_chars=5)
    assert parse_frame(send("😀" * 5)) == Send(ID, "😀" * 5)
    with pytest.raises(TooLong, match=r"6.*5"):
        parse_frame(send("😀" * 6))
    with pytest.raises(TooLong):
        check_text("x" * 1_000_000)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just(ID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
frames = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["send", "stop", "cancel", "retry", "sync"]) | json_values,
        "id": st.just(ID) | json_values,
        "text": st.text(st.characters()) | json_values,
    },
)


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(
    st.text(st.characters(codec=None)) | st.binary().map(lambda raw: raw.decode("latin1")) | frames.map(json.dumps)
)
@example('{"type":"send","id":"' + ID + '","text":"\ud800"}')
def test_nothing_but_an_error_for_people_comes_of_any_text(text: str) -> None:
    # What was let in can be stored, and a refusal can be told.
    try:
        told = events.encode(dataclasses.asdict(parse_frame(text)))
    except ChatError as error:
        told = events.error_frame(error)
    assert isinstance(orjson.loads(told), dict)


@settings(max_examples=300, deadline=None, derandomize=True, database=None)
@given(frames.map(json.dumps), st.data())
def test_no_damaged_frame_breaks_anything(text: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(text)))
    for damaged in (text[:at], text[at:], text[:at] + "\0" + text[at:], text[:at] + "\ud800" + text[at:]):
        with contextlib.suppress(ChatError):
            parse_frame(damaged)


# --- Events ----------------------------------------------------------------------------------------------------

MESSAGE = StoredMessage(id="m", source="human", text="hi", timestamp="t")
REPLY = StoredMessage(id="r", source="bot", text="yes", timestamp="t", to="m", finish="stop")
EVENTS = [
    events.queued(1, MESSAGE, 2),
    events.started(2, "r", "m"),
    events.delta("r", 0, "a😀", to="m", started_rev=2, announces=True),
    events.delta("r", 2, "b", to="m", started_rev=2),
    events.replied(3, "m", REPLY),
    events.failed(4, "m", ModelUnavailable()),
    events.cancelled(5, "m"),
    events.resync(6),
    events.ended(),
]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.kind)
def test_an_event_survives_the_channel_layer(event: Event) -> None:
    message = event.to_layer()
    assert Event.from_layer(message) == event
    message["event"].append("of a newer version")
    assert Event.from_layer(message) == event
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.rev = 7  # type: ignore[misc]


def test_events_carry_the_frames_of_the_contract() -> None:
    told = [orjson.loads(event.frame) for event in EVENTS if event.frame]
    message = {"id": "m", "source": "human", "text": "hi", "timestamp": "t"}
    reply = {"id": "r", "source": "bot", "text": "yes", "timestamp": "t", "finish": "stop"}
    assert told == [
        {"type": "queued", "rev": 1, "message": message, "position": 2},
        {"type": "started", "rev": 2, "id": "r", "to": "m"},
        {"type": "delta", "id": "r", "offset": 0, "text": "a😀", "rev": 2, "to": "m"},
        {"type": "delta", "id": "r", "offset": 2, "text": "b"},
        {"type": "replied", "rev": 3, "to": "m", "message": reply},
        {
            "type": "failed",
            "rev": 4,
            "to": "m",
            "code": "model_unavailable",
            "detail": ModelUnavailable().detail,
            "retryable": True,
        },
        {"type": "cancelled", "rev": 5, "id": "m"},
    ]


def test_a_refusal_names_its_code_and_when_to_come_back() -> None:
    assert orjson.loads(events.error_frame(EmptyMessage())) == {
        "type": "error",
        "code": "empty",
        "detail": EmptyMessage().detail,
    }
    assert orjson.loads(events.error_frame(RateLimited(retry_after_s=1.23456)))["retry_after"] == 1.235


def test_clients_see_no_members_that_are_not_theirs() -> None:
    stored: Any = REPLY | {"model": "echo", "replaced": True, "partial": "x", "of a newer version": 1}
    assert set(events.public(stored)) == {"id", "source", "text", "timestamp", "finish"}
