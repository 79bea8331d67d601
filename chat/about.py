"""Which session and which message the work of this task is about, so that every line of the log can say it.

Setting is a matter of nanoseconds; it is read when a line is written, and nowhere else. A task or thread that is
begun takes it along.
"""

import logging
from contextvars import ContextVar
from typing import Any

SHORT_ID = 8
"""The first characters of a session's id: enough to find it in the admin, by themselves of no use."""

_session: ContextVar[str] = ContextVar("session", default="")
_message: ContextVar[str] = ContextVar("message", default="")


def session(session_id: str) -> None:
    """From here on this task works on a session, and on none of its messages so far."""
    _session.set(session_id[:SHORT_ID])
    _message.set("")


def message(message_id: str) -> None:
    """From here on this task works on a message; "": on none."""
    _message.set(message_id)


def other(session_id: str) -> dict[str, Any]:
    """For a single line about a session that is not this task's: its `extra`."""
    return {"session": session_id[:SHORT_ID], "message_id": ""}


class AboutFilter(logging.Filter):
    """Gives each record `session` and `message_id`, empty when it is about none."""

    def filter(self, record: logging.LogRecord) -> bool:
        if not hasattr(record, "session"):
            record.session, record.message_id = _session.get(), _message.get()
        return True
