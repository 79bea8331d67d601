"""Which events may go to a client so that it misses nothing and sees nothing twice. Pure, without I/O.

The channel layer delivers at most once, and two publishers may overtake each other. Each state event carries the
session's revision, each piece of text its offset; whatever does not fit exactly is late, early, or shows a gap.
"""

from enum import Enum, auto

from chat.events import Event


class Verdict(Enum):
    """What to do with an event."""

    SEND = auto()
    DROP = auto()
    """The client has it already."""
    GAP = auto()
    """Something before it is missing."""


class Continuity:
    """What one client has been told of its session."""

    def __init__(self) -> None:
        self.rev = -2  # so far from any event that nothing goes out before the first `reset`
        self.reply = ""
        self.size = 0
        """Code points of the running reply that the client has."""
        self.due: set[str] = set()
        """Human messages without an outcome."""

    def reset(self, *, rev: int, due: set[str], reply: str, size: int) -> None:
        """The client was sent the whole session."""
        self.rev, self.due, self.reply, self.size = rev, due, reply, size

    def offer(self, event: Event) -> Verdict:
        """Judge an event and, when it may go out, take it as told."""
        if event.rev > self.rev + 1:
            return Verdict.GAP
        if event.rev == self.rev + 1:
            self._advance(event)
            return Verdict.SEND
        if event.kind != "delta":
            return Verdict.DROP
        return self._piece(event)

    def _advance(self, event: Event) -> None:
        self.rev = event.rev
        match event.kind:
            case "queued":
                self.due.add(event.to)
            case "started" | "delta":
                self.due.add(event.to)
                self.reply, self.size = event.reply, event.size
            case "replied" | "failed":
                self.due.discard(event.to)
                self.reply, self.size = "", 0
            case "cancelled":
                self.due.discard(event.to)

    def _piece(self, event: Event) -> Verdict:
        if event.reply != self.reply:
            # A reply that began before what the client was told last is over, or another attempt took its place.
            return Verdict.DROP if event.started_rev <= self.rev else Verdict.GAP
        if event.offset == self.size:
            self.size += event.size
            return Verdict.SEND
        return Verdict.DROP if event.offset + event.size <= self.size else Verdict.GAP
