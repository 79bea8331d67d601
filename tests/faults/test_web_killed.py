"""A web process that dies or leaves in the middle of a reply: clients come back to another and miss nothing."""

import signal
from collections.abc import Callable
from statistics import median

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.clients import V1, v1
from tests.faults.conftest import Site, Stopwatch, answer

pytestmark = pytest.mark.xdist_group("faults-wires")
TEXT = " ".join(f"wört{number}" for number in range(60))


async def seconds_to_the_whole(site: Site, token: str, reply: str, seen: str) -> float:
    """From the end of the handshake until all that was written of a reply is there."""
    url = f"{site.web.ws_url}?token={token}"
    async with connect(url, subprotocols=["chatbot.v1"]) as socket:  # type: ignore[list-item]
        since = Stopwatch()
        client = V1(socket)
        await client.until("session")
        seconds = since.s()
    assert client.reply == reply
    assert client.text.startswith(seen)
    return seconds


@pytest.mark.parametrize(("number", "code"), [(signal.SIGKILL, None), (signal.SIGTERM, 1012)])
async def test_client_sees_the_whole_at_another_process(
    site: Site, number: int, code: int | None, measured: Callable[[str, float], None]
) -> None:
    site.worker("echo:?delay_ms=60")
    token = site.new_token()
    dying = site.stack.web()
    async with v1(dying, token) as client:
        message = await client.send(TEXT)
        while client.text.count(" ") < 3:
            await client.receive()
        seen, reply = client.text, client.reply
        dying.process.popen.send_signal(number)
        with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - what was on its way may come before
            while True:
                await client.receive()
        assert (closed.value.rcvd.code if closed.value.rcvd else None) == code
    dying.process.stop()
    waits = [await seconds_to_the_whole(site, token, reply, seen) for _ in range(5)]
    measured("from the handshake to the whole running reply, median of 5", median(waits))
    assert median(waits) < 0.2
    async with v1(site.web, token) as again:
        assert await answer(again, message) == TEXT
    site.check_settled(token, TEXT)


async def test_accepted_by_a_process_that_was_killed_at_once(site: Site) -> None:
    """The client did not hear that its message was accepted; it sends it again and has it once."""
    token, dying = site.new_token(), site.stack.web()
    async with v1(dying, token) as client:
        message = await client.send("one two")
        await client.until("queued")
        dying.process.stop(signal.SIGKILL)
    async with v1(site.web, token) as again:
        await again.send("one two", message)
        assert (await again.until("queued"))["message"]["id"] == message
        site.worker()
        assert await answer(again, message) == "one two"
    site.check_settled(token, "one two")
