"""What one client hears, and whether it keeps what it was promised."""

import json
import re
import time
from collections import Counter
from typing import Any

from tests.faults.view import RuleBroken, View

MARKER = re.compile(r"s(\d{3})m")


class Listener:
    """One session's side that hears. Each word that is written carries its number: one seen elsewhere tells."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.view = View()
        self.sent: dict[str, str] = {}
        """Message id -> text, in the order of writing."""
        self.accepted: dict[str, int] = {}
        """Message id -> the revision at which it was seen to be in."""
        self.cancel_asked: set[str] = set()
        self.retry_asked: set[str] = set()
        self.stops_asked = 0
        self.pairs: set[tuple[str, str]] = set()
        """Neighbours in a mailbox: they are answered in this order."""
        self.broken: list[tuple[str, str]] = []
        """Kind of the broken promise, what was seen."""
        self.seen: Counter[str] = Counter()
        self.longest_wait_s = 0.0
        self._accepted_at: dict[str, float] = {}

    def unsure(self) -> list[str]:
        """What was sent and not seen to be in."""
        return [message_id for message_id in self.sent if message_id not in self.accepted]

    def is_content(self) -> bool:
        """Everything that was sent is in, and has had its outcome."""
        return not self.unsure() and not self.view.pending and self.view.reply is None

    def hear(self, text: str) -> dict[str, Any]:
        """Take one frame in."""
        strangers = {int(number) for number in MARKER.findall(text)} - {self.number}
        if strangers:
            self._break("mixed up", f"words of {strangers}: {text[:300]}")
        frame: dict[str, Any] = json.loads(text)
        self.seen[frame["type"]] += 1
        try:
            self.view.apply(frame)
        except RuleBroken as broken:
            self._break("text", f"{broken}; {text[:300]}")
        match frame["type"]:
            case "session":
                self._note_session(frame)
            case "queued":
                self._note_accepted(frame["message"]["id"], frame["rev"])
            case "replied" | "failed":
                self._note_outcome(frame["to"])
            case "error":
                self.seen[f"error {frame['code']}"] += 1
        return frame

    def _note_session(self, frame: dict[str, Any]) -> None:
        self.pairs |= {
            (first["id"], second["id"])
            for first, second in zip(frame["pending"], frame["pending"][1:], strict=False)
        }
        for message in frame["messages"]:
            if message["source"] == "human":
                self._note_accepted(message["id"], frame["rev"])
                self._note_outcome(message["id"])
        for message in frame["pending"]:
            self._note_accepted(message["id"], frame["rev"])
        if not frame["has_more"]:
            known = {message_id for message_id, rev in self.accepted.items() if rev <= frame["rev"]}
            for message_id in known - self.view.ids() - self.cancel_asked:
                self._break("lost", f"{message_id} was accepted and is not in the session of rev {frame['rev']}")

    def _note_accepted(self, message_id: str, rev: int) -> None:
        if message_id not in self.sent:
            self._break("mixed up", f"{message_id} was never sent here")
        if message_id not in self.accepted:
            self.accepted[message_id] = rev
            self._accepted_at[message_id] = time.monotonic()

    def _note_outcome(self, message_id: str) -> None:
        accepted_at = self._accepted_at.pop(message_id, None)
        if accepted_at is not None:
            self.longest_wait_s = max(self.longest_wait_s, time.monotonic() - accepted_at)

    def _break(self, kind: str, what: str) -> None:
        self.broken.append((kind, f"session {self.number}: {what}"))
