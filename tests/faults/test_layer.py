"""The channel layer loses events: the client has the whole text all the same, within seconds."""

import asyncio

import pytest

from tests.clients import v1
from tests.faults.conftest import Site, Stopwatch, answer

pytestmark = pytest.mark.xdist_group("faults-wires")
TEXT = " ".join(f"wört{number}" for number in range(20))


async def check_whole(site: Site, token: str, within_s: float) -> None:
    async with v1(site.web, token) as client:
        since = Stopwatch()
        message = await client.send(TEXT)
        assert await answer(client, message) == TEXT
        assert since.s() < within_s


@pytest.mark.parametrize("times", [1, 5])
@pytest.mark.parametrize("kind", ["started", "delta"])
async def test_lost_events_of_a_running_reply(site: Site, kind: str, times: int) -> None:
    site.wired_worker("echo:?delay_ms=60&first_delay_ms=300")
    token = site.new_token()
    rule = site.worker_wire.on("lose", "PUBLISH", kind, times=times)
    await check_whole(site, token, within_s=5)
    assert rule.met == (times if kind == "delta" else 1)
    site.check_settled(token, TEXT)


@pytest.mark.parametrize("missed", [0, 3])
async def test_gap_is_closed_while_the_reply_runs(site: Site, missed: int) -> None:
    """However fast pieces follow each other, the client does not wait for their end."""
    site.wired_worker("echo:?delay_ms=60&pieces=600")
    async with v1(site.web, site.new_token()) as client:
        if not missed:
            site.worker_wire.on("lose", "PUBLISH", "delta")
        await client.send("word ")
        for _ in range(missed):
            await client.until("delta")
        if missed:
            site.worker_wire.on("lose", "PUBLISH", "delta")
        since = Stopwatch()
        session = await client.until("session")
        assert session["reply"]["text"]
        assert since.s() < 3
        await client.until("delta")
        await client.say(type="stop")
        await client.until("replied")


async def test_all_events_of_a_running_reply_are_lost_but_the_last(site: Site) -> None:
    site.wired_worker("echo:?delay_ms=60")
    token = site.new_token()
    rule = site.worker_wire.on("lose", "PUBLISH", "delta", times=1000)
    await check_whole(site, token, within_s=5)
    assert rule.met > 5
    site.check_settled(token, TEXT)


async def test_end_that_is_never_told(site: Site) -> None:
    """No later event shows that one is missing: the web process looks again after 10 s of silence."""
    site.wired_worker("echo:?delay_ms=20")
    token = site.new_token()
    rule = site.worker_wire.on("lose", "PUBLISH", "replied")
    await check_whole(site, token, within_s=14)
    assert rule.met == 1
    site.check_settled(token, TEXT)


async def test_second_tab_misses_that_a_message_was_sent(site: Site) -> None:
    token = site.new_token()
    async with v1(site.web, token) as one, v1(site.web, token) as two:
        rule = site.web_wire.on("lose", "PUBLISH", "queued")
        message = await one.send(TEXT)
        rule.wait()
        site.worker("echo:?delay_ms=20")
        assert await answer(two, message) == TEXT
        assert await answer(one, message) == TEXT
        human = next(found for found in (await two.sync())["messages"] if found["id"] == message)
        assert human["text"] == TEXT


async def test_subscription_cut_in_the_middle(site: Site) -> None:
    site.worker("echo:?delay_ms=60")
    token = site.new_token()
    async with v1(site.web, token) as client:
        since = Stopwatch()
        message = await client.send(TEXT)
        await client.until("delta")
        site.redis.client().execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        assert await answer(client, message) == TEXT
        assert since.s() < 8
    site.check_settled(token, TEXT)


async def test_subscription_cut_when_the_end_is_told(site: Site) -> None:
    """Subscribed again within milliseconds, so neither a gap nor a beat shows that an event is missing."""
    site.wired_worker()
    token = site.new_token()
    held = site.worker_wire.on("hold", "PUBLISH", "replied")
    async with v1(site.web, token) as client:
        message = await client.send(TEXT)
        held.wait()
        site.redis.client().execute_command("CLIENT", "KILL", "TYPE", "pubsub")
        held.release()
        since = Stopwatch()
        assert await answer(client, message) == TEXT
        # Far less than the silence that ends in a look, too.
        assert since.s() < 8
    site.check_settled(token, TEXT)


async def test_quiet_after_a_loss(site: Site) -> None:
    """What was read again is told once, not for ever: two attempts begin and end, and none of it was heard."""
    site.wired_worker("echo:?delay_ms=60&first_delay_ms=300")
    token = site.new_token()
    site.worker_wire.on("lose", "PUBLISH", "started")
    site.worker_wire.on("lose", "PUBLISH", "delta")
    async with v1(site.web, token) as client:
        message = await client.send(TEXT)
        assert await answer(client, message) == TEXT
        before = len(client.frames)
        with pytest.raises(TimeoutError):  # noqa: PT012
            async with asyncio.timeout(1):
                while True:
                    await client.receive()
        assert len(client.frames) - before <= 1
