"""The load: clients that each send a message, wait for its whole reply, check it, and send the next one."""

import asyncio
import gc
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

import orjson

from bench.websocket import WebSocket

PATIENCE_S = 30.0
"""A reply that has not come after this long is lost."""
WARM_UP_S = 0.4

Meter = Callable[[], dict[str, float]]
"""Processor seconds so far, by process."""


class Lost(Exception):
    """A message got no reply, a wrong one or two; the benchmark's figures would be worth nothing."""


@dataclass(frozen=True, slots=True)
class Door:
    """Where a client goes in."""

    port: int
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Talk:
    """What each client says. `pieces` tells the floor how many frames to answer with; 0 for the system."""

    words: int = 5
    pieces: int = 0


@dataclass(slots=True)
class Round:
    """What was measured in one round."""

    answered: int = 0
    """Within the measured time."""
    checked: int = 0
    """In the whole round; as many as were sent."""
    frames: int = 0
    deltas: int = 0
    seconds: float = 0.0
    first_s: list[float] = field(default_factory=list)
    whole_s: list[float] = field(default_factory=list)
    cpu_s: dict[str, float] = field(default_factory=dict)
    """By process, within the measured time; `load` is the load generator itself."""

    @property
    def per_second(self) -> float:
        return self.answered / self.seconds

    @property
    def first_ms(self) -> float:
        return statistics.median(self.first_s) * 1000

    @property
    def whole_ms(self) -> float:
        return statistics.median(self.whole_s) * 1000

    @property
    def others(self) -> float:
        """How many cores programs took that are no part of this."""
        mine = sum(taken for name, taken in self.cpu_s.items() if name != "machine")
        return max(0.0, self.cpu_s["machine"] - mine) / self.seconds

    def cpu_ms(self, *names: str) -> float:
        """Per message, of some processes."""
        return sum(self.cpu_s[name] for name in names) / self.answered * 1000


class Client:
    """One socket with one conversation."""

    def __init__(self, number: int, talk: Talk) -> None:
        self.round: Round | None = None
        """The round it takes part in."""
        self.trouble = ""
        self.is_waiting = False
        self._talk = talk
        self._socket = WebSocket(self._hear, self._end)
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._extra = f',"pieces":{talk.pieces}' if talk.pieces else ""
        self._number = number
        self._count = 0
        self._left = 0
        self._id = ""
        self._text = ""
        self._sent_at = 0.0
        self._first_at = 0.0
        self.idle = asyncio.Event()

    async def enter(self, door: Door) -> None:
        """Open the socket and wait until the other side is ready."""
        await self._socket.open(door.port, door.path, door.headers)
        async with asyncio.timeout(PATIENCE_S):
            await self._ready

    def begin(self, measured: Round, messages: int = 0) -> None:
        """Talk until `stop`, or for so many messages."""
        self.round = measured
        self._left = messages or -1
        self.idle.clear()
        self._say()

    def stop(self) -> None:
        """Wait for the reply that is due and say nothing more."""
        self._left = 0

    def close(self) -> None:
        self._socket.close()

    def _say(self) -> None:
        self._count += 1
        self._left -= 1
        # A version 4 UUID, as pages send it; counted instead of drawn, so that it is cheap and never the same.
        self._id = str(UUID(int=(self._number << 96) | self._count | (4 << 76) | (8 << 60)))
        words = [f"word{index}" for index in range(self._talk.words - 1)]
        self._text = " ".join([*words, f"{self._number}-{self._count}"])
        self._first_at = 0.0
        self.is_waiting = True
        self._sent_at = time.perf_counter()
        self._socket.send(f'{{"type":"send","id":"{self._id}","text":"{self._text}"{self._extra}}}')

    def _hear(self, payload: bytes) -> None:
        now = time.perf_counter()
        frame = orjson.loads(payload)
        if self.round:
            self.round.frames += 1
        match frame["type"]:
            case "replied":
                self._take_reply(frame, now)
            case "delta":
                offset, text = frame["offset"], frame["text"]
                if self.round:
                    self.round.deltas += 1
                if self._text[offset : offset + len(text)] != text or not self.is_waiting:
                    self._end(f"a wrong piece: {frame}")
                self._first_at = self._first_at or now
            case "session":
                if not self._ready.done():
                    self._ready.set_result(None)
                elif self.is_waiting:
                    self._end("the session was sent again: an event was missed")
            case "error" | "failed":
                self._end(f"refused or failed: {frame}")

    def _take_reply(self, frame: dict[str, object], now: float) -> None:
        message = frame["message"]
        assert isinstance(message, dict)
        if not self.is_waiting or frame["to"] != self._id or message["text"] != self._text:
            self._end(f"a wrong reply to {self._id} {self._text!r}: {frame}")
            return
        self.is_waiting = False
        if self.round:
            self.round.checked += 1
            self.round.answered += 1
            self.round.first_s.append((self._first_at or now) - self._sent_at)
            self.round.whole_s.append(now - self._sent_at)
        if self.round and self._left:
            self._say()
        else:
            self.idle.set()

    def _end(self, reason: str) -> None:
        self.trouble = self.trouble or reason
        self.round = None
        if not self._ready.done():
            self._ready.set_exception(Lost(reason))
        self.idle.set()


