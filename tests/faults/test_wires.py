"""The network between each part and Redis: commands that never arrive, answers that never come back, delays."""

import pytest

from chat import keys
from tests.clients import v1
from tests.faults.conftest import LEASE_S, Site, Stopwatch, answer, sha
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("faults-wires")
TEXT = "one two three f\u00fcnf"


async def warm_up(site: Site, token: str) -> None:
    """Redis knows all scripts of a turn afterwards, so that the next call of each is the real one."""
    async with v1(site.web, token) as client:
        assert await client.ask("warm up") == "warm up"


@pytest.mark.parametrize("deed", ["swallow", "cut"])
async def test_lost_accept_leaves_one_message(site: Site, deed: str) -> None:
    site.worker("echo:?delay_ms=30")
    token = site.new_token()
    await warm_up(site, token)
    async with v1(site.web, token) as client:
        rule = site.web_wire.on(deed, sha("accept"))  # type: ignore[arg-type]
        message = await client.send(TEXT)
        assert await answer(client, message) == TEXT
        assert rule.met == 1
        assert "error" not in [frame["type"] for frame in client.frames]
    site.check_settled(token, "warm up", TEXT)


async def test_web_process_without_redis_says_so_and_the_same_message_may_be_sent_again(site: Site) -> None:
    """The script ran each time, and each time its answer was lost: the client cannot know, and need not."""
    token = site.new_token()
    async with v1(site.web, token) as client:
        rule = site.web_wire.on("swallow", sha("accept"), times=1000)
        message = await client.send(TEXT)
        refused = await client.until("error")
        assert refused["code"] == "busy"
        assert rule.met > 1
        site.web_wire.reset()
        await client.send(TEXT, message)
        await client.until("queued", "session")
        assert [waiting["id"] for waiting in (await client.sync())["pending"]] == [message]
        site.worker()
        assert await answer(client, message) == TEXT
    site.check_settled(token, TEXT)


@pytest.mark.parametrize("deed", ["swallow", "cut"])
@pytest.mark.parametrize("script", ["claim", "flush", "commit"])
async def test_lost_call_of_a_worker(site: Site, script: str, deed: str) -> None:
    """The worker asks again; what ran already is not done twice, nobody takes over."""
    worker = site.wired_worker("echo:?delay_ms=60")
    token = site.new_token()
    await warm_up(site, token)
    async with v1(site.web, token) as client:
        rule = site.worker_wire.on(deed, sha(script))  # type: ignore[arg-type]
        since = Stopwatch()
        message = await client.send(TEXT)
        assert await answer(client, message) == TEXT
        assert since.s() < LEASE_S
        rule.wait()
        if script == "claim":
            # Asked for again, it is the same claim: nothing happened in between that a client would miss.
            assert "session" not in [frame["type"] for frame in client.frames[1:]]
        # The same attempt, though what was told of it may have been lost with the connection.
        attempts = {frame["id"] for frame in client.frames if frame["type"] in ("started", "delta")}
        assert len(attempts) <= 1
        assert not worker.said("Taking over")
    site.check_settled(token, "warm up", TEXT)


@pytest.mark.parametrize("deed", ["swallow", "cut"])
async def test_lost_renewal_comes_again_before_the_lease_ends(site: Site, deed: str) -> None:
    worker = site.wired_worker("echo:?delay_ms=60")
    token, text = site.new_token(), " ".join(["word"] * round(LEASE_S * 2 / 0.06))
    async with v1(site.web, token) as client:
        message = await client.send(text)
        await client.until("delta")
        rule = site.worker_wire.on(deed, sha("renew"))  # type: ignore[arg-type]
        assert await answer(client, message) == text
        rule.wait()
    assert not worker.said("Taking over")
    site.check_settled(token, text)


@pytest.mark.parametrize("deed", ["swallow", "cut"])
async def test_lost_flush_is_written_once(site: Site, deed: str) -> None:
    """What is stored of a running reply is what its worker wrote: a stop keeps it."""
    site.wired_worker("echo:?delay_ms=60")
    token, text = site.new_token(), " ".join([TEXT] * 20)
    await warm_up(site, token)
    async with v1(site.web, token) as client:
        rule = site.worker_wire.on(deed, sha("flush"), times=3)  # type: ignore[arg-type]
        await client.send(text)
        rule.wait(3)
        while len(client.text) < 60:
            await client.receive()
        await client.say(type="stop")
        replied = await client.until("replied")
    assert replied["message"]["finish"] == "stopped"
    assert text.startswith(replied["message"]["text"])


async def test_lost_wake_up_comes_back_without_waiting_for_the_lease(site: Site) -> None:
    """Delivered, but never arrived: the worker asks for what is its own after a broken read."""
    site.wired_worker()
    token = site.new_token()
    await warm_up(site, token)
    rule = site.worker_wire.on("swallow", "XREADGROUP", answer=token.partition(".")[0])
    wait_until(lambda: rule.taken > 0, "the next read")
    async with v1(site.web, token) as client:
        since = Stopwatch()
        message = await client.send(TEXT)
        assert await answer(client, message) == TEXT
        assert rule.met == 1
        assert since.s() < LEASE_S
    site.check_settled(token, "warm up", TEXT)


async def test_slow_wire(site: Site) -> None:
    site.wired_worker("echo:?delay_ms=20")
    token = site.new_token()
    site.web_wire.delay_s = site.worker_wire.delay_s = 0.05
    async with v1(site.web, token) as client:
        messages = [await client.send(f"{TEXT} {number}") for number in range(3)]
        for number, message in enumerate(messages):
            assert await answer(client, message) == f"{TEXT} {number}"
    site.check_settled(token, *(f"{TEXT} {number}" for number in range(3)))


async def test_wires_cut_again_and_again(site: Site) -> None:
    worker, token = site.wired_worker("echo:?delay_ms=60"), site.new_token()
    reply, text = keys.reply(token.partition(".")[0]), " ".join([TEXT] * 20)
    async with v1(site.web, token) as client:
        message = await client.send(text)
        for cuts in range(4):
            wait_until(
                lambda written=cuts * 60: int(site.redis.client().hget(reply, "size") or 0) > written,  # type: ignore[arg-type,misc]
                "more of the reply",
            )
            site.worker_wire.cut()
            site.web_wire.cut()
        assert await answer(client, message) == text
        # One attempt: the worker keeps what it has while Redis is away.
        assert len({frame["id"] for frame in client.frames if frame["type"] in ("started", "delta")}) == 1
        assert await client.ask("next") == "next"
    assert worker.popen.poll() is None
    site.check_settled(token, text, "next")
