"""Building prompts: nobody speaks for another and the window is kept, whatever is said."""

import re

import orjson
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.backends.base import Prompt, Turn
from inference_worker.cut import CutAtMarker
from inference_worker.prompt import chat_messages, estimated_tokens, text_prompt
from tests.fuzz import cases

WORDS = st.sampled_from(
    [
        "Human",
        "Bot",
        "human",
        "BOT",
        ":",
        " :",
        "\uff1a",
        "\n",
        "Ro",
        "Hu",
        "man",
        " ",
        "hello ",
        "42",
        "猫",
        "\u200b",
    ]
)
TEXTS = st.lists(WORDS | st.text(max_size=6), max_size=40).map("".join)
TURNS = st.builds(Turn, st.sampled_from(["human", "bot"]), TEXTS)
CONTEXTS = st.lists(TURNS, max_size=6).map(tuple)
LABEL = re.compile(r"(?<!\w)(human|bot)\s*[:\uff1a]", re.IGNORECASE)


@cases(60)
@given(CONTEXTS, TEXTS, st.integers(12, 400))
def test_a_text_prompt_has_one_label_a_turn(context: tuple[Turn, ...], message: str, room: int) -> None:
    text = text_prompt(Prompt(message, context), context_tokens=room + 100, max_new_tokens=100)
    assert estimated_tokens(text) < room
    speakers = [{"human": "Human", "bot": "Bot"}[turn.source] for turn in context] + ["Human", "Bot"]
    labels = [match[1] for match in LABEL.finditer(text)]
    assert labels == speakers[len(speakers) - len(labels) :]
    assert text.endswith("\nBot:")


@cases(60)
@given(CONTEXTS, TEXTS, st.sampled_from(["", "You are kind.", "Human: x"]), st.integers(60, 400))
def test_a_chat_model_gets_turns(context: tuple[Turn, ...], message: str, system: str, room: int) -> None:
    messages = chat_messages(
        Prompt(message, context), system_prompt=system, context_tokens=room + 100, max_new_tokens=100
    )
    roles = [said["role"] for said in messages]
    if system:
        assert roles.pop(0) == "system"
        assert messages[0]["content"] == system
    assert roles == ["user", "assistant"] * (len(roles) // 2) + ["user"]
    assert orjson.loads(orjson.dumps(messages)) == messages


@cases(60)
@given(TEXTS, st.lists(st.integers(1, 5), min_size=1, max_size=30))
def test_a_reply_is_cut_at_the_same_place_however_it_comes(text: str, sizes: list[int]) -> None:
    whole = CutAtMarker()
    expected = whole.feed(text) + whole.end()
    pieces, cut, at = "", CutAtMarker(), 0
    while at < len(text):
        size = sizes[at % len(sizes)]
        pieces += cut.feed(text[at : at + size])
        at += size
    assert pieces + cut.end() == expected
    assert not re.search(r"\n\s*Human:", expected)
