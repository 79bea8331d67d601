import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.backends.thoughts import HideThoughts

TEXTS = st.lists(
    st.sampled_from(["<think>", "</think>", "<thi", "nk>", "</", "<", " ", "\n", "x", "😀"]) | st.text(max_size=2),
    max_size=10,
).map("".join)


def shown(*pieces: str) -> str:
    filter_ = HideThoughts()
    return "".join([*(filter_.feed(piece) for piece in pieces), filter_.end()])


@given(TEXTS, st.data())
def test_any_splitting_gives_the_same_as_the_whole(text, data):
    at = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    assert shown(*pieces) == shown(text) == shown(*text)


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("<think>Hm.</think>\n\nHello ", "Hello"),
        ("\n<think>\n\n</think>\n\nHello", "Hello"),
        ("<think>a</think><think>b</think>Hello", "Hello"),
        ("<think>a < b </thin k></think>Hello", "Hello"),
        ("<think>never ends", ""),
        ("Use <think> like </think> this", "Use <think> like </think> this"),
        ("<thinking is hard", "<thinking is hard"),
        ("<thi", "<thi"),
        (" a  b\n", "a  b"),
        ("", ""),
    ],
)
def test_examples(text, reply):
    assert shown(text) == reply


def test_text_goes_on_at_once_behind_a_thought():
    filter_ = HideThoughts()
    pieces = ["<th", "ink>", "no", "</thi", "nk>", "\n", "Hel", "lo ", "<think>", "x"]
    assert [filter_.feed(piece) for piece in pieces] == ["", "", "", "", "", "", "Hel", "lo", " <think>", "x"]


def test_long_thought_is_not_kept():
    filter_ = HideThoughts()
    filter_.feed("<think>" + "x" * 1000)
    assert len(filter_._held) < len("</think>")
