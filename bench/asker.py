"""A client that asks and takes the time, whatever the answer is."""

import asyncio
import json
import time
from uuid import uuid4

from bench.stacks import System
from bench.websocket import WebSocket

PATIENCE_S = 300.0


class Asker:
    """One conversation on one socket."""

    def __init__(self) -> None:
        self._socket = WebSocket(self._hear, self._end)
        self._ready = asyncio.Event()
        self._done = asyncio.Event()
        self._trouble = ""
        self.finish = ""
        self.first_at = self.done_at = 0.0
        """By time.perf_counter: the first text, and the whole reply."""

    async def enter(self, system: System) -> None:
        door, _ = system.door()
        await self._socket.open(door.port, door.path, door.headers)
        await asyncio.wait_for(self._ready.wait(), PATIENCE_S)

    async def ask(self, text: str) -> None:
        """Say something and wait for the whole reply."""
        self._done.clear()
        self.first_at = 0.0
        self._socket.send(json.dumps({"type": "send", "id": str(uuid4()), "text": text}))
        await asyncio.wait_for(self._done.wait(), PATIENCE_S)
        if self._trouble:
            raise RuntimeError(self._trouble)

    def close(self) -> None:
        self._socket.close()

    def _hear(self, payload: bytes) -> None:
        now = time.perf_counter()
        frame = json.loads(payload)
        match frame["type"]:
            case "session":
                self._ready.set()
            case "delta":
                self.first_at = self.first_at or now
            case "replied":
                self.done_at = now
                self.first_at = self.first_at or now
                self.finish = frame["message"]["finish"]
                self._done.set()
            case "failed" | "error":
                self._end(f"refused or failed: {frame}")

    def _end(self, reason: str) -> None:
        self._trouble = self._trouble or reason
        self._ready.set()
        self._done.set()
