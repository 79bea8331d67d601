"""Notices when this process could not hear the channel layer, and lets its sockets look again.

While Redis is away the layer tries to subscribe again every second, and what was published in between is gone
without a word. So each process sends itself a beat every second: a beat that does not come back marks the
silence, the first one that does ends it. A connection that is mended within milliseconds falls between two beats;
what was lost then shows as a gap with the next event, or after the 10 s for which a due reply may be silent.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

BEAT_S = 1.0
"""As long as the layer pauses before it tries to subscribe again."""

_pulses: "WeakKeyDictionary[asyncio.AbstractEventLoop, Pulse]" = WeakKeyDictionary()


class Pulse:
    """The beats of one event loop. Runs while somebody listens."""

    def __init__(self) -> None:
        self._listeners: set[Callable[[], None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._layer: Any = get_channel_layer()
        self._channel = ""
        self._sent = self._heard = 0
        self._was_deaf = False

    @classmethod
    def here(cls) -> "Pulse":
        """The pulse of the running event loop."""
        loop = asyncio.get_running_loop()
        if loop not in _pulses:
            _pulses[loop] = cls()
        return _pulses[loop]

    def listen(self, after_silence: Callable[[], None]) -> None:
        """Call this function after each silence, until `ignore`."""
        self._listeners.add(after_silence)
        if not self._tasks:
            self._tasks = [asyncio.create_task(self._run())]

    def ignore(self, after_silence: Callable[[], None]) -> None:
        self._listeners.discard(after_silence)
        if not self._listeners:
            for task in self._tasks:
                task.cancel()
            # Cancelled while it waited, the layer has forgotten the channel.
            self._tasks, self._channel = [], ""

    async def _run(self) -> None:
        while not self._channel:
            try:
                self._channel = await self._layer.new_channel("pulse.")
            except RedisError:
                await asyncio.sleep(BEAT_S)
        self._tasks.append(asyncio.create_task(self._hear()))
        while True:
            await asyncio.sleep(BEAT_S)
            if self._heard < self._sent:
                self._was_deaf = True
            self._sent += 1
            with contextlib.suppress(RedisError):
                await self._layer.send(self._channel, {"type": "pulse.beat", "number": self._sent})

    async def _hear(self) -> None:
        while True:
            self._heard = (await self._layer.receive(self._channel))["number"]
            if self._was_deaf and self._heard == self._sent:
                self._was_deaf = False
                for after_silence in list(self._listeners):
                    after_silence()
