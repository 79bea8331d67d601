"""What may happen to a command on its way to Redis."""

import asyncio
import threading
from typing import Literal

from tests.servers import wait_until

Deed = Literal["swallow", "cut", "hold", "lose"]


class Rule:
    """What is to happen to the next commands that contain a text.

    `swallow`: the command runs, its answer is thrown away and the connection ends. `cut`: the connection ends and
    the command never arrives. `hold`: it waits until `release`. `lose`: the sender is told that nobody listened
    (for PUBLISH).
    """

    def __init__(self, deed: Deed, parts: tuple[bytes, ...], times: int, answer: bytes) -> None:
        self.deed = deed
        self.parts = parts
        self.times = times
        self.answer = answer
        self.taken = 0
        """How many commands it was looked at for."""
        self.met = 0
        """How often it happened."""
        self._released = threading.Event()

    def wait(self, times: int = 1) -> None:
        """Until it has happened so often."""
        wait_until(lambda: self.met >= times, f"{self.deed} of {self.parts}")

    def release(self) -> None:
        self._released.set()

    async def released(self) -> None:
        while not self._released.is_set():  # noqa: ASYNC110 - set from another thread
            await asyncio.sleep(0.005)

    def takes(self, data: bytes) -> bool:
        if self.met >= self.times or not all(part in data for part in self.parts):
            return False
        self.taken += 1
        if not self.answer:
            self.met += 1
        return True

    def swallows(self, answer: bytes) -> bool:
        if self.answer:
            if self.answer not in answer or self.met >= self.times:
                return False
            self.met += 1
        return True
