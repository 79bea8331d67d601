"""Tokens end in the middle of characters. Nobody is to see halves of one."""

import codecs
import re

# JSON can hold what UTF-8 can't: halves of UTF-16 pairs. Bytes of half a character come as these, too.
_HALVES = re.compile(r"[\ud800-\udfff]")
_BYTES = re.compile(r"[\udc80-\udcff]+")
_HIGH = re.compile(r"[\ud800-\udbff]\Z")
_BYTES_AT_END = re.compile(_BYTES.pattern + r"\Z")
_UNKNOWN = "\ufffd"


class WholeCharacters:
    """A filter for pieces of text that gives back whole characters alone.

    Halves in two pieces are put together: UTF-16 pairs written as JSON escapes, and UTF-8 bytes that the
    reader of the answer could not decode (as `surrogateescape` has them). A half without its other is dropped.

    So is U+FFFD. Servers that decode each token alone send it for every half, and what it was is lost: one
    that can mend it sends the whole character next, and a text with a gap reads better than one with marks.
    """

    def __init__(self) -> None:
        self._held = ""

    def feed(self, piece: str) -> str:
        """The whole characters so far, perhaps none."""
        text = (self._held + piece).replace(_UNKNOWN, "")
        self._held = ""
        if not _HALVES.search(text):
            return text
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "surrogatepass")
        self._held = _open_half(text)
        text = text.removesuffix(self._held)
        return _HALVES.sub("", _BYTES.sub(_decoded, text))


def _open_half(text: str) -> str:
    """The end of the text that may be the beginning of a character."""
    if high := _HIGH.search(text):
        return high[0]
    decoder = codecs.getincrementaldecoder("utf-8")("ignore")
    at_end = _BYTES_AT_END.search(text)
    decoder.decode(at_end[0].encode(errors="surrogateescape") if at_end else b"")
    return decoder.getstate()[0].decode(errors="surrogateescape")


def _decoded(run: re.Match[str]) -> str:
    return run[0].encode(errors="surrogateescape").decode(errors="ignore")
