"""Reading frames: whatever comes is a frame or is refused with a code; nothing else ever happens."""

import json
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat import events
from chat.conf import get_conf
from chat.errors import BadFrame, ChatError
from chat.protocols import ChatbotV1, Plain
from tests.fuzz import cases

WORDS = st.sampled_from(
    ["send", "stop", "cancel", "retry", "rate", "sync", "type", "id", "text", "to", "replaces", "rating", "up"]
)
UUIDS = st.uuids()
IDS = UUIDS.map(str) | UUIDS.map(lambda value: value.hex) | UUIDS.map(lambda value: str(value).upper())
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | WORDS | IDS
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(), inner, max_size=5)
)
TEXTS = st.text() | st.builds(str.__mul__, st.text(min_size=1, max_size=5), st.integers(700, 1500))
NEARLY = st.fixed_dictionaries(
    {"type": WORDS},
    optional={"id": IDS | VALUES, "text": TEXTS | VALUES, "to": IDS, "replaces": IDS | VALUES, "rating": VALUES},
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """The JSON of a frame, in one place of which something else stands."""
    text = json.dumps(draw(NEARLY))
    at, length = draw(st.integers(0, len(text))), draw(st.integers(0, 4))
    return text[:at] + draw(st.text(max_size=4)) + text[at + length :]


FRAMES = (
    st.text()
    | st.text(alphabet='{}[]":,\\u0d8ntrue1eE+-. ')
    | NEARLY.map(json.dumps)
    | NEARLY.map(lambda value: json.dumps(value, ensure_ascii=False))
    | VALUES.map(json.dumps)
    | damaged()
)


@cases(150)
@given(FRAMES)
def test_a_frame_is_understood_or_refused(text: str) -> None:
    v1 = ChatbotV1()
    try:
        frame = v1.parse(text)
    except ChatError as error:
        refusal = orjson.loads(v1.refusal(error))
        assert refusal["type"] == "error"
        assert refusal["code"] in {"bad_frame", "unknown_type", "empty", "too_long"}
        assert refusal["detail"]
        return
    for name in ("id", "to", "replaces"):
        value = getattr(frame, name, "")
        assert not value or UUID(value)
    if isinstance(frame, events.Send):
        assert frame.text.strip()
        assert len(frame.text) <= get_conf().max_chars
        # What was understood can be stored and told.
        assert orjson.loads(events.encode({"text": frame.text}))["text"] == frame.text


@cases(60)
@given(TEXTS)
def test_a_plain_message_is_taken_as_it_is_or_refused(text: str) -> None:
    plain = Plain()
    code, frame = "", None
    try:
        frame = plain.parse(text)
    except ChatError as error:
        code = orjson.loads(plain.refusal(error))["error"]
    assert code in {"", "bad_frame", "empty", "too_long"}
    assert code or (isinstance(frame, events.Send) and frame.text == text)


@pytest.mark.parametrize(
    "text",
    ["[" * 30_000, '{"type":' * 10_000, "9" * 60_000, '{"type":"send","text":"' + "\\u0000" * 9_000 + '"}'],
    ids=["lists", "objects", "digits", "nothing"],
)
def test_depth_and_size_are_refused_as_well(text: str) -> None:
    with pytest.raises(BadFrame):
        ChatbotV1().parse(text)
