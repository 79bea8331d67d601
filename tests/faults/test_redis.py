"""Redis goes away, comes back, is emptied, stands still, or has no room."""

import asyncio
import resource
import signal
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests import servers
from tests.clients import V1, v1
from tests.conftest import use_chat
from tests.faults.conftest import Site, Stopwatch, answer
from tests.servers import RedisServer, wait_until

pytestmark = pytest.mark.xdist_group("faults-redis")
TEXT = " ".join(f"wört{number}" for number in range(20))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
async def test_redis_restarts_under_load(own_site: Site, number: int) -> None:
    own_site.redis.client().config_set("appendfsync", "always")
    own_site.worker("echo:?delay_ms=40")
    own_site.worker("echo:?delay_ms=40")
    tokens = [own_site.new_token() for _ in range(4)]

    async def talk(token: str) -> None:
        async with v1(own_site.web, token) as client:
            sent = [await client.send(f"{TEXT} {place}") for place in range(3)]
            while len([frame for frame in client.frames if frame["type"] == "queued"]) < len(sent):
                await client.receive()
            ready.release()
            for place, message in enumerate(sent):
                assert await answer(client, message) == f"{TEXT} {place}"

    ready = asyncio.Semaphore(0)
    talks = [asyncio.create_task(talk(token)) for token in tokens]
    for _ in tokens:
        await ready.acquire()
    await asyncio.to_thread(own_site.redis.stop, number)
    await asyncio.to_thread(own_site.redis.start)
    await asyncio.gather(*talks)
    for token in tokens:
        own_site.check_settled(token, *(f"{TEXT} {number}" for number in range(3)))


async def closed_with(client: V1) -> int:
    try:
        while True:
            await client.receive()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else 1006


async def test_redis_emptied_while_all_runs(own_site: Site) -> None:
    worker = own_site.worker("echo:?delay_ms=100")
    async with v1(own_site.web, own_site.new_token()) as running, v1(own_site.web, own_site.new_token()) as quiet:
        await running.send(TEXT)
        await running.until("delta")
        own_site.redis.client().flushall()
        # Who is due something is told by itself, who sends is told at once.
        await quiet.send("hello")
        since = Stopwatch()
        assert await closed_with(quiet) == 4401
        assert since.s() < 2
        assert await closed_with(running) == 4401
        assert since.s() < 14
    # The workers have made their groups again.
    token = own_site.new_token()
    async with v1(own_site.web, token) as client:
        assert await client.ask("hello") == "hello"
    own_site.check_settled(token, "hello")
    assert worker.popen.poll() is None


async def test_redis_stands_still_for_ten_seconds(own_site: Site) -> None:
    own_site.worker("echo:?delay_ms=60")
    token = own_site.new_token()
    process = own_site.redis.process
    assert process
    async with v1(own_site.web, token) as client:
        first = await client.send(TEXT)
        await client.until("delta")
        process.send_signal(signal.SIGSTOP)
        since = Stopwatch()
        second = await client.send("while it stood still")
        refused = await client.until("error")
        assert refused["code"] == "busy"
        await asyncio.sleep(max(0, 10 - since.s()))
        process.send_signal(signal.SIGCONT)
        await client.send("while it stood still", second)
        assert await answer(client, first) == TEXT
        assert await answer(client, second) == "while it stood still"
        assert since.s() < 20
    own_site.check_settled(token, TEXT, "while it stood still")


async def test_handshake_while_redis_stands_still(own_site: Site) -> None:
    """1013, come back later; and not 403, by which a client would think that its session is over."""
    token = own_site.new_token()
    process = own_site.redis.process
    assert process
    process.send_signal(signal.SIGSTOP)
    since = Stopwatch()
    try:
        async with connect(f"{own_site.web.ws_url}?token={token}", open_timeout=15) as socket:
            assert await closed_with(V1(socket)) == 1013
    finally:
        process.send_signal(signal.SIGCONT)
    assert since.s() < 8
    own_site.worker()
    async with v1(own_site.web, token) as client:
        assert await client.ask("hello") == "hello"


