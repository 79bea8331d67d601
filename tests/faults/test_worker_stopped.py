"""SIGTERM: what runs is finished within the grace, what is left is handed back at once."""

from collections.abc import Callable

import pytest

from tests.clients import v1
from tests.faults.conftest import STUCK, STUCK_AFTER_ONE_WORD, Site, Stopwatch, answer, next_attempt, sha
from tests.invariants import pending_entries
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("faults-workers")


async def test_running_reply_is_finished_and_the_rest_left_to_others(site: Site) -> None:
    worker, token = site.worker("echo:?delay_ms=200", "--grace", "30"), site.new_token()
    async with v1(site.web, token) as client:
        first, second = await client.send("one two three four"), await client.send("next")
        begun = await client.until("delta", to=first)
        worker.popen.terminate()
        replied = await client.until("replied", to=first)
        assert replied["message"]["id"] == begun["id"]
        assert worker.popen.wait(20) == 0
        # Waiting, not delivered to somebody who has left.
        assert not pending_entries(site.redis.client())
        site.worker()
        assert await answer(client, second) == "next"
    site.check_settled(token, "one two three four", "next")


async def test_grace_longer_than_the_lease(site: Site) -> None:
    """A worker that finishes its work goes on renewing it."""
    text = " ".join(["word"] * 25)
    worker, token = site.worker("echo:?delay_ms=200", "--grace", "30"), site.new_token()
    async with v1(site.web, token) as client:
        await client.send(text)
        begun = await client.until("delta")
        other = site.worker()
        worker.popen.terminate()
        replied = await client.until("replied")
        assert replied["message"]["id"] == begun["id"]
        assert worker.popen.wait(20) == 0
        assert not other.said("Taking over")
    site.check_settled(token, text)


@pytest.mark.parametrize("model", [STUCK, STUCK_AFTER_ONE_WORD])
async def test_without_grace_another_begins_at_once(
    site: Site, model: str, measured: Callable[[str, float], None]
) -> None:
    worker, token = site.worker(model, "--grace", "0"), site.new_token()
    async with v1(site.web, token) as client:
        message = await client.send("one two")
        begun = await client.until("started", "delta", to=message)
        other = site.worker()
        worker.popen.terminate()
        since = Stopwatch()
        again = await next_attempt(client, message, begun["id"])
        measured("answered anew after SIGTERM", since.s())
        assert since.s() < 1
        assert again != begun["id"]
        assert await answer(client, message) == "one two"
        assert worker.popen.wait(20) == 0
        assert not other.said("Taking over")
    site.check_settled(token, "one two")


async def test_claim_under_way_is_handed_back_too(site: Site) -> None:
    """The claim ran, and its answer was not here yet when the grace ended."""
    worker, token = site.worker("echo:", "--grace", "0", REDIS_URL=site.worker_wire.url), site.new_token()
    async with v1(site.web, token) as client:
        assert await client.ask("warm up") == "warm up"
        lost = site.worker_wire.on("swallow", sha("claim"))
        again = site.worker_wire.on("hold", sha("claim"))
        message = await client.send("one two")
        again.wait()
        assert lost.met
        worker.popen.terminate()
        wait_until(lambda: worker.said(" stops: "), "the worker to stop")
        other = site.worker()
        since = Stopwatch()
        again.release()
        assert await answer(client, message) == "one two"
        assert since.s() < 1.5
        assert not other.said("Taking over")
        assert worker.popen.wait(20) == 0
    site.check_settled(token, "warm up", "one two")


@pytest.mark.parametrize("model", [STUCK, STUCK_AFTER_ONE_WORD])
async def test_stop_takes_effect_at_once(site: Site, model: str, measured: Callable[[str, float], None]) -> None:
    """Also before the first token; the worker's only slot is free again."""
    site.worker(model, "--concurrency", "1")
    token = site.new_token()
    async with v1(site.web, token) as client:
        first = await client.send("one two")
        await client.until("started", "delta", to=first)
        since = Stopwatch()
        await client.say(type="stop")
        replied = await client.until("replied", to=first)
        measured("stopped", since.s())
        assert since.s() < 0.1
        assert replied["message"]["finish"] == "stopped"
        assert not site.stored(token).reply
        second = await client.send("three four")
        await client.until("started", "delta", to=second)
        assert since.s() < 1.5
