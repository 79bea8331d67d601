"""What this project adds to Daphne, under the plain `daphne` command.

Its close codes are tested in tests/chat/test_consumers.py.
"""

import asyncio
import socket
import sys
from collections.abc import Callable

import pytest
from websockets import Subprotocol
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.clients import call, new_token, v1
from tests.servers import Stack, Web, free_port, wait_until


def test_access_log_has_paths_and_no_tokens(make_stack: Callable[..., Stack]) -> None:
    stack, port = make_stack(), free_port()
    command = [sys.executable, "-m", "daphne", "-p", str(port), "chatbot_project.asgi:application"]
    web = Web(stack.start(command, "bare-daphne"), port)
    wait_until(web.answers, "the bare daphne")
    token = new_token(web)
    assert call("GET", f"{web.url}/refresh_token?token={token}")[0] == 200
    wait_until(lambda: web.process.said("GET /refresh_token"), "the entry in the access log")
    assert not web.process.said(token)


async def test_client_that_does_not_read_is_cut_and_can_come_back(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    stack.worker()
    web = stack.web()
    token = new_token(web)
    small = socket.create_connection(("127.0.0.1", web.port))
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    # The library reads no further than its queue; what it was sent stays with the kernel and the server.
    deaf = await connect(
        f"{web.ws_url}?token={token}",
        sock=small,
        subprotocols=[Subprotocol("chatbot.v1")],
        max_queue=1,
        compression=None,
    )
    async with v1(web, token) as client:
        # Far more than the kernel keeps for a socket (about 4 MB here) and the server's own bound of 1 MiB.
        for number in range(800):
            text = f"{number} " + "x" * 3990
            assert await client.ask(text) == text
        with pytest.raises(ConnectionClosed):  # noqa: PT012 - what is with the kernel comes first
            while True:
                await asyncio.wait_for(deaf.recv(), 10)
    async with v1(web, token) as again:
        assert again.frames[0]["messages"][-1]["text"].startswith("799 ")
