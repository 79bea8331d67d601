import pytest
from hypothesis import given
from hypothesis import strategies as st

from inference_worker.backends.characters import WholeCharacters

# Characters of one to four bytes, one of which is a pair in UTF-16, and emoji of several characters.
TEXTS = st.text(st.sampled_from("aä猫😀💀\u200d👩🇩") | st.characters(codec="utf-8", exclude_characters="\ufffd"))


def whole(*pieces: str) -> list[str]:
    characters = WholeCharacters()
    return [characters.feed(piece) for piece in pieces]


@given(TEXTS)
def test_bytes_of_a_character_in_several_pieces_become_that_character(text):
    assert "".join(whole(*(bytes([byte]).decode(errors="surrogateescape") for byte in text.encode()))) == text


@given(TEXTS)
def test_halves_of_json_pairs_in_several_pieces_become_that_character(text):
    units = text.encode("utf-16-le")
    pieces = [units[at : at + 2].decode("utf-16-le", "surrogatepass") for at in range(0, len(units), 2)]
    assert "".join(whole(*pieces)) == text


@given(st.lists(st.text(st.characters(codec=None) | st.sampled_from("\ud83d\udc80\ufffd\udcf0\udc9f"))))
def test_whatever_comes_every_piece_can_be_stored_and_has_no_replacement_character(pieces):
    text = "".join(whole(*pieces))
    assert text.encode().decode() == text
    assert "\ufffd" not in text


@given(st.lists(TEXTS))
def test_whole_characters_are_never_held_back(pieces):
    assert whole(*pieces) == pieces


@pytest.mark.parametrize(
    ("pieces", "given_back"),
    [
        (["a\ufffd", "\ufffd", "\ufffd", "b"], ["a", "", "", "b"]),
        (["a\ufffd", "😀", "b"], ["a", "😀", "b"]),
        (["a\ufffdb"], ["ab"]),
        (["a\ud83d", "b"], ["a", "b"]),
        (["\udcf0\udc9f", "x"], ["", "x"]),
        (["\udc80", "x\udcff"], ["", "x"]),
        (["\ud83d", "", "\ude00"], ["", "", "😀"]),
    ],
)
def test_half_that_is_never_completed_is_dropped(pieces, given_back):
    assert whole(*pieces) == given_back
