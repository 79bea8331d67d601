"""What a message went through, as spans, for whoever collects them. Nothing is done unless `start` was called.

All spans of a message are one trace, whose id is the message's own without its hyphens: nothing needs to travel
with the message, and whoever knows it finds its trace. Spans carry ids and numbers, never what was written.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Protocol

from chat.about import SHORT_ID

Attributes = Mapping[str, str | int]


class Span(Protocol):
    """The span that is open."""

    def set_attribute(self, key: str, value: str | int) -> None: ...


class _NoSpan:
    def set_attribute(self, key: str, value: str | int) -> None:
        pass


class Tracer(Protocol):
    """Whoever collects spans."""

    def span(self, name: str, message_id: str, attributes: Attributes) -> AbstractContextManager[Span]: ...


_NOTHING: AbstractContextManager[Span] = nullcontext(_NoSpan())
_tracer: Tracer | None = None


def start(tracer: Tracer) -> None:
    """From here on spans are collected in this process."""
    global _tracer  # noqa: PLW0603 - one per process, like logging
    _tracer = tracer


def span(name: str, message_id: str, session_id: str) -> AbstractContextManager[Span]:
    """A span around a block, which may add attributes to it."""
    if _tracer is None:
        return _NOTHING
    return _tracer.span(name, message_id, {"session": session_id[:SHORT_ID]})
