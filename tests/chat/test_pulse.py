"""A web process that was deaf for a while lets its sockets look again."""

from collections.abc import Callable, Iterator

import pytest

from tests.clients import new_token, v1
from tests.faults.proxy import Proxy
from tests.servers import RedisServer, Stack


@pytest.fixture
def wire(redis_server: RedisServer) -> Iterator[Proxy]:
    """A way to Redis that can lose what is published."""
    proxy = Proxy(redis_server.port).start()
    yield proxy
    proxy.stop()


async def test_quiet_tab_sees_what_was_said_while_its_process_was_deaf(
    wire: Proxy, make_stack: Callable[..., Stack]
) -> None:
    stack = make_stack(wire.url)
    stack.worker()
    web = stack.web()
    token = new_token(web)
    async with v1(web, token) as talker, v1(web, token) as listener:
        await talker.ask("before")
        await listener.until("replied")
        # Nothing is heard, the beats of the process neither. The listener does not know that there is something
        # to wait for.
        events = wire.on("lose", "PUBLISH", "chat.event", times=1000)
        beats = wire.on("lose", "PUBLISH", "pulse.beat", times=3)
        message_id = await talker.send("while deaf")
        beats.wait(3)
        assert events.met >= 2
        wire.reset()
        assert await listener.outcome(message_id) == "while deaf"
        assert await talker.outcome(message_id) == "while deaf"


async def test_sockets_that_come_and_go_leave_the_pulse_beating(
    wire: Proxy, make_stack: Callable[..., Stack]
) -> None:
    web = make_stack(wire.url).web()
    token = new_token(web)
    for _ in range(3):
        async with v1(web, token):
            wire.on("lose", "PUBLISH", "pulse.beat").wait()
        wire.reset()
    async with v1(web, token) as client:
        wire.on("lose", "PUBLISH", "pulse.beat").wait()
        await client.until("session")
    assert not web.process.said("Task exception was never retrieved")
