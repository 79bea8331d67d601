"""Patience with a model that is busy or not there yet, within the bound of one answer."""

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from itertools import count

from chat.errors import ModelTimeout, ModelUnavailable
from inference_worker.backends.base import Backend, Finish, Prompt

logger = logging.getLogger(__name__)

# Grows so that a restarting model is not flooded; five pauses make six attempts in 4 to 8 seconds.
PAUSES_S = (0.25, 0.5, 1.0, 2.0, 4.0)


async def stream_with_retries(
    backend: Backend, prompt: Prompt, timeout_s: float
) -> AsyncGenerator[str | Finish, None]:
    """The reply in pieces, as the backend gives it; it is asked again as long as it has not begun to answer.

    Raises ModelTimeout once `timeout_s` are over, pauses included, and otherwise what the backend raises.
    """
    deadline = asyncio.get_running_loop().time() + timeout_s
    for attempt in count():
        begun = False
        try:
            async with aclosing(_until(deadline, backend.stream(prompt))) as items:
                async for item in items:
                    # An empty piece is no beginning: a filter gives one while it holds text back.
                    if item != "":
                        begun = True
                        yield item
            return
        except ModelUnavailable as error:
            pause_s = pause_before_retry(attempt, error.retry_after_s)
            if begun or pause_s is None or asyncio.get_running_loop().time() + pause_s >= deadline:
                raise
            logger.info("%s is not available, asked again in %.2f s", backend.name, pause_s)
        await asyncio.sleep(pause_s)


def pause_before_retry(attempt: int, named_s: float | None) -> float | None:
    """Seconds to wait after the failed attempt number `attempt` (from 0); None: give up.

    A time that the model named is kept to, and there is no limit to such attempts but the deadline. The
    pauses differ by up to a half, so that messages that failed together do not come back together.
    """
    if named_s is None and attempt >= len(PAUSES_S):
        return None
    pause_s = PAUSES_S[min(attempt, len(PAUSES_S) - 1)] * random.uniform(0.5, 1)
    return pause_s if named_s is None else max(named_s, pause_s)


async def _until(deadline: float, stream: AsyncIterator[str | Finish]) -> AsyncGenerator[str | Finish, None]:
    """The items of a stream. Raises ModelTimeout at `deadline` (in the loop's time); closes the stream."""
    loop = asyncio.get_running_loop()
    try:
        while (item := await _next(deadline, stream)) is not None:
            # A stream that never waits gives the timer no chance.
            if loop.time() >= deadline:
                raise ModelTimeout
            yield item
    finally:
        # A backend may give any async iterator; only generators have something to close.
        if isinstance(stream, AsyncGenerator):
            await stream.aclose()


async def _next(deadline: float, stream: AsyncIterator[str | Finish]) -> str | Finish | None:
    # The timer runs while this waits and never across a `yield`, where it would go off in the reader's code.
    try:
        async with asyncio.timeout_at(deadline):
            return await anext(stream, None)
    except TimeoutError:
        raise ModelTimeout from None
