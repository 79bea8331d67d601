"""A deterministic model for tests and benchmarks: it streams the message back word by word."""

import asyncio
import math
import re
from collections.abc import AsyncIterator
from itertools import cycle, islice
from urllib.parse import parse_qsl, urlsplit

from django.core.exceptions import ImproperlyConfigured

from chat.errors import ModelError, ModelFailure, ModelTimeout, ModelUnavailable
from inference_worker.backends.base import Finish, Prompt
from inference_worker.conf import ModelConf

_FAILURES: dict[str, type[ModelFailure]] = {
    failure.code: failure for failure in (ModelUnavailable, ModelTimeout, ModelError)
}
# A word takes the blanks after it along, so that the pieces put together are the message again.
_WORD = re.compile(r"\S+\s*|\s+")


class Echo:
    """`echo:?delay_ms=20`, with these options:

    `delay_ms` between two words and `first_delay_ms` before the first; `pieces=N` repeats or cuts the
    message to exactly N words; `fail=<code>` does not answer but fails with model_unavailable,
    model_timeout or model_error.
    """

    name = "echo"

    def __init__(self, conf: ModelConf, slots: int = 1) -> None:
        options = dict(parse_qsl(urlsplit(conf.url).query, keep_blank_values=True))
        self._delay_s = _number(options, "delay_ms") / 1000
        self._first_delay_s = _number(options, "first_delay_ms") / 1000
        self._pieces = int(_number(options, "pieces"))
        self._failure = _failure(options)
        if options:
            raise ImproperlyConfigured(
                f"MODEL_URL has options that echo: does not know: {', '.join(sorted(options))}. "
                "It knows delay_ms, first_delay_ms, pieces and fail."
            )

    async def stream(self, prompt: Prompt) -> AsyncIterator[str | Finish]:
        # No sleep(0): a benchmark without a delay is to measure everything else.
        if self._first_delay_s:
            await asyncio.sleep(self._first_delay_s)
        if self._failure:
            raise self._failure
        words = _WORD.findall(prompt.message)
        for number, word in enumerate(islice(cycle(words), self._pieces) if self._pieces else words):
            if number and self._delay_s:
                await asyncio.sleep(self._delay_s)
            yield word

    async def close(self) -> None:
        """There is nothing to free."""


def _number(options: dict[str, str], name: str) -> float:
    """Take a number out of the options; 0 when it is not among them."""
    text = options.pop(name, "0")
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise ImproperlyConfigured(f"MODEL_URL: {name} must be a number from 0, it is {text!r}.")
    return value


def _failure(options: dict[str, str]) -> type[ModelFailure] | None:
    code = options.pop("fail", None)
    if code is None:
        return None
    if code not in _FAILURES:
        raise ImproperlyConfigured(f"MODEL_URL: fail must be one of {', '.join(_FAILURES)}, it is {code!r}.")
    return _FAILURES[code]
