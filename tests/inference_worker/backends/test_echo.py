import asyncio
import time
from contextlib import aclosing

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import ModelTimeout, ModelUnavailable
from inference_worker.backends import open_backend
from inference_worker.backends.base import Prompt
from inference_worker.conf import ModelConf


async def echo(message: str, options: str = "") -> list[str]:
    backend = open_backend(ModelConf(url=f"echo:{options}"), 1)
    return [item async for item in backend.stream(Prompt(message)) if isinstance(item, str)]


@given(st.text())
def test_pieces_put_together_are_the_message(message):
    assert "".join(asyncio.run(echo(message))) == message


async def test_comes_word_by_word():
    assert await echo(" one  two\nthree ") == [" ", "one  ", "two\n", "three "]


async def test_pieces_repeats_or_cuts_the_message():
    assert await echo("a b", "?pieces=5") == ["a ", "b", "a ", "b", "a "]
    assert await echo("a b c", "?pieces=2") == ["a ", "b "]


async def test_delays_come_before_the_first_word_and_between_words():
    begin = time.perf_counter()
    await echo("a b c", "?first_delay_ms=30&delay_ms=10")
    assert time.perf_counter() - begin >= 0.05


async def test_fails_when_it_is_told_to():
    with pytest.raises(ModelUnavailable):
        await echo("a", "?fail=model_unavailable")
    with pytest.raises(ModelTimeout):
        await echo("a", "?fail=model_timeout")


async def test_long_echo_is_cancelled_at_once():
    backend = open_backend(ModelConf(url="echo:?delay_ms=60000"), 1)
    async with aclosing(backend.stream(Prompt("a b"))) as stream:  # type: ignore[type-var]
        assert await anext(stream) == "a "
        task = asyncio.ensure_future(anext(stream))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.wait_for(task, 1)


@pytest.mark.parametrize(
    ("options", "named"),
    [("?colour=red", "colour"), ("?delay_ms=x", "delay_ms"), ("?delay_ms=-1", "delay_ms"), ("?fail=x", "fail")],
)
def test_wrong_option_is_named(options, named):
    with pytest.raises(ImproperlyConfigured, match=f"MODEL_URL.*{named}"):
        open_backend(ModelConf(url=f"echo:{options}"), 1)
