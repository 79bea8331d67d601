"""Models that think aloud write their thoughts before the reply. These are not shown."""

OPEN, CLOSE = "<think>", "</think>"


class HideThoughts:
    """A filter for a chat model's reply that comes in pieces.

    Gives back the text without a `<think>…</think>` at its start and without the blanks around it. However a
    text is split, the pieces given back add up to the same.
    """

    done = False
    """Nothing in the text says that it is over."""

    def __init__(self) -> None:
        self._held = ""
        self._thinks = False
        self._started = False

    def feed(self, piece: str) -> str:
        """What is certain to belong to the reply so far, perhaps nothing."""
        self._held += piece
        while not self._started:
            if self._thinks:
                if not self._skip_thought():
                    return ""
                self._thinks = False
            self._held = self._held.lstrip()
            if OPEN.startswith(self._held[: len(OPEN)]) and len(self._held) < len(OPEN):
                return ""
            self._thinks = self._held.startswith(OPEN)
            self._started = not self._thinks
        # Blanks at the end may be the last thing: they wait.
        text = self._held.rstrip()
        self._held = self._held[len(text) :]
        return text

    def end(self) -> str:
        """What was held back and, as nothing follows, belongs to the reply."""
        return "" if self._started or self._thinks else self._held

    def _skip_thought(self) -> bool:
        """Drop the thought as far as it is there; true when its end was."""
        _, closed, rest = self._held.partition(CLOSE)
        # What could be the beginning of its end stays.
        self._held = rest if closed else self._held[1 - len(CLOSE) :]
        return bool(closed)
