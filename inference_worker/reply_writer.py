"""Writes a reply while it grows: to Redis first, then to whoever listens."""

import asyncio
from collections.abc import Awaitable, Callable

from redis.exceptions import RedisError

from chat import events, queue
from chat.events import Event
from chat.queue import Claim
from chat.redis_client import patiently

FLUSH_INTERVAL_S = 0.04
"""Pieces after the first one are gathered this long: fast enough for the eye, and few enough for a browser."""
ANNOUNCE_AFTER_S = 0.1
"""A reply whose first piece takes longer is announced as started."""
REDIS_PATIENCE_S = 60.0
"""How long a worker waits for a Redis that is away before it leaves the work to a take-over."""


class TakenOver(Exception):
    """The work was taken over, stopped or ended; nothing may be written any more."""


class ReplyWriter:
    """The pieces of one reply, coalesced. One flush is under way at a time, so pieces stay in order."""

    def __init__(
        self,
        claim: Claim,
        publish: Callable[[Event], Awaitable[None]],
        for_script: Callable[[Event], tuple[str, bytes] | None],
        on_lost: Callable[[], None],
    ) -> None:
        """`for_script` gives what the flush script can publish itself, `on_lost` is called when a flush in the
        background was refused or Redis stayed away.
        """
        self._claim = claim
        self._publish = publish
        self._for_script = for_script
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._parts: list[str] = []
        self._buffer: list[str] = []
        self._size = 0
        self._flushed_at = float("-inf")
        self._announced = False
        self._finished = False
        self._flushing = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = self._loop.call_later(ANNOUNCE_AFTER_S, self._wake)

    @property
    def text(self) -> str:
        """All that was added."""
        return "".join(self._parts)

    async def add(self, piece: str) -> None:
        """Add a piece. Raises TakenOver when the work is no longer this worker's."""
        self._parts.append(piece)
        self._buffer.append(piece)
        wait_s = self._flushed_at + FLUSH_INTERVAL_S - self._loop.time()
        if wait_s <= 0:
            self._cancel_timer()
            await self._flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(wait_s, self._wake)

    async def finish(self) -> str:
        """The whole text; what was not flushed yet goes out with the end of the reply."""
        self._cancel_timer()
        async with self._flushing:
            self._finished = True
            announces, self._announced = not self._announced, True
            if announces:
                claim = self._claim
                await self._publish(events.started(claim.rev, claim.reply, claim.message["id"]))
            return self.text

    def close(self) -> None:
        """Write nothing more."""
        self._cancel_timer()
        if self._task:
            self._task.cancel()

    def _cancel_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def _wake(self) -> None:
        self._timer = None
        self._task = self._loop.create_task(self._flush_in_background())

    async def _flush_in_background(self) -> None:
        try:
            await self._flush()
        except (TakenOver, RedisError):
            self._on_lost()

    async def _flush(self) -> None:
        async with self._flushing:
            if self._finished:
                return
            piece, offset = "".join(self._buffer), self._size
            self._buffer.clear()
            claim = self._claim
            announces, self._announced = not self._announced, True
            if not piece:
                if announces:
                    await self._publish(events.started(claim.rev, claim.reply, claim.message["id"]))
                return
            self._size += len(piece)
            self._flushed_at = self._loop.time()
            event = events.delta(
                claim.reply, offset, piece, to=claim.message["id"], started_rev=claim.rev, announces=announces
            )
            # The first piece is what people wait for: stored and told in one round trip.
            told = self._for_script(event) if announces else None
            stored = await self._store(offset, piece, told)
            if stored and not told:
                await self._publish(event)
            if not stored:
                raise TakenOver

    async def _store(self, offset: int, piece: str, told: tuple[str, bytes] | None) -> bool:
        return await patiently(lambda: queue.flush(self._claim, offset, piece, told), for_s=REDIS_PATIENCE_S)
