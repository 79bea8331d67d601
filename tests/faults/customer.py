"""A client as people write them: several messages ahead, any web process, back with jitter, again when unsure."""

import asyncio
import contextlib
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from tests.faults.view import RuleBroken, View

MARKER = re.compile(r"s(\d{3})m")
MOST_OUTSTANDING = 6
"""Below the mailbox's default of 8."""
UNSURE_AFTER_S = 4.0
"""A message without an answer for so long is sent again. A web process asks Redis for 3 s."""


class Customer:
    """One session. Each word that it writes carries its number, so that a word seen elsewhere tells."""

    def __init__(self, number: int, token: str, ws_urls: list[str], seed: str) -> None:
        self.number = number
        self.session_id = token.partition(".")[0]
        self.view = View()
        self.sent: dict[str, str] = {}
        """Message id -> text, in the order of writing."""
        self.accepted: dict[str, int] = {}
        """Message id -> the revision at which it was seen to be in."""
        self.cancel_asked: set[str] = set()
        self.retry_asked: set[str] = set()
        self.stops_asked = 0
        self.pairs: set[tuple[str, str]] = set()
        """Neighbours in a mailbox: they are answered in this order."""
        self.broken: list[tuple[str, str]] = []
        """Kind of the broken promise, what was seen."""
        self.seen: Counter[str] = Counter()
        self.longest_wait_s = 0.0
        self._accepted_at: dict[str, float] = {}
        self._told_at: dict[str, float] = {}
        self._token = token
        self._ws_urls = ws_urls
        self._random = random.Random(f"{seed}-{number}")
        self._writing = True
        self._leave = False

    # --- What it wants ---

    def unsure(self) -> list[str]:
        """What was sent and not seen to be in."""
        return [message_id for message_id in self.sent if message_id not in self.accepted]

    def is_content(self) -> bool:
        """Everything it sent is in, and has had its outcome."""
        return not self.unsure() and not self.view.pending and self.view.reply is None

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
                    self._break("lost", "the session was refused at the handshake")
            except ConnectionClosed as closed:
                self.seen[f"closed {closed.rcvd.code if closed.rcvd else 1006}"] += 1
                if closed.rcvd and closed.rcvd.code in (4401, 1011, 1008):
                    self._break("lost", f"closed with {closed.rcvd.code}")
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

    # --- What it hears ---

    async def _receive(self, socket: ClientConnection) -> None:
        text = await socket.recv()
        assert isinstance(text, str)
        strangers = {int(number) for number in MARKER.findall(text)} - {self.number}
        if strangers:
            self._break("mixed up", f"words of {strangers}: {text[:300]}")
        frame = json.loads(text)
        self.seen[frame["type"]] += 1
        try:
            self.view.apply(frame)
        except RuleBroken as broken:
            self._break("text", f"{broken}; {text[:300]}")
            await self._say(socket, type="sync")
        match frame["type"]:
            case "session":
                self._note_session(frame)
            case "queued":
                self._note_accepted(frame["message"]["id"], frame["rev"])
            case "replied" | "failed":
                self._note_outcome(frame["to"])
            case "error":
                self.seen[f"error {frame['code']}"] += 1
                self._told_at.clear()

    def _note_session(self, frame: dict[str, Any]) -> None:
        self.pairs |= {
            (first["id"], second["id"])
            for first, second in zip(frame["pending"], frame["pending"][1:], strict=False)
        }
        for message in frame["messages"]:
            if message["source"] == "human":
                self._note_accepted(message["id"], frame["rev"])
                self._note_outcome(message["id"])
        for message in frame["pending"]:
            self._note_accepted(message["id"], frame["rev"])
        if not frame["has_more"]:
            known = {message_id for message_id, rev in self.accepted.items() if rev <= frame["rev"]}
            for message_id in known - self.view.ids() - self.cancel_asked:
                self._break("lost", f"{message_id} was accepted and is not in the session of rev {frame['rev']}")

    def _note_accepted(self, message_id: str, rev: int) -> None:
        if message_id not in self.sent:
            self._break("mixed up", f"{message_id} was never sent here")
        if message_id not in self.accepted:
            self.accepted[message_id] = rev
            self._accepted_at[message_id] = time.monotonic()

    def _note_outcome(self, message_id: str) -> None:
        accepted_at = self._accepted_at.pop(message_id, None)
        if accepted_at is not None:
            self.longest_wait_s = max(self.longest_wait_s, time.monotonic() - accepted_at)

    def _break(self, kind: str, what: str) -> None:
        self.broken.append((kind, f"session {self.number}: {what}"))
