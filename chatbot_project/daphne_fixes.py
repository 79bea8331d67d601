"""Six things that Daphne does not do by itself and this project's protocol promises.

1. Closing a socket with the codes that RFC 6455 defines for servers (1008, 1009, 1012, 1013). Its WebSocket
   library lets an application send 1000 and 3000 to 4999 only and raises for others; the client then sees 1011.
2. Telling clients that the server goes down (1012), so that they come back at once. Daphne's own shutdown drops
   connections without a close frame, and does nothing at all when one of them has no application any more. And
   ending in time: a request whose thread waits for the event loop, which has ended, would keep the process alive.
3. Cutting a client that does not read. Daphne buffers for it without a bound.
4. Reading a client no faster than its consumer takes the frames. Daphne queues them without a bound, and takes all
   frames of the 64 KB that it has read in one go, in which no other client is served.
5. Sending frames of any size. The limit that Daphne is given for what clients send binds the server, too.
6. Keeping tokens out of its access log, which prints query strings.
"""

import asyncio
import logging
import os
import sys
import threading
from collections.abc import Callable
from typing import Any

GOING_DOWN = 1012
MAX_UNSENT_BYTES = 1 << 18
"""Far more than a page that reads ever leaves unread; it comes back and gets the whole session."""
MAX_WAITING_FRAMES = 1
"""Frames of a socket that may wait for its consumer before reading pauses."""
GRACE_S = 2.0
"""How long sockets and requests may take to end before they are cut."""
LAST_S = 3.0
"""How long the process may take after that."""

logger = logging.getLogger(__name__)


def install() -> None:
    """Teach the Daphne that is loaded in this process; does nothing under another server."""
    if "daphne.server" in sys.modules:
        from daphne.access import AccessLogGenerator
        from daphne.server import Server
        from daphne.ws_protocol import WebSocketProtocol

        WebSocketProtocol.serverClose = _close
        WebSocketProtocol.serverSend = _send
        WebSocketProtocol.applicationCreateWorked = _watching(WebSocketProtocol.applicationCreateWorked)
        WebSocketProtocol.consumeData = _in_pace(WebSocketProtocol.consumeData)
        Server.kill_all_applications = _shut_down
        AccessLogGenerator.write_entry = _without_query(AccessLogGenerator.write_entry)


def _close(protocol: Any, code: int | None = None) -> None:
    protocol.sendCloseFrame(code=code or 1000)


def _send(protocol: Any, content: str | bytes, binary: bool = False) -> None:
    transport = protocol.transport
    if protocol.state != protocol.STATE_OPEN:
        # The client has gone in this very moment; its consumer is about to hear of it.
        return
    if len(transport.dataBuffer) + transport._tempDataLen > MAX_UNSENT_BYTES:
        transport.abortConnection()
        return
    limit, protocol.maxMessagePayloadSize = protocol.maxMessagePayloadSize, 0
    try:
        protocol.sendMessage(content if isinstance(content, bytes) else content.encode(), binary)
    finally:
        protocol.maxMessagePayloadSize = limit


def _watching(created: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    def watch(protocol: Any, queue: Any) -> None:
        take = queue._get

        def take_and_go_on() -> Any:
            frame = take()
            if protocol.waits_for_consumer and protocol.state == protocol.STATE_OPEN:
                asyncio.get_running_loop().call_soon(protocol.consumeData)
            return frame

        # What asyncio.Queue leaves to subclasses; Daphne makes the queue itself.
        queue._get = take_and_go_on
        protocol.waits_for_consumer = False
        # A frame that is too large gets 1009; the library's default is to drop the connection without a word.
        protocol.failByDrop = False
        created(protocol, queue)

    return watch


def _in_pace(consume: Callable[[Any], None]) -> Callable[[Any], None]:
    def consume_in_pace(protocol: Any) -> None:
        while protocol.state == protocol.STATE_OPEN:
            if protocol.application_queue.qsize() >= MAX_WAITING_FRAMES:
                protocol.waits_for_consumer = True
                protocol.transport.pauseProducing()
                return
            if not protocol.processData():
                if protocol.waits_for_consumer:
                    protocol.waits_for_consumer = False
                    protocol.transport.resumeProducing()
                return
        # Before it is open, and when it closes. One that closes while it waits is read no more: Daphne's WebSocket
        # library cuts it a second after the close frame.
        consume(protocol)

    return consume_in_pace


def _without_query(write_entry: Callable[..., None]) -> Callable[..., None]:
    def write(log: Any, host: str, date: Any, request: str, *rest: Any, **more: Any) -> None:
        write_entry(log, host, date, request.partition("?")[0], *rest, **more)

    return write


def _shut_down(server: Any) -> Any:
    from twisted.internet.defer import Deferred

    watchdog = threading.Timer(GRACE_S + LAST_S, _leave)
    watchdog.daemon = True
    watchdog.start()
    return Deferred.fromFuture(asyncio.ensure_future(_end_connections(server)))


def _leave() -> None:
    logger.warning("A request did not end; the process ends without it")
    logging.shutdown()
    os._exit(0)


async def _end_connections(server: Any) -> None:
    from daphne.ws_protocol import WebSocketProtocol

    for listener in server.listeners:
        # Each is a Deferred that has the port. Who comes now is for another process.
        if hasattr(getattr(listener, "result", None), "stopListening"):
            listener.result.stopListening()
    for protocol in server.connections:
        if isinstance(protocol, WebSocketProtocol) and protocol.state == WebSocketProtocol.STATE_OPEN:
            _close(protocol, GOING_DOWN)
    # A client answers the close frame, then the connection ends and the consumer tidies up. Connections that are
    # kept alive may bring new requests meanwhile.
    until = asyncio.get_running_loop().time() + GRACE_S
    while running := _running(server):
        left_s = until - asyncio.get_running_loop().time()
        if left_s <= 0:
            for application in running:
                application.cancel()
            await asyncio.wait(running, timeout=LAST_S / 2)
            return
        await asyncio.wait(running, timeout=left_s)


def _running(server: Any) -> "list[asyncio.Future[Any]]":
    found = [details.get("application_instance") for details in server.connections.values()]
    return [application for application in found if application and not application.done()]
