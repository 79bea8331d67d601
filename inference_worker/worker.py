"""The worker: reads wake-ups for its free slots, answers, keeps its work from going idle, takes over others'."""

import asyncio
import logging
import os
import secrets
import socket
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from channels.layers import get_channel_layer
from redis.exceptions import RedisError

from chat import VERSION, about, counters, keys, queue
from chat.conf import get_conf
from chat.queue import WakeUp
from chat.redis_client import close_async_client, is_unavailable
from inference_worker.backends.base import Backend
from inference_worker.cluster_intake import open_intake
from inference_worker.turn import Turn

logger = logging.getLogger(__name__)

TAKE_OVER_INTERVAL_S = 1.0
TIDY_INTERVAL_S = 60.0
SAMPLE_INTERVAL_S = 10.0
"""Far more often than samples are kept, so that they keep to the clock. All workers ask, one of them is enough."""
HAND_BACK_S = 15.0
"""Far more than a Redis that answers takes: three calls of 5 s at most."""
CLOSING_S = 10.0
FIRST_PAUSE_S = 0.05
LONGEST_PAUSE_S = 1.0


class Worker:
    """Answers up to `slots` messages at once, each of another session."""

    def __init__(self, backend: Backend, *, slots: int, timeout_s: float, grace_s: float, name: str = "") -> None:
        # Unique even when two processes are given the same name: a consumer belongs to one living process.
        self.name = f"{name or socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"
        self._backend = backend
        self._slots = slots
        self._timeout_s = timeout_s
        self._grace_s = grace_s
        self._turns: dict[asyncio.Task[None], Turn] = {}
        self._freed = asyncio.Event()
        self._stop = asyncio.Event()
        self._about = {
            "slots": slots,
            "model": backend.name,
            "version": VERSION,
            "started": round(time.time() * 1000),
            "timeout_s": timeout_s,
        }
        self._intake = open_intake(self.name)
        self._layer: Any = get_channel_layer()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then finish or hand back what is under way. Waits for a Redis that is away."""
        self._stop = stop
        reader = asyncio.create_task(self._keep_reading())
        others = [
            asyncio.create_task(self._again_and_again(work))
            for work in (self._renew, self._take_over, self._tidy, self._listen, self._sample)
        ]
        logger.info("Worker %s is ready: %d slots, model %s", self.name, self._slots, self._backend.name)
        await stop.wait()
        self._stopping = True
        self._freed.set()
        logger.info("Worker %s stops: %d messages under way", self.name, len(self._turns))
        await self._drain(reader)
        for loop in others:
            loop.cancel()
        await asyncio.wait(others, timeout=CLOSING_S)
        await self._within(CLOSING_S, "closing", self._close())

    _stopping = False

    # --- Loops ---

    async def _again_and_again(self, work: Callable[[], Awaitable[None]]) -> None:
        """Repeat `work` until the shutdown, with growing pauses while Redis is away."""
        pause_s = FIRST_PAUSE_S
        # What is finished within the grace is renewed as long as it takes.
        while work == self._renew or not self._stopping:
            try:
                await work()
            except RedisError as error:
                if "NOGROUP" in str(error):
                    await self._make_groups()
                    continue
                level = logging.WARNING if is_unavailable(error) else logging.ERROR
                logger.log(level, "Redis: %s; trying again in %.2f s", error, pause_s)
            except Exception:
                # A broken loop would leave a worker that lives and answers nothing.
                logger.exception("Unexpected; trying again in %.2f s", pause_s)
            else:
                pause_s = FIRST_PAUSE_S
                continue
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    async def _make_groups(self) -> None:
        try:
            await self._intake.ensure_groups()
        except RedisError as error:
            logger.warning("Redis: %s", error)
            await asyncio.sleep(LONGEST_PAUSE_S)

    async def _keep_reading(self) -> None:
        await self._again_and_again(self._read)
        for wake_up in await self._intake.finish():
            self._begin(wake_up)

    async def _read(self) -> None:
        free = self._slots - len(self._turns)
        if free <= 0 and not self._intake.is_reading:
            self._freed.clear()
            await self._freed.wait()
            return
        for wake_up in await self._intake.read(free):
            self._begin(wake_up)

    async def _renew(self) -> None:
        about = self._about | {"busy": len(self._turns), "draining": self._stopping}
        claims = [turn.claim for turn in self._turns.values() if turn.claim]

        async def renew(number: int) -> None:
            mine = [claim for claim in claims if keys.partition(claim.session_id) == number]
            renewed = await queue.renew(number, self.name, about, mine)
            for turn in list(self._turns.values()):
                if turn.claim in renewed.lost:
                    turn.drop()
            if renewed.drains:
                self._drain_when_told()

        # One that fails must not keep the others from being renewed.
        partitions = range(get_conf().partitions)
        done = await asyncio.gather(*(renew(number) for number in partitions), return_exceptions=True)
        for trouble in done:
            if isinstance(trouble, BaseException):
                raise trouble
        await asyncio.sleep(get_conf().lease_s / 4)

    async def _take_over(self) -> None:
        await asyncio.sleep(TAKE_OVER_INTERVAL_S)
        free = self._slots - len(self._turns)
        if free > 0:
            for wake_up in await self._intake.take_over(free):
                extra = about.other(wake_up.session_id)
                logger.warning("Taking over wake-up %s", wake_up.entry, extra=extra)
                self._begin(wake_up)

    async def _tidy(self) -> None:
        await asyncio.sleep(TIDY_INTERVAL_S)
        await self._intake.tidy()

    async def _sample(self) -> None:
        await counters.sample()
        await asyncio.sleep(SAMPLE_INTERVAL_S)

    async def _listen(self) -> None:
        """Hear at once that a reply was stopped, its session ended, or that this worker is to drain."""
        channel = await self._layer.new_channel()
        await self._layer.group_add(keys.worker_group(self.name), channel)
        while True:
            message = await self._layer.receive(channel)
            if message["type"] == "worker.drain":
                self._drain_when_told()
            for turn in list(self._turns.values()):
                if turn.reply == message["reply"]:
                    turn.drop()

    def _drain_when_told(self) -> None:
        """Staff want this worker to end as after SIGTERM; what runs it starts another or does not."""
        if not self._stop.is_set():
            logger.info("Worker %s was told to drain", self.name)
            self._stop.set()

    # --- Turns ---

    def _begin(self, wake_up: WakeUp) -> None:
        # After a time without Redis this worker may be given what it works on already.
        if any(turn.wake_up == wake_up for turn in self._turns.values()):
            return
        turn = Turn(
            wake_up,
            worker=self.name,
            backend=self._backend,
            timeout_s=self._timeout_s,
            layer=self._layer,
        )
        task = turn.start()
        self._turns[task] = turn
        task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[None]") -> None:
        del self._turns[task]
        self._freed.set()

    async def _drain(self, reader: "asyncio.Task[None]") -> None:
        """Let running turns finish within the grace, then hand the others back."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._grace_s):
                await asyncio.wait([reader])
                while running := [task for task in self._turns if not task.done()]:
                    await asyncio.wait(running)
        await self._hand_back()
        # The reader is not cancelled: an entry that is on its way to it would be idle for the whole lease.
        await asyncio.wait([reader], timeout=CLOSING_S)
        await self._hand_back()

    async def _hand_back(self) -> None:
        left = list(self._turns.values())
        if left:
            logger.info("Worker %s hands %d messages back", self.name, len(left))
            turns = asyncio.gather(*(turn.hand_back() for turn in left))
            await self._within(HAND_BACK_S, "handing back", turns)

    async def _within(self, seconds: float, what: str, work: Awaitable[Any]) -> None:
        """Wait so long at most: a stop ends, whatever hangs. What was not handed back is taken over in time."""
        task = asyncio.ensure_future(work)
        await asyncio.wait([task], timeout=seconds)
        if task.done():
            task.result()
        else:
            logger.error("Worker %s: %s took longer than %.0f s and is left", self.name, what, seconds)

    async def _close(self) -> None:
        with suppress(RedisError):
            await self._intake.close()
        await self._intake.disconnect()
        await self._backend.close()
        await self._layer.flush()
        await close_async_client()
        logger.info("Worker %s has stopped", self.name)
