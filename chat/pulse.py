"""Notices when this process could not hear the channel layer, and lets its sockets look again.

While Redis is away the layer tries to subscribe again every second, and what was published in between is gone
without a word. So each process sends itself a beat every second, on each way that an event may come: a beat that
does not come back marks the silence, the first one that does ends it. A connection that is mended within
milliseconds falls between two beats; of that the layer tells.
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
DEAD_AFTER_BEATS = 5
"""So many beats in a row that do not come back: the connection is made anew, it may be dead without saying so."""

_pulses: "WeakKeyDictionary[asyncio.AbstractEventLoop, Pulse]" = WeakKeyDictionary()


class Pulse:
    """The beats of one event loop. Runs while somebody listens."""

    def __init__(self) -> None:
        self._listeners: set[Callable[[], None]] = set()
        self._tasks: list[asyncio.Task[None]] = []
        self._layer: Any = get_channel_layer()

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
            self._layer.on_resubscribed(self._tell)
            self._tasks = [
                asyncio.create_task(Route(self._layer, number, self._tell).run())
                for number in range(self._layer.routes)
            ]

    def ignore(self, after_silence: Callable[[], None]) -> None:
        self._listeners.discard(after_silence)
        if not self._listeners:
            for task in self._tasks:
                task.cancel()
            self._tasks = []

    def _tell(self) -> None:
        for after_silence in list(self._listeners):
            after_silence()


class Route:
    """The beats on one of the ways that an event may come."""

    def __init__(self, layer: Any, number: int, after_silence: Callable[[], None]) -> None:
        self._layer = layer
        self._number = number
        self._after_silence = after_silence
        self._sent = self._heard = 0
        self._was_deaf = False

    async def run(self) -> None:
        """Until it is cancelled."""
        channel = ""
        while not channel:
            try:
                channel = await self._layer.open_route(self._number)
            except RedisError:
                self._was_deaf = True
                await asyncio.sleep(BEAT_S)
        hearing = asyncio.create_task(self._hear(channel))
        try:
            await self._beat(channel)
        finally:
            # Cancelled while it waits, the layer forgets the channel.
            hearing.cancel()

    async def _beat(self, channel: str) -> None:
        while True:
            await asyncio.sleep(BEAT_S)
            missing = self._sent - self._heard
            self._was_deaf |= missing > 0
            if missing and missing % DEAD_AFTER_BEATS == 0:
                await self._layer.reconnect(self._number)
            self._sent += 1
            with contextlib.suppress(RedisError):
                await self._layer.send(channel, {"type": "pulse.beat", "number": self._sent})

    async def _hear(self, channel: str) -> None:
        while True:
            self._heard = (await self._layer.receive(channel))["number"]
            if self._was_deaf and self._heard == self._sent:
                self._was_deaf = False
                self._after_silence()
