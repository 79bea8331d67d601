"""The floor: the least that a chat over Channels, a Redis Stream and a worker can do, and no promise kept.

The same Daphne, the same channel layer, a bare consumer that adds each frame to one stream, a bare worker that
reads it and sends every piece to a group. Nothing is stored, checked or acknowledged; there are no tokens.

    daphne bench.floor:application       the web process
    python -m bench.floor                the worker

`FLOOR=lean` in the environment takes away what stock Channels and asyncio cost on top: uvloop in both, and no hop
to a thread before each handler. `python -m bench.floor web -p PORT` starts that web process.
"""

import asyncio
import os
import sys
from typing import Any
from urllib.parse import parse_qs

import orjson
import redis.asyncio
import uvloop
from django.conf import settings

REDIS_URL = os.environ["REDIS_URL"]
LEAN = os.environ.get("FLOOR") == "lean"
STREAM = "floor"
GROUP = "workers"

# Daphne imports this module once more than Python runs it.
if not settings.configured:
    settings.configure(
        CHANNEL_LAYERS={
            "default": {
                "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
                "CONFIG": {"hosts": [REDIS_URL], "prefix": "floor"},
            }
        }
    )

if LEAN and sys.argv[1:2] == ["web"]:
    # Before anything of Daphne is imported, because that makes its loop at import.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402
from channels.layers import get_channel_layer  # noqa: E402

_queue = redis.asyncio.Redis.from_url(REDIS_URL)


class FloorConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels brings no types
    """Passes frames to the stream, and what the worker sends to the client."""

    group = ""

    if LEAN:

        async def dispatch(self, message: dict[str, Any]) -> None:
            await getattr(self, message["type"].replace(".", "_"))(message)

    async def connect(self) -> None:
        self.group = parse_qs(self.scope["query_string"].decode())["session"][0]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()
        await self.send('{"type":"session"}')

    async def disconnect(self, code: int) -> None:
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        # Not acknowledged below, so the length is what keeps the stream small.
        await _queue.xadd(STREAM, {"group": self.group, "frame": text_data or ""}, maxlen=10_000, approximate=True)

    async def piece(self, message: dict[str, Any]) -> None:
        """Relay one piece."""
        await self.send(message["frame"])


application = FloorConsumer.as_asgi()


async def work() -> None:
    """Answer for ever: each message with as many pieces as it asks for."""
    layer: Any = get_channel_layer()
    await _queue.xgroup_create(STREAM, GROUP, id="0", mkstream=True)
    print("is ready", flush=True)
    while True:
        answer = await _queue.xreadgroup(GROUP, "floor", {STREAM: ">"}, count=64, block=1000, noack=True)
        for _, entries in answer or ():
            for _, fields in entries:
                group = fields[b"group"].decode()
                for frame in pieces(orjson.loads(fields[b"frame"])):
                    await layer.group_send(group, {"type": "piece", "frame": frame})


def pieces(frame: dict[str, Any]) -> list[str]:
    """One piece: the whole reply. N pieces: queued, N - 2 pieces of text, the whole reply."""
    text: str = frame["text"]
    told: list[dict[str, Any]] = []
    if frame["pieces"] > 1:
        told.append({"type": "queued", "message": {"id": frame["id"]}})
    offset = 0
    for word in text.split(" ")[: frame["pieces"] - 2] if frame["pieces"] > 2 else ():
        told.append({"type": "delta", "to": frame["id"], "offset": offset, "text": text[offset:][: len(word) + 1]})
        offset += len(word) + 1
    told.append({"type": "replied", "to": frame["id"], "message": {"text": text}})
    return [orjson.dumps(event).decode() for event in told]


def main() -> None:
    """The worker, or with `web` Daphne on the loop chosen above."""
    if sys.argv[1:2] == ["web"]:
        from daphne.cli import CommandLineInterface

        CommandLineInterface().run([*sys.argv[2:], "bench.floor:application"])
    elif LEAN:
        uvloop.run(work())
    else:
        asyncio.run(work())


if __name__ == "__main__":
    main()
