"""A client as people write them: several messages ahead, any web process, back with jitter, again when unsure."""

import asyncio
import contextlib
import json
import random
import time
from collections.abc import Callable
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from tests.faults.listener import Listener

MOST_OUTSTANDING = 6
"""Below the mailbox's default of 8."""
UNSURE_AFTER_S = 4.0
"""A message without an answer for so long is sent again. A web process asks Redis for 3 s."""


class Customer(Listener):
    """One session, on one socket after the other."""

    def __init__(self, number: int, token: str, ws_urls: list[str], seed: str) -> None:
        super().__init__(number)
        self.session_id = token.partition(".")[0]
        self._told_at: dict[str, float] = {}
        self._token = token
        self._ws_urls = ws_urls
        self._random = random.Random(f"{seed}-{number}")
        self._writing = True
        self._leave = False

    def stop_writing(self) -> None:
        self._writing = False

    def leave(self) -> None:
        self._leave = True

    # --- Its sockets, one after the other ---

    async def run(self) -> None:
        while not self._leave:
            url = f"{self._random.choice(self._ws_urls)}?token={self._token}"
            try:
                async with connect(url, subprotocols=["chatbot.v1"], open_timeout=8, close_timeout=1) as socket:  # type: ignore[list-item]
                    self.seen["connections"] += 1
                    await self._talk(socket)
            except InvalidStatus as refusal:
                self.seen[f"handshake {refusal.response.status_code}"] += 1
                if refusal.response.status_code == 403:
                    self._break("cut off", "the session was refused at the handshake")
            except ConnectionClosed as closed:
                self.seen[f"closed {closed.rcvd.code if closed.rcvd else 1006}"] += 1
                if closed.rcvd and closed.rcvd.code in (4401, 1011, 1008):
                    self._break("cut off", f"closed with {closed.rcvd.code}")
            except (OSError, TimeoutError, WebSocketException) as error:
                self.seen[type(error).__name__] += 1
            await asyncio.sleep(self._random.uniform(0.05, 0.6))

    async def _talk(self, socket: ClientConnection) -> None:
        self._told_at.clear()
        await self._receive(socket)
        for message_id in self.unsure():
            await self._send(socket, message_id)
        speaking = asyncio.create_task(self._speak(socket))
        try:
            while not speaking.done():
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(0.5):
                        await self._receive(socket)
            await speaking
        finally:
            speaking.cancel()

    async def _receive(self, socket: ClientConnection) -> None:
        text = await socket.recv()
        assert isinstance(text, str)
        frame = self.hear(text)
        if frame["type"] == "error":
            self._told_at.clear()

    async def _speak(self, socket: ClientConnection) -> None:
        while not self._leave:
            await asyncio.sleep(self._random.uniform(0.05, 0.8))
            for message_id in self.unsure():
                if time.monotonic() - self._told_at.get(message_id, 0) > UNSURE_AFTER_S:
                    await self._send(socket, message_id)
            if self._writing:
                act = self._random.choices(
                    (self._write, self._stop, self._cancel, self._retry, self._sync, self._go), (70, 6, 6, 6, 4, 8)
                )[0]
                if await act(socket):
                    return

    async def _say(self, socket: ClientConnection, **frame: Any) -> None:
        await socket.send(json.dumps(frame))

    async def _send(self, socket: ClientConnection, message_id: str) -> None:
        self._told_at[message_id] = time.monotonic()
        await self._say(socket, type="send", id=message_id, text=self.sent[message_id])

    # --- What it does; true: the socket is to be left ---

    async def _write(self, socket: ClientConnection) -> bool:
        outstanding = len(self.view.pending) + len(self.unsure())
        for _ in range(min(self._random.randint(1, 4), MOST_OUTSTANDING - outstanding)):
            message_id = str(UUID(int=self._random.getrandbits(128), version=4))
            name = f"s{self.number:03}m{len(self.sent)}"
            words = [f"{name}w{word}ä🎈" for word in range(self._random.randint(1, 25))]
            self.sent[message_id] = " ".join(words)
            await self._send(socket, message_id)
        return False

    async def _stop(self, socket: ClientConnection) -> bool:
        if self.view.reply:
            self.stops_asked += 1
            await self._say(socket, type="stop")
        return False

    async def _cancel(self, socket: ClientConnection) -> bool:
        if len(self.view.pending) > 1:
            message_id = self.view.pending[-1]["id"]
            self.cancel_asked.add(message_id)
            await self._say(socket, type="cancel", id=message_id)
        return False

    async def _retry(self, socket: ClientConnection) -> bool:
        failed = [message["id"] for message in self.view.messages if "code" in message]
        last = [message["id"] for message in self.view.messages[-2:-1] if "code" not in message]
        wanted = failed or last
        if wanted and not self.view.pending:
            self.retry_asked.add(wanted[0])
            await self._say(socket, type="retry", id=wanted[0])
        return False

    async def _sync(self, socket: ClientConnection) -> bool:
        await self._say(socket, type="sync")
        return False

    async def _go(self, socket: ClientConnection) -> bool:
        leave: Callable[[], object] = self._random.choice((socket.transport.abort, lambda: None))
        leave()
        return True