async def test_full_memory_refuses_and_keeps(own_site: Site) -> None:
    redis = own_site.redis.client()
    token = own_site.new_token()
    async with v1(own_site.web, token) as client:
        first = await client.send(TEXT)
        await client.until("queued")
        redis.config_set("maxmemory", "1")
        second = await client.send("too much")
        assert (await client.until("error"))["code"] == "busy"
        own_site.worker()
        assert [waiting["id"] for waiting in (await client.sync())["pending"]] == [first]
        redis.config_set("maxmemory", "0")
        assert await answer(client, first) == TEXT
        await client.send("too much", second)
        assert await answer(client, second) == "too much"
    own_site.check_settled(token, TEXT, "too much")


async def test_memory_fills_up_in_the_middle_of_a_reply(own_site: Site) -> None:
    redis = own_site.redis.client()
    own_site.worker("echo:?delay_ms=60")
    token = own_site.new_token()
    async with v1(own_site.web, token) as client:
        message = await client.send(TEXT)
        begun = await client.until("delta")
        redis.config_set("maxmemory", "1")
        await client.send("too much")
        assert (await client.until("error"))["code"] == "busy"
        # The web process has given up by now, so these are the worker's.
        before = refusals(own_site.redis)
        wait_until(lambda: refusals(own_site.redis) > before + 1, "the worker to find no room")
        redis.config_set("maxmemory", "0")
        assert await answer(client, message) == TEXT
        # The worker waited; nobody had to begin anew.
        assert (await client.sync())["messages"][-1]["id"] == begun["id"]
    own_site.check_settled(token, TEXT)


async def test_full_disk_refuses_and_keeps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chat_settings: Callable[..., None]
) -> None:
    """The append-only file cannot grow (a limit on the size of files stands for a disk without room)."""
    plain_command = servers.redis_command
    monkeypatch.setattr(
        servers, "redis_command", lambda kind: ["env", "--ignore-signal=XFSZ", *plain_command(kind)]
    )
    with servers.running_redis(tmp_path / "redis") as server:
        use_chat(redis_url=server.url)
        site = Site(tmp_path / "site", server)
        try:
            await _fill_the_disk(site, server)
        finally:
            site.clean()
            site.close()


def info(server: RedisServer, section: str) -> str:
    with socket.create_connection(("127.0.0.1", server.port), 5) as connection:
        connection.sendall(f"INFO {section}\r\n".encode())
        return connection.recv(1 << 16).decode()


def refusals(server: RedisServer) -> int:
    """How many scripts failed in it so far."""
    calls = info(server, "commandstats").partition("cmdstat_evalsha:")[2].partition("\r")[0]
    return int("0" + calls.partition("failed_calls=")[2])


async def _fill_the_disk(site: Site, server: RedisServer) -> None:
    assert server.process
    pid = server.process.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    token = site.new_token()
    async with v1(site.web, token) as client:
        first = await client.send(TEXT)
        await client.until("queued")
        size = int(info(server, "persistence").partition("aof_current_size:")[2].partition("\r")[0])
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (size + 10, most))
        # The first write finds out; from then on Redis refuses.
        server.client().set("something", "x" * 100)
        wait_until(lambda: "aof_last_write_status:err" in info(server, "persistence"), "a full disk")
        second = await client.send("too much")
        assert (await client.until("error"))["code"] == "busy"
        assert [waiting["id"] for waiting in (await client.sync())["pending"]] == [first]
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))
        site.worker()
        assert await answer(client, first) == TEXT
        await client.send("too much", second)
        assert await answer(client, second) == "too much"
    site.check_settled(token, TEXT, "too much")
    server.stop(signal.SIGKILL)
    server.start()
    site.check_settled(token, TEXT, "too much")
