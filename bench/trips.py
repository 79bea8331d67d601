"""Round trips to Redis, counted exactly: Redis itself tells every command that it was sent (MONITOR).

Commands that a script runs inside Redis are no round trips; MONITOR marks them. A command sent in a pipeline
would count as a round trip of its own, so the figures are never too low.
"""

import asyncio
import contextlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from bench.load import Crowd, Talk
from bench.stacks import System
from chat.redis_client import Script
from tests.servers import ROOT, wait_until

# What processes do at their own pace, messages or not.
BACKGROUND = {
    *("HELLO", "AUTH", "CLIENT", "SELECT", "PING", "INFO", "XINFO", "XAUTOCLAIM", "XGROUP"),
    *("script renew", "script connect", "script take_place", "PUBLISH pulse"),
}
_LINE = re.compile(r"\+[\d.]+ \[\d+ (\S+)\] (.*)")
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"')
# The JSON frame inside what is published, as MONITOR escapes it.
_EVENT = re.compile(r'\\"type\\":\\"(\w+)')
_MARK = "end of the measurement"


@dataclass(frozen=True, slots=True)
class Command:
    """One command as Redis got it."""

    address: str
    """Of the connection; `lua` for one that a script ran."""
    words: list[str]


@dataclass(slots=True)
class Trips:
    """Round trips of one conversation, by process and by what they did."""

    messages: int
    deltas: int
    """Pieces of text that the client got before the end of a reply."""
    web: Counter[str] = field(default_factory=Counter)
    worker: Counter[str] = field(default_factory=Counter)
    inside_scripts: int = 0

    @property
    def web_per_message(self) -> float:
        return self.web.total() / self.messages

    @property
    def worker_per_message(self) -> float:
        """Apart from what the deltas take."""
        return (self.worker.total() - self._flushes) / self.messages

    @property
    def per_flush(self) -> float:
        return self._flushes / self.deltas if self.deltas else 0.0

    @property
    def _flushes(self) -> int:
        return self.worker["script flush"] + self.worker["PUBLISH delta"]


async def count(system: System, *, messages: int, talk: Talk) -> Trips:
    """The round trips of so many messages, one after the other, of one client."""
    crowd = await Crowd(system.doors(1), talk, system.meter).enter()
    try:
        # Connections are made and scripts are loaded by the first message.
        await crowd.talk(1)
        async with _Monitor(system) as monitor:
            _wait_for_reader(system)
            measured = await crowd.talk(messages)
            _wait_for_reader(system)
            commands = await monitor.commands()
    finally:
        crowd.close()
    connections = cast(list[dict[str, str]], system.redis.client().client_list())
    users = {connection["addr"]: connection["user"] for connection in connections}
    trips = Trips(messages, measured.deltas)
    for command in _without_idle_reads(commands):
        name = _name(command.words)
        if command.address == "lua":
            trips.inside_scripts += 1
        elif name not in BACKGROUND:
            trips.web[name] += users.get(command.address) == "web"
            trips.worker[name] += users.get(command.address) == "worker"
    return trips


def _wait_for_reader(system: System) -> None:
    """Wait until the worker's blocking read has reached Redis: the end of all that the last message caused."""
    client: Any = system.redis.client()
    wait_until(lambda: client.info("clients")["blocked_clients"] > 0, "the worker's blocking read")


def _without_idle_reads(commands: list[Command]) -> Iterator[Command]:
    """Leave out reads that came back without a wake-up: nothing was added between them and the next read.

    Holds for one client whose messages do not overlap, and needs no clock.
    """
    added = 0
    for command in commands:
        verb = command.words[0].upper()
        if verb == "XADD":
            added += 1
        if verb == "XREADGROUP":
            if not added:
                continue
            added = 0
        yield command


def _name(words: list[str]) -> str:
    verb = words[0].upper()
    if verb == "EVALSHA":
        return f"script {_scripts().get(words[1], words[1])}"
    if verb == "PUBLISH":
        if "pulse." in words[1]:
            return "PUBLISH pulse"
        event = _EVENT.search(words[-1])
        return f"PUBLISH {event[1]}" if event else verb
    return verb


def _scripts() -> dict[str, str]:
    names = [path.stem for path in (ROOT / "chat" / "lua").glob("*.lua") if path.stem != "lib"]
    return {Script(name)._sha: name for name in names}


class _Monitor(contextlib.AbstractAsyncContextManager["_Monitor"]):
    """Everything that Redis is sent during a block."""

    def __init__(self, system: System) -> None:
        self._redis = system.redis
        self._writer: Any = None
        self._reader: Any = None

    async def __aenter__(self) -> "_Monitor":
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._redis.port)
        self._writer.write(b"MONITOR\r\n")
        await self._reader.readline()
        return self

    async def __aexit__(self, *_: object) -> None:
        self._writer.close()

    async def commands(self) -> list[Command]:
        """All commands so far."""
        self._redis.client().echo(_MARK)
        found: list[Command] = []
        async with asyncio.timeout(10):
            while _MARK not in (line := (await self._reader.readline()).decode("latin1")):
                parts = _LINE.match(line)
                if parts:
                    found.append(Command(parts[1], _WORD.findall(parts[2])))
        return found
