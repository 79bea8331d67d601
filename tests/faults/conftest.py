"""A web process and workers on one Redis, each side behind a wire of its own that tests can harm."""

import asyncio
import itertools
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest

from chat import keys
from chat.redis_client import Script
from tests.clients import PATIENCE_S, V1, new_token
from tests.conftest import use_chat
from tests.faults.proxy import Proxy
from tests.invariants import Stored, check
from tests.servers import Process, RedisServer, Stack, Web, wait_until

LEASE_S = float(os.environ.get("FAULTS_LEASE_S", "2"))
"""Short, so that tests are. The default's figures: FAULTS_LEASE_S=20."""
STUCK = "echo:?first_delay_ms=600000"
"""A model that never says anything."""
STUCK_AFTER_ONE_WORD = "echo:?delay_ms=600000"


def sha(script: str) -> str:
    """What a call to one of the scripts contains."""
    return Script(script)._sha


class Site:
    """Where messages are answered."""

    def __init__(self, folder: Path, redis: RedisServer) -> None:
        self.redis = redis
        self.web_wire = Proxy(redis.port).start()
        self.worker_wire = Proxy(redis.port).start()
        self.stack = Stack(folder, redis.url, CHAT_LEASE_S=str(LEASE_S))
        self._workers: list[Process] = []
        self.web: Web = self.stack.web(REDIS_URL=self.web_wire.url)

    def worker(self, model: str = "echo:", *options: str, **environment: str) -> Process:
        """A worker that is directly connected."""
        environment["MODEL_URL"] = model
        self._workers.append(self.stack.worker(*options, wait=True, **environment))
        return self._workers[-1]

    def wired_worker(self, model: str = "echo:") -> Process:
        """A worker behind `worker_wire`."""
        return self.worker(model, REDIS_URL=self.worker_wire.url)

    def new_token(self) -> str:
        return new_token(self.web)

    def busy(self, worker: Process) -> int | None:
        """How many messages a worker last said to be working on; None: it said nothing yet."""
        told: dict[str, str] = self.redis.client().hgetall(keys.workers(0))  # type: ignore[assignment]
        for name, about in told.items():
            if f"-{worker.popen.pid}-" in name:
                return int(orjson.loads(about)["busy"])
        return None

    def stored(self, token: str) -> Stored:
        """What is stored of a session, after a check of all invariants."""
        return check(self.redis.client())[token.partition(".")[0]]

    def check_settled(self, token: str, *texts: str) -> None:
        """Exactly these messages were answered, once and in this order, each with itself."""
        wait_until(lambda: not self.redis.client().xlen(keys.stream(0)), "the queue to be empty")
        visible = [message for message in self.stored(token).history if not message.get("replaced")]
        assert [(message["source"], message["text"]) for message in visible] == [
            (source, text) for text in texts for source in ("human", "bot")
        ]

    def clean(self) -> None:
        """Ready for the next test."""
        for worker in self._workers:
            worker.stop(9)
        self._workers.clear()
        self.web_wire.reset()
        self.worker_wire.reset()

    def close(self) -> None:
        self.stack.close()
        self.web_wire.stop()
        self.worker_wire.stop()


@pytest.fixture(scope="module")
def module_site(
    redis_servers: Callable[..., RedisServer], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp("site"), redis_servers("redis62"))
    yield site
    site.close()


@pytest.fixture
def site(module_site: Site, redis_server: RedisServer) -> Iterator[Site]:
    """The module's site with an empty Redis, without workers."""
    yield module_site
    module_site.clean()


@pytest.fixture
def own_site(tmp_path: Path, own_redis: RedisServer, chat_settings: Callable[..., None]) -> Iterator[Site]:
    """A site of this test's own, whose Redis it may harm."""
    use_chat(redis_url=own_redis.url)
    site = Site(tmp_path / "site", own_redis)
    yield site
    site.clean()
    site.close()


def answer_in(frame: dict[str, Any], message_id: str) -> dict[str, Any] | None:
    """The reply to a message that a frame tells of."""
    if frame["type"] == "replied" and frame["to"] == message_id:
        return dict(frame["message"])
    for human, bot in itertools.pairwise(frame.get("messages", [])):
        if human["id"] == message_id and bot["source"] == "bot":
            return dict(bot)
    return None


async def answer(client: V1, message_id: str) -> str:
    """The text of the reply to a message, as soon as the client has been told of it, in whatever way."""
    place = 0
    async with asyncio.timeout(PATIENCE_S):
        while True:
            if place == len(client.frames):
                await client.receive()
            found = answer_in(client.frames[place], message_id)
            if found:
                return str(found["text"])
            place += 1


async def next_attempt(client: V1, message_id: str, before: str) -> str:
    """Wait until another reply than `before` to a message is to be seen; gives its id."""
    async with asyncio.timeout(LEASE_S + PATIENCE_S):
        while True:
            frame = await client.receive()
            if client.reply not in ("", before):
                return client.reply
            found = answer_in(frame, message_id)
            if found:
                return str(found["id"])


class Stopwatch:
    """Seconds since it was made."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def s(self) -> float:
        return time.monotonic() - self._began


@pytest.fixture
def measured(record_property: Callable[[str, Any], None]) -> Callable[[str, float], None]:
    """Gives a function that notes a figure in the report and prints it."""

    def note(name: str, seconds: float) -> None:
        record_property(name, seconds)
        print(f"measured: {name}: {seconds * 1000:.0f} ms")  # noqa: T201 - pytest -rP shows it

    return note
