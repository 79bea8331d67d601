"""Clients that do not read, that send without end, or both: they cost little memory, and others little time."""

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from statistics import quantiles
from time import monotonic, perf_counter

import psutil
import pytest
from websockets import Subprotocol
from websockets.asyncio.client import connect

from bench.websocket import TEXT, encode_frame
from tests.clients import V1, new_token, v1
from tests.servers import RedisKind, RedisServer, Stack, Web, wait_until

DEAF = 200
FLOODS = 50
MB = 1 << 20
SYNC = '{"type":"sync"}'
FRAMES = {
    "valid": SYNC,
    "invalid": '{"type":',
    "huge": '{"type":"send","text":"' + "x" * 65_000 + '"}',
}


@pytest.fixture(scope="module")
def web(
    redis_servers: Callable[[RedisKind], RedisServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    stack = Stack(
        tmp_path_factory.mktemp("hostile"),
        redis_servers("redis62").url,
        CHAT_KEY_PREFIX="hostile",
        CHAT_MAX_CHARS="60000",
        CHAT_SOCKETS_PER_SESSION="1000",
    )
    stack.worker()
    yield stack.web()
    stack.close()


async def raw_socket(web: Web, token: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A socket of chatbot.v1 after its handshake, with small buffers and no library that would read ahead."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", web.port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=1024)
    head = [
        f"GET /chat?token={token} HTTP/1.1",
        f"Host: 127.0.0.1:{web.port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Protocol: chatbot.v1",
    ]
    writer.write("".join(f"{line}\r\n" for line in [*head, ""]).encode())
    status = await reader.readline()
    assert b" 101 " in status, status
    return reader, writer


def memory(web: Web) -> int:
    """Bytes that the web process has in memory."""
    return int(psutil.Process(web.process.popen.pid).memory_info().rss)


def sockets(web: Web) -> int:
    """TCP connections of clients that the web process holds."""
    return sum(
        found.status == psutil.CONN_ESTABLISHED and found.laddr.port == web.port
        for found in psutil.Process(web.process.popen.pid).net_connections("tcp")
    )


async def test_200_clients_that_do_not_read_are_cut_and_can_come_back(web: Web) -> None:
    token = new_token(web)
    before = memory(web)
    deaf = [await raw_socket(web, token) for _ in range(DEAF)]
    async with v1(web, token) as client:
        most = 0
        # Each message goes to each socket twice and more; the kernel keeps about 4 MB of it for a socket.
        for number in range(40):
            text = f"{number} " + "x" * 59_000
            assert await client.ask(text) == text
            most = max(most, memory(web))
        await asyncio.to_thread(wait_until, lambda: sockets(web) == 1, "all of them to be cut")
    assert most - before < 150 * MB
    for _, writer in deaf:
        writer.transport.abort()
    # Its first frame has 2.4 MB; what Daphne is told to take from clients at most is 64 KiB.
    address = f"{web.ws_url}?token={token}"
    async with connect(address, subprotocols=[Subprotocol("chatbot.v1")], max_size=None) as again:
        assert json.loads(await again.recv())["messages"][-1]["text"].startswith("39 ")


@asynccontextmanager
async def flooding(web: Web, token: str, frame: str, count: int) -> AsyncIterator[None]:
    """So many sockets that send one frame as fast as it is taken, and come back when they are closed."""
    data = encode_frame(TEXT, frame.encode())
    chunk = data * max(1, 16_384 // len(data))

    async def flood() -> None:
        while True:
            _, writer = await raw_socket(web, token)
            try:
                with contextlib.suppress(OSError):
                    while True:
                        writer.write(chunk)
                        await writer.drain()
            finally:
                writer.transport.abort()

    tasks = [asyncio.create_task(flood()) for _ in range(count)]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(end, asyncio.CancelledError) for end in ended), ended


@pytest.mark.parametrize("kind", FRAMES)
async def test_floods_take_no_memory(web: Web, kind: str) -> None:
    token = new_token(web)
    flooder = new_token(web)
    before = memory(web)
    async with v1(web, token) as client, flooding(web, flooder, FRAMES[kind], 20):
        until = monotonic() + 2
        while monotonic() < until:
            assert await client.ask("hello") == "hello"
            # A queue without a bound takes hundreds of MB in this time.
            assert memory(web) - before < 60 * MB


@pytest.mark.measured
async def test_quiet_session_keeps_its_latency_while_50_sockets_flood(web: Web) -> None:
    quiet_s: list[float] = []
    flooded_s: list[float] = []
    async with v1(web, new_token(web)) as client:
        await ask_for(client, 200)
        for _ in range(5):
            quiet_s += await ask_for(client, 200)
            async with flooding(web, new_token(web), SYNC, FLOODS):
                await asyncio.sleep(0.5)
                flooded_s += await ask_for(client, 200)
    calm, flooded = (quantiles(times, n=100)[98] for times in (quiet_s, flooded_s))
    figures = f"p99 quiet {calm * 1000:.1f} ms, flooded {flooded * 1000:.1f} ms: {flooded / calm:.2f}"
    print(f"measured: {figures}")  # noqa: T201 - pytest -rP shows it
    assert flooded <= 3 * calm


async def ask_for(client: V1, messages: int) -> list[float]:
    """Seconds from each message to its whole reply, one message every 20 ms."""
    took = []
    for number in range(messages):
        began = perf_counter()
        await client.ask(f"quiet {number}")
        took.append(perf_counter() - began)
        await asyncio.sleep(0.02)
    return took
