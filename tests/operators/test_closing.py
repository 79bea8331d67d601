"""End, expiry and rotation close open sockets, and soon."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed

from tests.clients import V1, call, new_token, v1
from tests.servers import RedisServer, Stack, Web

SOON_S = 5.0
GRACE_S = 2


@pytest.fixture(scope="module")
def web(redis_servers: Callable[..., RedisServer], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    stack = Stack(
        tmp_path_factory.mktemp("closing"),
        redis_servers("redis62").url,
        CHAT_KEY_PREFIX="closing",
        CHAT_TOKEN_GRACE_S=str(GRACE_S),
        CHAT_SESSION_TTL_S="3",
    )
    yield stack.web()
    stack.close()


def rotate(web: Web, token: str) -> str:
    status, body = call("POST", f"{web.url}/refresh_token", token)
    assert status == 200
    return str(body["token"])


async def closed_after_s(client: V1) -> float:
    """Wait for the close with 4401, seconds from now. Whatever comes before it may come."""
    began = time.monotonic()
    with pytest.raises(ConnectionClosed) as closed:  # noqa: PT012 - frames may come first
        while True:
            await asyncio.wait_for(client.socket.recv(), 20)
    assert closed.value.rcvd
    assert closed.value.rcvd.code == 4401
    return time.monotonic() - began


async def test_end_and_expiry_close_a_quiet_socket(web: Web) -> None:
    token = new_token(web)
    async with v1(web, token) as ended, v1(web, new_token(web)) as expires:
        assert await asyncio.to_thread(call, "DELETE", f"{web.url}/token", token) == (204, None)
        assert await closed_after_s(ended) < SOON_S
        # It lives for three seconds.
        assert await closed_after_s(expires) < 3 + SOON_S


async def test_a_rotated_token_closes_its_sockets_after_the_grace(web: Web) -> None:
    first = new_token(web)
    async with v1(web, first) as early:
        second = await asyncio.to_thread(rotate, web, first)
        # Within the grace the old token still opens sockets; they end with it.
        async with v1(web, first) as late, v1(web, second) as current:
            third = await asyncio.to_thread(rotate, web, second)
            # The second rotation ends the first token at once, and leaves the second its grace.
            assert max(await asyncio.gather(closed_after_s(early), closed_after_s(late))) < SOON_S
            async with v1(web, third) as newest:
                assert GRACE_S - 1 < await closed_after_s(current) < GRACE_S + SOON_S
                # The newest one stays for as long as the session does.
                assert (await newest.sync())["session"]["name"] == "Ann"


async def test_one_rotation_leaves_the_grace_to_its_sockets(web: Web) -> None:
    first = new_token(web)
    async with v1(web, first) as early:
        await asyncio.to_thread(rotate, web, first)
        async with v1(web, first) as late:
            waits = await asyncio.gather(closed_after_s(early), closed_after_s(late))
    assert all(GRACE_S - 1 < wait < GRACE_S + SOON_S for wait in waits), waits
