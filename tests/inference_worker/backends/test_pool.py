"""Several model servers behind one MODEL_URL."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from django.core.exceptions import ImproperlyConfigured

from chat.errors import ModelError, ModelUnavailable
from inference_worker.backends import open_backend
from inference_worker.backends.base import Backend, Finish, Prompt
from inference_worker.backends.pool import Member, Pool, urls_of
from inference_worker.conf import ModelConf
from tests.model_server import ModelServer, running_model_server
from tests.servers import free_port

REPLY = ["You", " said:", " hi", Finish("stop")]


@pytest.fixture
def servers() -> Iterator[list[ModelServer]]:
    with ExitStack() as stack:
        yield [stack.enter_context(running_model_server()) for _ in range(2)]


def open_pool(*urls: str, slots: int = 4) -> Pool:
    pool = open_backend(ModelConf(url=" ".join(urls)), slots)
    assert isinstance(pool, Pool)
    return pool


async def answer(model: Backend) -> list[str | Finish]:
    return [item async for item in model.stream(Prompt("hi"))]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("echo:", 1),
        ("http://one", 1),
        ("local:/models/my gptj", 1),
        ("http://one http://two", 2),
        ("http://one#weight=2\n  openai+http://two/v1?model=a,b\n", 2),
    ],
)
def test_urls_stand_apart_by_blanks(text: str, count: int) -> None:
    assert len(urls_of(text)) == count


@pytest.mark.parametrize("weight", ["0", "-1", "much", "", "nan", "1e9"])
def test_wrong_weight_is_refused(weight: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="weight"):
        open_pool("echo:", f"echo:#weight={weight}")


def test_wrong_member_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="gopher"):
        open_pool("echo:", "gopher://host")


async def test_load_goes_by_weight(servers: list[ModelServer]) -> None:
    pool = open_pool(f"{servers[0].url('hang')}#weight=3", servers[1].url("hang"), slots=8)
    calls = [asyncio.create_task(answer(pool)) for _ in range(8)]
    for server, count in zip(servers, (6, 2), strict=True):
        assert await asyncio.to_thread(server.wait_for_requests, count)
    assert [len(server.requests) for server in servers] == [6, 2]
    for call in calls:
        call.cancel()
    await asyncio.gather(*calls, return_exceptions=True)
    assert [member.running for member in pool._members] == [0, 0]
    await pool.close()


async def test_another_one_answers_for_a_server_that_is_away(servers: list[ModelServer]) -> None:
    pool = open_pool(f"http://127.0.0.1:{free_port()}#weight=1000", servers[0].url())
    for _ in range(3):
        assert await answer(pool) == REPLY
    assert len(servers[0].requests) == 3
    # It was asked once and left alone from there on.
    assert pool._members[0].failures == 1
    assert await pool.ping()
    await pool.close()


@pytest.mark.parametrize("status", [503, 429, 404, 401])
async def test_another_one_answers_for_a_server_that_cannot(servers: list[ModelServer], status: int) -> None:
    pool = open_pool(f"{servers[0].url()}#weight=1000", servers[1].url())
    servers[0].play(f"refuse?status={status}")
    assert await answer(pool) == REPLY
    assert [len(server.requests) for server in servers] == [1, 1]
    await pool.close()


async def test_a_message_that_is_too_much_is_too_much_for_all(servers: list[ModelServer]) -> None:
    pool = open_pool(*(server.url() for server in servers))
    for server in servers:
        server.play("refuse?status=422")
    with pytest.raises(ModelError):
        await answer(pool)
    assert sum(len(server.requests) for server in servers) == 1
    assert not any(member.failures for member in pool._members)
    await pool.close()


async def test_no_other_goes_on_with_a_reply_that_has_begun(servers: list[ModelServer]) -> None:
    pool = open_pool(f"{servers[0].url()}#weight=1000", servers[1].url())
    servers[0].play("broken?tokens=2")
    items = pool.stream(Prompt("hi"))
    assert await anext(items) == "You"
    assert await anext(items) == " said:"
    with pytest.raises(ModelError):
        await anext(items)
    assert not servers[1].requests
    await pool.close()


async def test_all_of_them_are_away() -> None:
    pool = open_pool(*(f"http://127.0.0.1:{free_port()}" for _ in range(3)))
    with pytest.raises(ModelUnavailable):
        await answer(pool)
    assert [member.failures for member in pool._members] == [1, 1, 1]
    assert not await pool.ping()
    await pool.close()


async def test_shortest_time_that_busy_servers_name_counts(servers: list[ModelServer]) -> None:
    pool = open_pool(*(server.url() for server in servers))
    for server, wait_s in zip(servers, (7, 3), strict=True):
        server.play(f"refuse?status=429&retry_after={wait_s}")
    with pytest.raises(ModelUnavailable) as busy:
        await answer(pool)
    assert busy.value.retry_after_s == 3
    await pool.close()


def member(**fields: float) -> Member:
    return Member(backend=open_backend(ModelConf(url="echo:"), 1), weight=1, **fields)  # type: ignore[arg-type]


def test_failed_server_rests_longer_each_time_and_then_gets_one_message() -> None:
    failed, rests = member(), []
    for _ in range(8):
        failed.has_failed(100.0, None)
        rests.append(failed.rests_until - 100.0)
    assert 0.5 <= rests[0] <= 1
    assert 15 <= rests[-1] <= 30
    assert not failed.is_healthy(failed.rests_until - 0.1)
    assert failed.is_healthy(failed.rests_until)
    failed.running = 1
    assert not failed.is_healthy(failed.rests_until)
    failed.is_well()
    assert failed.is_healthy(100.0)


async def test_server_that_is_back_gets_its_share_again(servers: list[ModelServer]) -> None:
    pool = open_pool(*(server.url() for server in servers))
    for unlucky in range(2):
        servers[unlucky].play("refuse?status=503")
        while not pool._members[unlucky].failures:
            await answer(pool)
    for waiting in pool._members:
        waiting.rests_until = 0
    for _ in range(20):
        await answer(pool)
    assert not any(waiting.failures for waiting in pool._members)
    await pool.close()
