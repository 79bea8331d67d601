import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.cut import CutAtMarker

# Mostly what could be confused with a marker, a label or blanks.
TEXTS = st.lists(
    st.sampled_from(
        ["Human:", "Human", "Hu", "man:", ":", "Bot:", "Bo", "t:", " ", "\n", "\u3000", "H", "x", "😀"]
    )
    | st.text(max_size=3),
    max_size=12,
).map("".join)


def cut(*pieces: str) -> str:
    filter_ = CutAtMarker()
    return "".join([*(filter_.feed(piece) for piece in pieces), filter_.end()])


@given(TEXTS, st.data())
def test_any_splitting_gives_the_same_as_the_whole(text, data):
    at = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    pieces = [text[start:end] for start, end in zip([0, *at], [*at, len(text)], strict=True)]
    assert cut(*pieces) == cut(text)
    assert cut(*text) == cut(text)


@given(TEXTS)
def test_whole_text_is_what_stands_before_the_marker(text):
    expected = text.lstrip().removeprefix("Bot:").partition("Human:")[0].strip()
    assert cut(text) == expected


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        (" Hello there.\nHuman: and you?", "Hello there."),
        ("Bot: Hello", "Hello"),
        ("Human: hi", ""),
        ("All Humans: unite", "All Humans: unite"),
        ("a  b \n", "a  b"),
        ("I am Hum", "I am Hum"),
    ],
)
def test_examples(text, reply):
    assert cut(text) == reply


def test_text_goes_on_at_once_unless_it_may_be_a_marker():
    filter_ = CutAtMarker()
    assert [filter_.feed(piece) for piece in (" Hel", "lo ", "Hu", "go\n", "Human", ": x", "y")] == [
        *("Hel", "lo", "", " Hugo", "", "", ""),
    ]
    assert filter_.done
    assert filter_.end() == ""


def test_marker_alone_makes_it_done():
    filter_ = CutAtMarker()
    filter_.feed("Hello\nHuman")
    assert not filter_.done
    filter_.feed(":")
    assert filter_.done
