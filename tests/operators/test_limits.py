"""The contract's limits over two real web processes: of 200 parallel calls exactly as many pass as may."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack
from uuid import uuid4

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.servers import RedisServer, Stack, Web

CALLS = 200
TOKENS, SOCKETS_OF_ADDRESS, SOCKETS_OF_SESSION, PENDING = 9, 20, 8, 8


@pytest.fixture(scope="module")
def webs(
    redis_servers: Callable[..., RedisServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Web, Web]]:
    """Two web processes behind one proxy, which is the test: it says who calls. Nobody answers messages."""
    stack = Stack(
        tmp_path_factory.mktemp("limits"),
        redis_servers("redis62").url,
        CHAT_KEY_PREFIX="limits",
        NUM_PROXIES="1",
        # The budget of a day, which does not fill while a slow machine runs this; that of a minute is kept by the
        # same script, see tests/chat/test_limits.py.
        CHAT_TOKENS_PER_DAY=str(TOKENS),
        CHAT_SOCKETS_PER_IP=str(SOCKETS_OF_ADDRESS),
        CHAT_SOCKETS_PER_SESSION=str(SOCKETS_OF_SESSION),
        CHAT_MAX_PENDING=str(PENDING),
    )
    yield stack.web(), stack.web()
    stack.close()


def begin(web: Web, address: str) -> tuple[int, str]:
    """POST /token as a client of an address: the token, or how long to wait."""
    request = urllib.request.Request(f"{web.url}/token?name=Ada", method="POST")
    request.add_header("X-Forwarded-For", f"198.51.100.77, {address}")
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())["token"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"]


def test_sessions_of_an_address(webs: tuple[Web, Web]) -> None:
    with ThreadPoolExecutor(32) as threads:
        answers = list(threads.map(lambda number: begin(webs[number % 2], "192.0.2.1"), range(CALLS)))
    statuses = [status for status, _ in answers]
    assert (statuses.count(200), statuses.count(429)) == (TOKENS, CALLS - TOKENS)
    # The next one comes within 2 h 40 min.
    assert {9000 < int(wait) <= 9600 for status, wait in answers if status == 429} == {True}
    assert begin(webs[0], "192.0.2.2")[0] == 200


async def open_sockets(
    stack: AsyncExitStack, webs: tuple[Web, Web], tokens: list[str], addresses: list[str]
) -> list[ClientConnection]:
    """So many handshakes at once, on both processes; gives those that came in. The others must be told 403."""
    statuses, codes = set(), set()
    # More at once than that make a slow machine answer all of them with "try again later".
    at_once = asyncio.Semaphore(40)

    async def one(number: int) -> ClientConnection | None:
        async with at_once:
            while True:
                try:
                    socket = await connect(
                        f"{webs[number % 2].ws_url}?token={tokens[number % len(tokens)]}",
                        subprotocols=["chatbot.v1"],  # type: ignore[list-item]
                        additional_headers={"X-Forwarded-For": addresses[number % len(addresses)]},
                        open_timeout=60,
                    )
                    await socket.recv()
                except InvalidStatus as refused:
                    statuses.add(refused.response.status_code)
                    return None
                except ConnectionClosed as closed:
                    codes.add(closed.rcvd and closed.rcvd.code)
                    await asyncio.sleep(0.2)
                else:
                    stack.push_async_callback(socket.close)
                    return socket

    sockets = await asyncio.gather(*(one(number) for number in range(CALLS)))
    assert statuses == {403}
    assert codes <= {1013}
    return [socket for socket in sockets if socket]


async def test_sockets_of_a_session_and_their_messages(webs: tuple[Web, Web]) -> None:
    _, token = begin(webs[0], "192.0.2.10")
    addresses = [f"192.0.2.{100 + number}" for number in range(100)]
    async with AsyncExitStack() as stack:
        sockets = await open_sockets(stack, webs, [token], addresses)
        assert len(sockets) == SOCKETS_OF_SESSION

        async def outcomes(socket: ClientConnection) -> list[str]:
            """Send a share of the messages; the first answer to each."""
            due = [str(uuid4()) for _ in range(CALLS // len(sockets))]
            for message_id in due:
                await socket.send(json.dumps({"type": "send", "id": message_id, "text": "hi"}))
            told: list[str] = []
            refused = queued = 0
            while refused + queued < len(due):
                frame = json.loads(await asyncio.wait_for(socket.recv(), 30))
                if frame["type"] == "error":
                    refused += 1
                    told.append(frame["code"])
                elif frame["type"] == "queued" and frame["message"]["id"] in due:
                    queued += 1
                    told.append("queued")
            return told

        told = [outcome for share in await asyncio.gather(*map(outcomes, sockets)) for outcome in share]
    assert (told.count("queued"), told.count("queue_full")) == (PENDING, CALLS - PENDING)


async def test_sockets_of_an_address(webs: tuple[Web, Web]) -> None:
    tokens = [begin(webs[0], f"192.0.2.{20 + number}")[1] for number in range(50)]
    async with AsyncExitStack() as stack:
        assert len(await open_sockets(stack, webs, tokens, ["2001:db8::1", "2001:db8::2"])) == SOCKETS_OF_ADDRESS
        # Others are not concerned.
        other = {"X-Forwarded-For": "192.0.2.9"}
        async with connect(f"{webs[0].ws_url}?token={tokens[0]}", additional_headers=other) as socket:
            assert await socket.ping()
