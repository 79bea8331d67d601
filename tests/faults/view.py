"""What a client shows, by the one rule of the protocol: `session` replaces everything, `delta` appends."""

from typing import Any


class RuleBroken(AssertionError):
    """A frame came that does not fit what the client was told before."""


class View:
    """One client's picture of its session, put together from frames alone."""

    def __init__(self) -> None:
        self.rev = -1
        self.messages: list[dict[str, Any]] = []
        self.pending: list[dict[str, Any]] = []
        self.reply: dict[str, str] | None = None
        """The running reply: id, to, text."""
        self.has_more = False

    def apply(self, frame: dict[str, Any]) -> None:
        """Take a frame in. Raises RuleBroken."""
        apply = getattr(self, f"_{frame['type']}", None)
        if apply is None:
            raise RuleBroken(f"unknown frame {frame}")
        apply(frame)

    def ids(self) -> set[str]:
        """Of all that is to be seen."""
        return {message["id"] for message in (*self.messages, *self.pending)}

    def _error(self, frame: dict[str, Any]) -> None:
        """Changes nothing."""

    def _session(self, frame: dict[str, Any]) -> None:
        if frame["rev"] < self.rev:
            raise RuleBroken(f"the session went back from rev {self.rev} to {frame['rev']}")
        self.rev = frame["rev"]
        self.messages = frame["messages"]
        self.pending = frame["pending"]
        self.reply = frame["reply"]
        self.has_more = frame["has_more"]

    def _queued(self, frame: dict[str, Any]) -> None:
        message = frame["message"]
        if any(waiting["id"] == message["id"] for waiting in self.pending):
            return  # said twice, as it was sent twice
        self._take_out(message["id"])
        self.pending.append({name: value for name, value in message.items() if name != "source"})

    def _started(self, frame: dict[str, Any]) -> None:
        if frame["to"] not in {waiting["id"] for waiting in self.pending}:
            raise RuleBroken(f"a reply to {frame['to']} begins, which does not wait")
        self.reply = {"id": frame["id"], "to": frame["to"], "text": ""}

    def _delta(self, frame: dict[str, Any]) -> None:
        if "rev" in frame:
            self._started(frame)
        reply = self.reply
        if reply is None or reply["id"] != frame["id"]:
            raise RuleBroken(f"a piece of {frame['id']} comes while {reply} is running")
        if frame["offset"] != len(reply["text"]):
            raise RuleBroken(f"a piece for {frame['offset']} comes, {len(reply['text'])} characters are there")
        reply["text"] += frame["text"]

    def _replied(self, frame: dict[str, Any]) -> None:
        message, reply = frame["message"], self.reply
        if reply is None or reply["id"] != message["id"] or reply["to"] != frame["to"]:
            raise RuleBroken(f"{message['id']} ends, but {reply} is running")
        if not message["text"].startswith(reply["text"]):
            raise RuleBroken(f"the reply is {message['text']!r}, its pieces were {reply['text']!r}")
        self.messages += [self._human(frame["to"]), message]
        self.reply = None

    def _failed(self, frame: dict[str, Any]) -> None:
        failure = {"code": frame["code"], "detail": frame["detail"]}
        self.messages.append(self._human(frame["to"]) | failure)
        self.reply = None

    def _cancelled(self, frame: dict[str, Any]) -> None:
        self._human(frame["id"])

    def _human(self, message_id: str) -> dict[str, Any]:
        """Take a message out of those that wait."""
        for place, waiting in enumerate(self.pending):
            if waiting["id"] == message_id:
                del self.pending[place]
                return {"source": "human", **waiting}
        raise RuleBroken(f"{message_id} has its outcome, but it does not wait")

    def _take_out(self, message_id: str) -> None:
        """A message that is answered again leaves the list, together with its reply."""
        for place, message in enumerate(self.messages):
            if message["id"] == message_id:
                answered = "code" not in message and place + 1 < len(self.messages)
                del self.messages[place : place + 1 + answered]
                return
