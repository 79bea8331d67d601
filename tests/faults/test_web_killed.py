"""A web process that dies or leaves in the middle of a reply: clients come back to another and miss nothing."""

import signal
from collections.abc import Callable

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import v1
from tests.faults.conftest import Site, Stopwatch, answer

pytestmark = pytest.mark.xdist_group("faults-wires")
TEXT = " ".join(f"wört{number}" for number in range(30))


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
    since = Stopwatch()
    async with v1(site.web, token) as again:
        measured("from the handshake to the whole running reply", since.s())
        assert since.s() < 0.2
        assert again.reply == reply
        assert again.text.startswith(seen)
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
