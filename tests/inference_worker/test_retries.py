import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chat.errors import ModelError, ModelTimeout, ModelUnavailable
from inference_worker import retries
from inference_worker.backends import open_backend
from inference_worker.backends.base import Backend, Finish, Prompt
from inference_worker.conf import ModelConf
from inference_worker.retries import pause_before_retry, stream_with_retries
from tests.model_server import ModelServer, running_model_server


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with running_model_server() as server:
        yield server


@pytest.fixture
async def model(server: ModelServer) -> AsyncIterator[Backend]:
    backend = open_backend(ModelConf(url=server.url()), 1)
    yield backend
    await backend.close()


async def answer(model: Backend, timeout_s: float = 30) -> list[str | Finish]:
    return [item async for item in stream_with_retries(model, Prompt("hi"), timeout_s)]


REPLY = ["You", " said:", " hi", Finish("stop")]


async def test_busy_model_is_asked_again(server, model):
    server.play("refuse?status=503", "refuse?status=429&retry_after=0", "loading?estimated_time=0.01", "stream")
    assert await answer(model) == REPLY
    assert len(server.requests) == 4


async def test_time_that_the_model_names_is_kept_to(server, model):
    server.play("loading?estimated_time=0.4", "stream")
    begin = time.perf_counter()
    assert await answer(model) == REPLY
    assert time.perf_counter() - begin >= 0.4


async def test_time_that_does_not_fit_fails_at_once(server, model):
    server.play("refuse?retry_after=40")
    with pytest.raises(ModelUnavailable) as caught:
        await asyncio.wait_for(answer(model), 2)
    assert caught.value.retry_after_s == 40
    assert len(server.requests) == 1


async def test_gives_up_after_six_attempts(server, model, monkeypatch):
    monkeypatch.setattr(retries, "PAUSES_S", (0.001,) * 5)
    server.play(*["refuse?status=503"] * 9)
    with pytest.raises(ModelUnavailable):
        await answer(model)
    assert len(server.requests) == 6


async def test_named_times_may_be_tried_more_often(server, model, monkeypatch):
    monkeypatch.setattr(retries, "PAUSES_S", (0.001,) * 5)
    server.play(*["refuse?retry_after=0"] * 9)
    assert await answer(model) == REPLY


async def test_model_that_is_not_there_is_unavailable(monkeypatch, unused_tcp_port):
    monkeypatch.setattr(retries, "PAUSES_S", (0.001,))
    backend = open_backend(ModelConf(url=f"http://127.0.0.1:{unused_tcp_port}/"), 1)
    with pytest.raises(ModelUnavailable):
        await answer(backend)
    await backend.close()


@pytest.mark.parametrize(
    ("mode", "error"),
    [("half", ModelError), ("broken", ModelError), ("error_inside?error_type=overloaded", ModelUnavailable)],
)
async def test_nothing_is_asked_again_after_the_first_piece(server, model, mode, error):
    server.play(mode)
    stream = stream_with_retries(model, Prompt("hi"), 30)
    assert [await anext(stream), await anext(stream)] == ["You", " said:"]
    with pytest.raises(error):
        await anext(stream)
    assert len(server.requests) == 1


async def test_other_errors_are_not_asked_again(server, model):
    server.play("html")
    with pytest.raises(ModelError):
        await answer(model)
    assert len(server.requests) == 1


@pytest.mark.parametrize("mode", ["silent", "hang?tokens=0", "hang?tokens=2"])
async def test_hanging_model_ends_with_a_timeout_and_is_left(server, model, mode):
    server.play(mode)
    with pytest.raises(ModelTimeout):
        await asyncio.wait_for(answer(model, timeout_s=0.2), 2)
    # On a machine that is busy with other things the time may be over before anything was asked.
    assert not server.requests or await asyncio.to_thread(server.client_left.wait, 2)
    assert len(asyncio.all_tasks()) == 1


async def test_time_of_a_slow_reader_counts_and_the_timeout_never_hits_the_reader():
    stream = stream_with_retries(open_backend(ModelConf(url="echo:"), 1), Prompt("a b"), 0.2)
    assert await anext(stream) == "a "
    await asyncio.sleep(0.25)
    with pytest.raises(ModelTimeout):
        await anext(stream)


async def test_stream_that_never_waits_is_bounded_too():
    backend = open_backend(ModelConf(url="echo:?pieces=100000000"), 1)
    with pytest.raises(ModelTimeout):
        await answer(backend, timeout_s=0.05)


async def test_closed_during_a_pause(server, model, caplog, monkeypatch):
    pausing = asyncio.Event()
    caplog.set_level(logging.INFO)

    def notice(record: logging.LogRecord) -> None:
        if "asked again" in record.msg:
            pausing.set()

    monkeypatch.setattr(caplog.handler, "emit", notice)
    server.play("refuse?retry_after=20")
    task = asyncio.ensure_future(anext(stream_with_retries(model, Prompt("hi"), 30)))
    await asyncio.wait_for(pausing.wait(), 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 1)
    assert len(asyncio.all_tasks()) == 1


async def test_closed_between_two_pieces(server, model):
    server.play("hang?tokens=2")
    stream = stream_with_retries(model, Prompt("hi"), 30)
    assert await anext(stream) == "You"
    await stream.aclose()
    assert await asyncio.to_thread(server.client_left.wait, 2)
    assert len(asyncio.all_tasks()) == 1


class Watched:
    """A backend that keeps its generator alive, so that nobody but its user can close it."""

    name = "watched"
    closed = False

    async def _answer(self) -> AsyncIterator[str | Finish]:
        try:
            yield ""
            yield "one"
            yield "two"
        finally:
            self.closed = True

    def stream(self, prompt: Prompt) -> AsyncIterator[str | Finish]:
        self.kept = self._answer()
        return self.kept

    async def close(self) -> None:
        """There is nothing to free."""


async def test_backend_has_ended_when_closing_returns():
    model = Watched()
    stream = stream_with_retries(model, Prompt("hi"), 30)
    assert await anext(stream) == "one"
    await stream.aclose()
    assert model.closed


@given(st.integers(0, 50), st.none() | st.floats(0, 1e6))
def test_pauses_grow_within_their_bounds(attempt, named_s):
    pause_s = pause_before_retry(attempt, named_s)
    if named_s is None and attempt >= 5:
        assert pause_s is None
    else:
        step_s = 0.25 * 2 ** min(attempt, 4)
        assert pause_s is not None
        assert max(step_s / 2, named_s or 0) <= pause_s <= max(step_s, named_s or 0)
