"""The history of a session, in one of two forms: a native JSON document, or a list of JSON texts.

Which one is asked of the server when the process starts; a session keeps the form that it began with, so a
server may gain the JSON type in between. The scripts in `chat/lua` write it, this module decodes it.
"""

from functools import cache
from typing import Literal

import orjson

from chat.events import StoredMessage
from chat.redis_client import ask_server

Form = Literal["json", "list"]


@cache
def form() -> Form:
    """The form of new sessions: "json" where the server has the JSON type."""
    # One list per command; a server that does not know the command gives nil for it.
    info = ask_server("COMMAND INFO", "JSON.ARRAPPEND")
    return "json" if info and info[0] else "list"


def decode(text: str) -> list[StoredMessage]:
    """A JSON array of stored messages."""
    messages: list[StoredMessage] = orjson.loads(text)
    return messages


def visible(messages: list[StoredMessage]) -> list[StoredMessage]:
    """Without the messages that were answered again."""
    return [message for message in messages if not message.get("replaced")]


def answered(messages: list[StoredMessage]) -> list[StoredMessage]:
    """What a model may see: without those that failed, too."""
    return [message for message in visible(messages) if "code" not in message]
