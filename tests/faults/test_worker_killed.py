"""A worker that is killed (`kill -9`) at each point of its work: another begins anew, nothing is lost."""

import signal
from collections.abc import Callable

import pytest

from tests.clients import v1
from tests.faults.conftest import LEASE_S, STUCK, STUCK_AFTER_ONE_WORD, Site, Stopwatch, answer, next_attempt, sha
from tests.servers import Process

pytestmark = pytest.mark.xdist_group("faults-workers")
TEXT = "one two thr\u00e4\u00e4 \U0001f388 five"


def kill(worker: Process) -> Stopwatch:
    worker.stop(signal.SIGKILL)
    return Stopwatch()


async def test_killed_before_the_first_token(site: Site, measured: Callable[[str, float], None]) -> None:
    worker, token = site.worker(STUCK), site.new_token()
    async with v1(site.web, token) as client:
        first, second = await client.send(TEXT), await client.send("next")
        begun = await client.until("started", to=first)
        site.worker()
        since = kill(worker)
        again = await next_attempt(client, first, begun["id"])
        measured(f"taken over after a kill, lease of {LEASE_S:g} s", since.s())
        assert since.s() < LEASE_S + 2
        assert again != begun["id"]
        assert await answer(client, first) == TEXT
        assert await answer(client, second) == "next"
    site.check_settled(token, TEXT, "next")


async def test_killed_in_the_middle(site: Site) -> None:
    worker, token = site.worker(STUCK_AFTER_ONE_WORD), site.new_token()
    async with v1(site.web, token) as client:
        message = await client.send(TEXT)
        begun = await client.until("delta")
        assert client.text == "one "
        site.worker()
        since = kill(worker)
        again = await next_attempt(client, message, begun["id"])
        assert since.s() < LEASE_S + 2
        assert again != begun["id"]
        assert await answer(client, message) == TEXT
    site.check_settled(token, TEXT)


async def test_killed_between_the_last_flush_and_the_commit(site: Site) -> None:
    held = site.worker_wire.on("hold", sha("commit"), times=2)  # not known to Redis yet, it is sent once more
    worker, token = site.wired_worker(), site.new_token()
    async with v1(site.web, token) as client:
        message = await client.send(TEXT)
        begun = await client.until("delta")
        held.wait()
        site.worker()
        kill(worker)
        again = await next_attempt(client, message, begun["id"])
        assert again != begun["id"]
        assert await answer(client, message) == TEXT
    site.check_settled(token, TEXT)


async def test_killed_right_after_the_commit(site: Site, measured: Callable[[str, float], None]) -> None:
    """Nobody is left to tell of it, and no later event shows the client that one is missing."""
    held = site.worker_wire.on("hold", "PUBLISH", "replied")
    worker, token = site.wired_worker(), site.new_token()
    async with v1(site.web, token) as client:
        message = await client.send(TEXT)
        held.wait()
        since = kill(worker)
        assert await answer(client, message) == TEXT
        measured("seen after the end of a reply was never told", since.s())
        assert since.s() < 13
        assert not client.reply
    site.check_settled(token, TEXT)


async def test_killed_right_after_the_commit_with_more_to_do(site: Site) -> None:
    """The next message is taken on at once: its wake-up waits for any worker and for no lease."""
    held = site.worker_wire.on("hold", "PUBLISH", "replied")
    worker, token = site.wired_worker(), site.new_token()
    async with v1(site.web, token) as client:
        first, second = await client.send(TEXT), await client.send("next")
        held.wait()
        site.worker()
        kill(worker)
        assert await answer(client, first) == TEXT
        assert await answer(client, second) == "next"
    site.check_settled(token, TEXT, "next")
