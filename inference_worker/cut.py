"""Text models go on after their reply and write the human's next line as well. That part is cut off."""

MARKER = "Human:"
LABEL = "Bot:"


class CutAtMarker:
    """A filter for a reply that comes in pieces.

    Gives back the text before the first `Human:`, without the blanks around it and without a `Bot:` that
    the model repeats at its start. What may still turn into one of these is held back until it is clear.
    However a text is split, the pieces given back add up to the same.
    """

    def __init__(self) -> None:
        self._held = ""
        self._started = False
        """Something was given back, so neither a label nor leading blanks can follow."""
        self._labelled = False
        self.done = False
        """The marker came: nothing will follow, the model can be stopped."""

    def feed(self, piece: str) -> str:
        """What is certain to belong to the reply so far, perhaps nothing."""
        if self.done:
            return ""
        self._held += piece
        if not self._started and self._may_be_label():
            return ""
        at = self._held.find(MARKER)
        if at >= 0:
            self.done = True
            return self._release(self._held[:at].rstrip())
        certain = len(self._held) - _open_marker_chars(self._held)
        return self._release(self._held[:certain].rstrip())

    def end(self) -> str:
        """What was held back and, as nothing follows, belongs to the reply."""
        if self.done:
            return ""
        self.done = True
        return self._release(self._held.rstrip())

    def _may_be_label(self) -> bool:
        """Drop leading blanks and a label; true while what is held could still be the beginning of one."""
        self._held = self._held.lstrip()
        if not self._labelled and self._held.startswith(LABEL):
            self._labelled = True
            self._held = self._held[len(LABEL) :].lstrip()
        return not self._labelled and LABEL.startswith(self._held)

    def _release(self, text: str) -> str:
        self._held = self._held[len(text) :]
        self._started = self._started or bool(text)
        return text


def _open_marker_chars(text: str) -> int:
    """How many characters at the end could be the beginning of a marker."""
    longest = min(len(MARKER) - 1, len(text))
    return next((size for size in range(longest, 0, -1) if MARKER.startswith(text[-size:])), 0)
