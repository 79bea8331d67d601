"""The two protocols of the socket: what a text frame means, and how an event is told."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from typing import Protocol as TypingProtocol
from uuid import uuid4

import orjson

from chat import events
from chat.errors import ChatError
from chat.events import Event, StoredMessage, encode
from chat.sessions import Snapshot


class Protocol(TypingProtocol):
    """How one socket speaks."""

    def parse(self, text: str) -> events.ClientFrame:
        """What the client wants. Raises ChatError for what is no frame."""

    def encode(self, event: Event) -> str | None:
        """The frame that tells an event, if it is told."""

    def encode_session(self, snapshot: Snapshot, due: set[str]) -> Iterable[str]:
        """The frames that tell a session as it is; `due` are the messages that had no outcome so far."""

    def refusal(self, error: ChatError) -> str:
        """The frame that refuses the client's."""


class ChatbotV1:
    """The subprotocol `chatbot.v1`: JSON frames both ways."""

    def parse(self, text: str) -> events.ClientFrame:
        return events.parse_frame(text)

    def encode(self, event: Event) -> str | None:
        return event.frame

    def encode_session(self, snapshot: Snapshot, due: set[str]) -> Iterable[str]:
        return (encode(snapshot.to_frame()),)

    def refusal(self, error: ChatError) -> str:
        return events.error_frame(error)


class Plain:
    """Without a subprotocol: a text frame is a message, each finished reply is one JSON frame."""

    def parse(self, text: str) -> events.ClientFrame:
        return events.Send(str(uuid4()), events.check_text(text))

    def encode(self, event: Event) -> str | None:
        if event.kind == "replied":
            return self._reply(orjson.loads(event.frame)["message"])
        if event.kind == "failed":
            failure = orjson.loads(event.frame)
            return self._failure(failure["to"], failure["detail"], failure["code"], _now())
        return None

    def encode_session(self, snapshot: Snapshot, due: set[str]) -> Iterable[str]:
        for message in snapshot.messages:
            if message["source"] == "bot" and message.get("to") in due:
                yield self._reply(message)
            elif "code" in message and message["id"] in due:
                yield self._failure(
                    message["id"], message.get("detail", ""), message["code"], message["timestamp"]
                )

    def refusal(self, error: ChatError) -> str:
        return self._failure(str(uuid4()), error.detail, error.code, _now())

    @staticmethod
    def _reply(message: StoredMessage) -> str:
        return encode({"id": message["id"], "msg": message["text"], "timestamp": message["timestamp"]})

    @staticmethod
    def _failure(message_id: str, detail: str, code: str, timestamp: str) -> str:
        frame: dict[str, Any] = {"id": message_id, "msg": detail, "timestamp": timestamp, "error": code}
        return encode(frame)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
