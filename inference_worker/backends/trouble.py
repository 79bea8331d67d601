"""What went wrong with a model's server: a sentence for the visitor, and the reason for the operator."""

import json
import math
import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import requests
from django.utils.translation import gettext_noop

from chat.errors import ModelError, ModelFailure, ModelTimeout, ModelUnavailable

LOADING = gettext_noop("The model is still loading. Try again in a moment.")
REFUSED = gettext_noop("The model does not let this service in. Please tell the operator.")
NOT_FOUND = gettext_noop("The model is not where this service looks for it. Please tell the operator.")
TOO_MUCH = gettext_noop("The model can't take this message. Try a shorter one.")
NOT_UNDERSTOOD = gettext_noop("The model's answer could not be understood.")
BROKEN_OFF = gettext_noop("The model's answer broke off.")
EMPTY = gettext_noop("The model had nothing to say. Try again, or put it differently.")
FILTERED = gettext_noop("The model's provider holds this answer back. Try to put it differently.")

LOGGED_CHARS = 300

# The names that servers give to their errors, in `error_type`, `type` or `code`.
_BUSY = {"overloaded", "overloaded_error", "rate_limit_exceeded", "rate_limit_error", "429", "502", "503"}
_TOO_MUCH = {"validation", "context_length_exceeded", "exceed_context_size_error"}
_FILTERED = {"content_filter", "content_policy_violation"}
# vLLM and others name nothing.
_WINDOW = re.compile(r"maximum context length|context (window|size|length) ", re.IGNORECASE)


class Trouble(Exception):
    """What the visitor is told, and what the operator reads about it in the log."""

    def __init__(self, failure: ModelFailure, what: str, body: bytes = b"") -> None:
        super().__init__(what)
        self.failure = failure
        self.what = what
        self.body = body

    def told(self, secrets: Iterable[str]) -> str:
        """What the operator reads: with the beginning of what the server said, without the secrets."""
        body = self.body.decode(errors="replace")
        for secret in secrets:
            body = body.replace(secret, "***")
        return f"{self.what} {body[:LOGGED_CHARS]!r}" if body else self.what


def refusal(response: requests.Response, body: bytes, token_setting: str) -> Trouble:
    """The trouble behind a status that is not 200."""
    status = response.status_code
    answer = _object(body)
    wait_s = _seconds(response.headers.get("Retry-After", ""))
    loading_s = _seconds(str(answer.get("estimated_time")))
    failure: ModelFailure
    hint = ""
    if status in (429, 502, 503) or loading_s is not None:
        wait_s = loading_s if wait_s is None else wait_s
        failure = ModelUnavailable(LOADING if loading_s is not None else "", retry_after_s=wait_s)
    elif status in (408, 504):
        failure = ModelTimeout()
    elif status in (401, 403):
        failure, hint = ModelError(REFUSED), f" (check {token_setting})"
    elif status == 404:
        failure, hint = ModelError(NOT_FOUND), " (check MODEL_URL)"
    elif 300 <= status < 400:
        failure, hint = ModelError(NOT_FOUND), " (redirects are not followed, set MODEL_URL to its end)"
    else:
        too_much = ModelError(TOO_MUCH) if status in (413, 422) else ModelError()
        failure = named_failure(answer) or too_much
    if failure.detail == TOO_MUCH:
        hint = " (check MODEL_CONTEXT_TOKENS and MODEL_MAX_NEW_TOKENS)"
    return Trouble(failure, f"answered with HTTP {status}{hint}", body)


def named_failure(answer: dict[str, Any]) -> ModelFailure | None:
    """The failure that an error names, also one that came with HTTP 200, as those inside a stream do."""
    loading_s = _seconds(str(answer.get("estimated_time")))
    if loading_s is not None:
        return ModelUnavailable(LOADING, retry_after_s=loading_s)
    error = answer.get("error")
    inner = error if isinstance(error, dict) else answer
    names = {str(name) for name in (answer.get("error_type"), inner.get("type"), inner.get("code"))}
    if names & _BUSY:
        return ModelUnavailable()
    if names & _TOO_MUCH or _WINDOW.search(str(inner.get("message"))):
        return ModelError(TOO_MUCH)
    return ModelError(FILTERED) if names & _FILTERED else None


def reason(error: requests.RequestException) -> str:
    """Why, without the URL, which requests puts into its messages."""
    cause: BaseException | None = error.args[0] if error.args else error
    cause = getattr(cause, "reason", cause)
    names = [type(error).__name__, type(cause).__name__]
    # The system's own words are somewhere below: "Connection refused".
    while isinstance(cause, BaseException):
        if isinstance(cause, OSError) and cause.strerror:
            return f"{cause.strerror} ({', '.join(names)})"
        cause = cause.__cause__ or cause.__context__
    return ", ".join(names)


def _object(body: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        answer = json.loads(body)
        if isinstance(answer, dict):
            return answer
    return {}


def _seconds(text: str) -> float | None:
    """A number of seconds, or an HTTP date as seconds from now."""
    with suppress(ValueError):
        seconds = float(text)
        return max(0.0, seconds) if math.isfinite(seconds) else None
    with suppress(ValueError):
        date = parsedate_to_datetime(text)
        return max(0.0, (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds())
    return None
