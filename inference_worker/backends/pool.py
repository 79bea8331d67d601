"""Several servers behind one MODEL_URL: load by weight, and another one when one fails before its first word."""

import asyncio
import logging
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from chat.errors import ModelError, ModelFailure, ModelUnavailable
from inference_worker.backends.base import Backend, Finish, Prompt, Remote
from inference_worker.conf import ModelConf

logger = logging.getLogger(__name__)

FIRST_REST_S = 1.0
LONGEST_REST_S = 30.0
"""How long a server that has failed is left alone; each time in a row twice as long."""
MAX_WEIGHT = 1000.0

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


def urls_of(text: str) -> list[str]:
    """The URLs of a MODEL_URL: one, or several with blanks or line breaks between them."""
    words = text.split()
    # A folder's name may have blanks.
    return words if len(words) > 1 and all(_SCHEME.match(word) for word in words) else [text]


@dataclass(slots=True, eq=False)
class Member:
    """One of the servers."""

    backend: Backend
    weight: float
    running: int = 0
    failures: int = 0
    """In a row."""
    rests_until: float = field(default=0.0)
    """By the loop's clock."""

    def is_healthy(self, now: float) -> bool:
        """Whether it may be asked. One that has failed is asked by one message alone, until it has answered."""
        return not self.failures or (self.rests_until <= now and not self.running)

    def has_failed(self, now: float, named_s: float | None) -> None:
        """Leave it alone for a while: as long as it asked for, if it did."""
        rest_s = min(FIRST_REST_S * 2**self.failures, LONGEST_REST_S) * random.uniform(0.5, 1)
        rest_s = max(rest_s, named_s or 0.0)
        self.failures = min(self.failures + 1, 10)
        self.rests_until = now + rest_s
        logger.warning("Model %s has failed, left alone for %.1f s", self.backend.name, rest_s)

    def is_well(self) -> None:
        if self.failures:
            logger.info("Model %s answers again", self.backend.name)
        self.failures = 0


class Pool:
    """A Backend of several. Each message goes to the server that has the least to do for its weight."""

    def __init__(self, conf: ModelConf, slots: int, open_one: Callable[[ModelConf, int], Backend]) -> None:
        self._members: list[Member] = []
        for text in urls_of(conf.url):
            url, weight = _weight_of(text)
            # Any of them may have to answer all that this worker works on.
            self._members.append(Member(open_one(replace(conf, url=url), slots), weight))
        names = dict.fromkeys(member.backend.name for member in self._members)
        self.name = ", ".join(names)

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Finish]:
        loop = asyncio.get_running_loop()
        left = list(self._members)
        waits_s: list[float | None] = []
        while True:
            member = self._choose(left, loop.time())
            left.remove(member)
            begun = False
            member.running += 1
            try:
                async with aclosing(_generator(member.backend.stream(prompt))) as items:
                    async for item in items:
                        if item != "" and not begun:
                            begun = True
                            member.is_well()
                        yield item
                return
            except ModelFailure as failure:
                if begun or not _is_the_servers_fault(failure):
                    raise
                waits_s.append(failure.retry_after_s)
                member.has_failed(loop.time(), failure.retry_after_s)
                if not left:
                    if isinstance(failure, ModelUnavailable) and None not in waits_s:
                        failure.retry_after_s = min(filter(None, waits_s), default=0.0)
                    raise
            finally:
                member.running -= 1

    async def ping(self) -> bool:
        """Whether any of them is there."""
        remote = [member.backend for member in self._members if isinstance(member.backend, Remote)]
        answers = await asyncio.gather(*(backend.ping() for backend in remote))
        return any(answers) or len(remote) < len(self._members)

    def shown(self, prompt: Prompt) -> str:
        """The prompt as the first of them gets it."""
        backend = self._members[0].backend
        return backend.shown(prompt) if isinstance(backend, Remote) else prompt.message

    async def close(self) -> None:
        await asyncio.gather(*(member.backend.close() for member in self._members))

    @staticmethod
    def _choose(members: list[Member], now: float) -> Member:
        """The healthy one with the least to do for its weight; of none, the one that has rested longest."""
        healthy = [member for member in members if member.is_healthy(now)]
        if not healthy:
            return min(members, key=lambda member: member.rests_until)
        return min(healthy, key=lambda member: ((member.running + 1) / member.weight, random.random()))


def _is_the_servers_fault(failure: ModelFailure) -> bool:
    """Whether another server may do better: not where the message is what it minds."""
    # Not above: a worker without a pool, or with one of others, does without the HTTP client that this brings.
    from inference_worker.backends.trouble import NOT_FOUND, REFUSED

    if isinstance(failure, ModelError):
        return failure.detail in (NOT_FOUND, REFUSED)
    return isinstance(failure, ModelUnavailable)


def _weight_of(text: str) -> tuple[str, float]:
    url, mark, given = text.partition("#weight=")
    if not mark:
        return url, 1.0
    try:
        weight = float(given)
    except ValueError:
        weight = 0.0
    if not 0 < weight <= MAX_WEIGHT:
        raise ImproperlyConfigured(f"MODEL_URL: #weight= must be more than 0 and at most {MAX_WEIGHT:g}.")
    return url, weight


async def _generator(items: AsyncIterator[str | Finish]) -> Any:
    """A stream as a generator that closes it. A backend may give any async iterator."""
    try:
        async for item in items:
            yield item
    finally:
        close = getattr(items, "aclose", None)
        if close:
            await close()
