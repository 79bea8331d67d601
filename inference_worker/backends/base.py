"""What the worker asks of a model, whichever it is."""

import dataclasses
from collections.abc import AsyncIterator
from typing import Literal, Protocol, runtime_checkable


@dataclasses.dataclass(frozen=True, slots=True)
class Turn:
    """One earlier message."""

    source: Literal["human", "bot"]
    text: str


@dataclasses.dataclass(frozen=True, slots=True)
class Prompt:
    """What is to be answered."""

    message: str
    context: tuple[Turn, ...] = ()
    """The messages before it, oldest first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Finish:
    """Why a reply ended: the model was done, or it reached its limit of tokens."""

    reason: Literal["stop", "length"] = "stop"
    tokens: int | None = dataclasses.field(default=None, compare=False)
    """How many the reply took, where the model says so."""


class Backend(Protocol):
    """A model."""

    name: str
    """Shown to people: no secrets, and nothing of the URL's user, password or query."""

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Finish]:
        """The reply in pieces, as soon as each is there; a `Finish` may follow as the last item.

        Raises ModelUnavailable (worth another try, `retry_after_s` where the model named a time),
        ModelTimeout and ModelError; their detail is read by visitors. Closing the iterator early, or
        cancelling the task that waits for it, ends the work and frees its connection at once.
        """
        ...

    async def close(self) -> None:
        """End what still runs and free threads and connections."""
        ...


@runtime_checkable
class Remote(Protocol):
    """What a backend may offer besides."""

    async def ping(self) -> bool:
        """Whether the model is there; when that changes, one line in the log says so.

        Raises ImproperlyConfigured when it never will be.
        """
        ...

    def shown(self, prompt: Prompt) -> str:
        """The prompt as the model gets it, for people."""
        ...