class Crowd:
    """Clients that talk at the same time."""

    def __init__(self, doors: Sequence[Door], talk: Talk, meter: Meter) -> None:
        self._doors = doors
        self._meter = meter
        self._clients = [Client(number, talk) for number in range(1, len(doors) + 1)]

    async def enter(self) -> "Crowd":
        for client, door in zip(self._clients, self._doors, strict=True):
            await client.enter(door)
        return self

    def close(self) -> None:
        for client in self._clients:
            client.close()

    async def talk_for(self, seconds: float) -> Round:
        """Each client sends as fast as it is answered, for so long."""
        measured = Round()
        gc.collect()
        gc.disable()
        for client in self._clients:
            client.begin(measured)
        await asyncio.sleep(WARM_UP_S)
        measured.answered = 0
        measured.first_s.clear()
        measured.whole_s.clear()
        with self._metered(measured):
            await asyncio.sleep(seconds)
        result = Round(
            answered=measured.answered,
            seconds=measured.seconds,
            cpu_s=measured.cpu_s,
            first_s=measured.first_s[:],
            whole_s=measured.whole_s[:],
        )
        for client in self._clients:
            client.stop()
        await self._settle()
        gc.enable()
        result.checked = measured.checked
        result.frames, result.deltas = measured.frames, measured.deltas
        return result

    async def talk(self, messages: int) -> Round:
        """Each client sends so many messages."""
        measured = Round()
        gc.collect()
        gc.disable()
        with self._metered(measured):
            for client in self._clients:
                client.begin(measured, messages)
            await self._settle()
        gc.enable()
        if measured.checked != messages * len(self._clients):
            raise Lost(f"{messages * len(self._clients)} sent, {measured.checked} answered")
        return measured

    async def _settle(self) -> None:
        """Wait for the replies that are still due."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                for client in self._clients:
                    await client.idle.wait()
        except TimeoutError:
            waiting = sum(client.is_waiting for client in self._clients)
            raise Lost(f"{waiting} messages got no reply in {PATIENCE_S} s") from None
        for client in self._clients:
            if client.trouble:
                raise Lost(client.trouble)

    def _metered(self, measured: Round) -> "_Metered":
        return _Metered(measured, self._meter)


class _Metered:
    """Takes the time and the processor time of a block into a round."""

    def __init__(self, measured: Round, meter: Meter) -> None:
        self._round = measured
        self._meter = meter
        self._before: dict[str, float] = {}

    def __enter__(self) -> None:
        self._before = self._meter() | {"load": time.process_time()}
        self._round.seconds = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self._round.seconds = time.perf_counter() - self._round.seconds
        after = self._meter() | {"load": time.process_time()}
        self._round.cpu_s = {name: after[name] - before for name, before in self._before.items()}
