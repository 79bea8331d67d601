"""Clients as people write them: HTTP calls and the two protocols of the socket."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any
from urllib.parse import quote
from uuid import uuid4

from websockets.asyncio.client import ClientConnection, connect

from tests.servers import Web

PATIENCE_S = 20.0


def call(method: str, url: str, token: str = "") -> tuple[int, Any]:
    """One HTTP call; gives the status and the JSON."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    request = urllib.request.Request(url, method=method, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
            return answer.status, json.loads(text) if text else None
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def new_token(web: Web, name: str = "Ann") -> str:
    """Begin a session."""
    status, body = call("POST", f"{web.url}/token?name={quote(name)}")
    assert status == 200, body
    return str(body["token"])


class V1:
    """A socket that speaks chatbot.v1, and keeps what the server told as a page would."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []
        self.text = ""
        """The running reply, put together from what came."""
        self.reply = ""

    async def receive(self) -> dict[str, Any]:
        """The next frame. Fails when it breaks the rule `session` replaces everything, `delta` appends."""
        try:
            text = await asyncio.wait_for(self.socket.recv(), PATIENCE_S)
        except TimeoutError:
            raise AssertionError(f"no frame for {PATIENCE_S} s after {self.frames[-3:]}") from None
        frame: dict[str, Any] = json.loads(text)
        self.frames.append(frame)
        match frame["type"]:
            case "session":
                running = frame["reply"] or {"id": "", "text": ""}
                self.reply, self.text = running["id"], running["text"]
            case "started":
                self.reply, self.text = frame["id"], ""
            case "delta":
                if "rev" in frame:
                    self.reply, self.text = frame["id"], ""
                assert frame["id"] == self.reply
                assert frame["offset"] == len(self.text)
                self.text += frame["text"]
            case "replied":
                assert frame["message"]["text"].startswith(self.text)
                self.reply = self.text = ""
        return frame

    async def until(self, *kinds: str, **fields: Any) -> dict[str, Any]:
        """The next frame of one of these types with these fields."""
        while True:
            frame = await self.receive()
            if frame["type"] in kinds and all(frame.get(name) == value for name, value in fields.items()):
                return frame

    async def say(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def send(self, text: str, message_id: str = "") -> str:
        """Send a message; gives its id."""
        message_id = message_id or str(uuid4())
        await self.say(type="send", id=message_id, text=text)
        return message_id

    async def ask(self, text: str) -> str:
        """Send a message and wait for the text of its reply."""
        message_id = await self.send(text)
        replied = await self.until("replied", to=message_id)
        return str(replied["message"]["text"])

    async def outcome(self, message_id: str) -> str:
        """Wait until a message has been answered, told by `replied` or by a `session`; gives the reply's text."""
        while True:
            frame = await self.until("replied", "session")
            if frame["type"] == "replied" and frame["to"] == message_id:
                return str(frame["message"]["text"])
            messages = frame.get("messages", [])
            for human, bot in pairwise(messages):
                if human["id"] == message_id and bot["source"] == "bot":
                    return str(bot["text"])

    async def sync(self) -> dict[str, Any]:
        await self.say(type="sync")
        return await self.until("session")


@asynccontextmanager
async def v1(web: Web, token: str) -> AsyncIterator[V1]:
    """A connected socket that has got its first `session`, in `frames[0]`."""
    async with connect(f"{web.ws_url}?token={token}", subprotocols=["chatbot.v1"]) as socket:  # type: ignore[list-item]
        assert socket.subprotocol == "chatbot.v1"
        client = V1(socket)
        await client.until("session")
        yield client


@asynccontextmanager
async def plain(web: Web, token: str) -> AsyncIterator[ClientConnection]:
    """A connected socket of the plain protocol."""
    async with connect(web.ws_url, additional_headers={"Authorization": f"Bearer {token}"}) as socket:
        yield socket


async def receive_json(socket: ClientConnection) -> dict[str, Any]:
    frame: dict[str, Any] = json.loads(await asyncio.wait_for(socket.recv(), PATIENCE_S))
    return frame
