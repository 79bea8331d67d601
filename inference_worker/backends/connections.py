"""Pooled connections whose reader, a thread, can be woken by the event loop at any moment."""

import asyncio
import socket
import threading
import time
from contextlib import suppress
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError

from inference_worker.backends.base import Finish

# How long the end of an answer may take to arrive, for its connection to be used again.
DRAIN_S = 0.25
READ_BYTES = 64 * 1024

here = threading.local()
"""`.call`: what this thread works on."""
_owners = threading.Lock()


class Call:
    """What a thread hands to the event loop, and the way to end its waiting from there."""

    def __init__(self) -> None:
        self.items: asyncio.Queue[str | Finish | Exception] = asyncio.Queue()
        self.connection: Connection | None = None
        self.cancelled = False
        self._loop = asyncio.get_running_loop()

    def put(self, item: str | Finish | Exception) -> None:
        # A closed loop raises RuntimeError: nobody reads any more.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.items.put_nowait, item)

    def cancel(self) -> None:
        with _owners:
            self.cancelled = True
            if self.connection is not None and self.connection.call is self:
                self.connection.hang_up()


class Connection(HTTPConnection):
    """Knows the call that it works for: it comes from a pool and may be another call's a moment later."""

    call: Call | None = None
    wire: Any = None
    """The socket. http.client forgets its own while an answer that ends the connection is read."""

    def connect(self) -> None:
        super().connect()
        self._adopt()

    def request(self, *args: Any, **kwargs: Any) -> None:
        self._adopt()
        super().request(*args, **kwargs)

    def _adopt(self) -> None:
        with _owners:
            self.call, here.call.connection = here.call, self
            self.wire = self.sock
            if here.call.cancelled:
                raise ConnectionAbortedError("cancelled")

    def hang_up(self) -> None:
        """Wake the thread that reads here. Closing a socket does not do that, shutting it down does."""
        # TLS inside a proxy's TLS is wrapped; a TLS socket's own shutdown() is not for other threads.
        wire = getattr(self.wire, "socket", self.wire)
        if wire is not None:
            with suppress(OSError):
                socket.socket.shutdown(wire, socket.SHUT_RDWR)


class TLSConnection(Connection, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = Connection


class _TLSPool(HTTPSConnectionPool):
    ConnectionCls = TLSConnection


class Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        # A SOCKS proxy has pools of its own; with ours it would be gone round.
        if not proxy.lower().startswith("socks"):
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TLSPool}
        return manager


def drain(response: requests.Response) -> None:
    """Take the end of an answer off the wire, so that the connection can be used again. Not for long."""
    if response.raw.isclosed():
        # Read to its end: the connection is back in the pool, perhaps with another call already.
        return
    here.call.connection.wire.settimeout(DRAIN_S)
    deadline = time.monotonic() + DRAIN_S
    with suppress(HTTPError):
        while response.raw.read1(READ_BYTES) and time.monotonic() < deadline:
            pass
