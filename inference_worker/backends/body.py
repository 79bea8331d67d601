"""The body of an answer: its bytes as they come, and the JSON in them."""

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import requests
from urllib3.exceptions import HTTPError

from chat.errors import ModelError
from inference_worker.backends.connections import READ_BYTES
from inference_worker.backends.sse import events
from inference_worker.backends.trouble import NOT_UNDERSTOOD, Trouble, named_failure

# A hundred times the longest reply, sent as events: a server past it will not come to an end.
MAX_ANSWER_BYTES = 16 * 1024 * 1024
MAX_ERROR_BYTES = 16 * 1024


def is_stream(response: requests.Response) -> bool:
    """Whether the answer is server-sent events."""
    return response.headers.get("Content-Type", "").lower().startswith("text/event-stream")


def streamed(response: requests.Response) -> Iterator[dict[str, Any] | None]:
    """The object in each event, up to `[DONE]`, which gives None. Raises Trouble as `parsed` does."""
    for data in events(_chunks(response)):
        if data.strip() == b"[DONE]":
            yield None
            return
        yield parsed(data)


def whole(response: requests.Response) -> bytes:
    """All of it. Raises Trouble when that is too much."""
    return b"".join(_chunks(response))


def beginning(response: requests.Response) -> bytes:
    """Enough of an error's text to know what it is."""
    body = b""
    # An error whose text breaks off is still that error.
    with suppress(HTTPError, Trouble):
        for chunk in _chunks(response):
            body += chunk
            if len(body) > MAX_ERROR_BYTES:
                break
    return body[:MAX_ERROR_BYTES]


def parsed(data: bytes) -> dict[str, Any]:
    """One JSON object, alone or first in a list. Raises Trouble for anything else and for errors.

    Bytes that are no UTF-8 become lone surrogates: they may be one half of a character.
    """
    try:
        answer = json.loads(data.decode("utf-8-sig", errors="surrogateescape"))
    except (ValueError, RecursionError):
        raise Trouble(ModelError(NOT_UNDERSTOOD), "gave no JSON:", data) from None
    while isinstance(answer, list) and answer:
        answer = answer[0]
    if not isinstance(answer, dict):
        raise Trouble(ModelError(NOT_UNDERSTOOD), "gave other JSON than agreed:", data)
    if answer.get("error") or answer.get("object") == "error":
        raise Trouble(named_failure(answer) or ModelError(), "reported an error:", data)
    return answer


def _chunks(response: requests.Response) -> Iterator[bytes]:
    """The body as it comes off the wire. iter_lines() fills its 512 bytes first when a body has no chunks."""
    taken = 0
    while chunk := response.raw.read1(READ_BYTES, decode_content=True):
        taken += len(chunk)
        if taken > MAX_ANSWER_BYTES:
            raise Trouble(ModelError(NOT_UNDERSTOOD), f"sent more than {MAX_ANSWER_BYTES} bytes")
        yield chunk
