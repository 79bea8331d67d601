"""What the pieces of a reply go through."""

from typing import Protocol


class Filter(Protocol):
    """Lets through what belongs to the reply, as soon as that is certain."""

    done: bool
    """Nothing will follow, the model can be stopped."""

    def feed(self, piece: str) -> str: ...

    def end(self) -> str: ...
