"""A WebSocket client that costs little: the load generator shares two cores with what it measures.

A protocol of asyncio with a frame codec of its own, no task and no queue per socket: 100 clients of the
`websockets` package take about as much processor time as the web process that they talk to.
"""

import asyncio
import base64
import os
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import cast

TEXT, CLOSE, PING, PONG = 0x1, 0x8, 0x9, 0xA
# Clients must mask what they send; nothing says that a benchmark has to choose a new mask each time.
MASK = b"\x37\xfa\x21\x3d"


def encode_frame(opcode: int, payload: bytes) -> bytes:
    """One whole frame of a client."""
    size = len(payload)
    if size < 126:
        head = struct.pack("!BB", 0x80 | opcode, 0x80 | size)
    elif size < 65_536:
        head = struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, size)
    else:
        head = struct.pack("!BBQ", 0x80 | opcode, 0x80 | 127, size)
    key = (MASK * (size // 4 + 1))[:size]
    masked = int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")
    return head + MASK + masked.to_bytes(size, "big")


def take_frames(buffer: bytearray) -> Iterator[tuple[int, bytes]]:
    """Take the whole frames of a server out of a buffer. Servers send them unmasked and unfragmented."""
    at = 0
    end = len(buffer)
    while end - at >= 2:
        size = buffer[at + 1]
        start = at + 2
        if size == 126:
            start += 2
            size = int.from_bytes(buffer[at + 2 : start], "big")
        elif size == 127:
            start += 8
            size = int.from_bytes(buffer[at + 2 : start], "big")
        if start + size > end:
            break
        yield buffer[at] & 0x0F, bytes(buffer[start : start + size])
        at = start + size
    del buffer[:at]


class WebSocket(asyncio.Protocol):
    """One socket. `on_text` gets each text frame, `on_end` a reason when the other side ends it."""

    def __init__(self, on_text: Callable[[bytes], None], on_end: Callable[[str], None]) -> None:
        self._on_text = on_text
        self._on_end = on_end
        self._buffer = bytearray()
        self._is_open = False
        self._is_closing = False
        self._transport: asyncio.Transport | None = None
        self._request = b""

    async def open(self, port: int, path: str, headers: Mapping[str, str]) -> None:
        """Connect to loopback and ask for the upgrade."""
        lines = {
            "Host": f"localhost:{port}",
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
            "Sec-WebSocket-Version": "13",
            **headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self._request = f"GET {path} HTTP/1.1\r\n{head}\r\n".encode()
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, "127.0.0.1", port)

    def send(self, text: str) -> None:
        assert self._transport
        self._transport.write(encode_frame(TEXT, text.encode()))

    def close(self) -> None:
        self._is_closing = True
        if self._transport:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are not of asyncio's classes.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._is_open:
            head, blank, rest = bytes(self._buffer).partition(b"\r\n\r\n")
            if not blank:
                return
            if b" 101 " not in head.split(b"\r\n", 1)[0]:
                self._end(f"the handshake was refused: {head[:80]!r}")
                return
            self._is_open = True
            self._buffer = bytearray(rest)
        for opcode, payload in take_frames(self._buffer):
            if opcode == TEXT:
                self._on_text(payload)
            elif opcode == PING and self._transport:
                self._transport.write(encode_frame(PONG, payload))
            elif opcode == CLOSE:
                self._end(f"the server closed with {int.from_bytes(payload[:2], 'big')}")

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("the connection broke")

    def _end(self, reason: str) -> None:
        if not self._is_closing:
            self.close()
            self._on_end(reason)
