"""Conversations put into Redis at once, as the scripts store them."""

from typing import Any
from uuid import uuid4

import orjson
import redis

from chat import keys


def message(source: str, text: str, **members: Any) -> dict[str, Any]:
    """A message of the history."""
    return {"id": str(uuid4()), "source": source, "text": text, "timestamp": "2026-01-02T03:04:05.678Z", **members}


def store(client: "redis.Redis", session_id: str, *messages: dict[str, Any]) -> None:
    """Append messages to a session's history, in the form that it has."""
    is_document = client.hget(keys.session(session_id), "form") == "json"
    key, ids = keys.history(session_id), keys.of_session(session_id)[4]
    pipeline = client.pipeline(transaction=False)
    for place, each in enumerate(messages):
        text = orjson.dumps(each).decode()
        if is_document:
            pipeline.execute_command("JSON.ARRAPPEND", key, "$.messages", text)
        else:
            pipeline.rpush(key, text)
        if each["source"] == "human":
            pipeline.hset(ids, each["id"], str(place))
    pipeline.execute()


def exchanges(count: int, reply: str = "reply {}") -> list[dict[str, Any]]:
    """So many questions with their replies."""
    pairs = (
        (message("human", f"question {number}"), message("bot", reply.format(number))) for number in range(count)
    )
    return [each for pair in pairs for each in pair]
