"""Takes what is sent to Sentry and to OpenTelemetry, and keeps it as it came."""

import contextlib
import gzip
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import brotli


class Collector(ThreadingHTTPServer):
    """Listens on loopback."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.came: list[tuple[str, bytes]] = []
        """The path and the body of each request, decompressed."""

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def bodies(self, path: str) -> bytes:
        return b"\n".join(body for at, body in self.came if path in at)


class Handler(BaseHTTPRequestHandler):
    """Takes everything."""

    server: Collector
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        decode = {"gzip": gzip.decompress, "br": brotli.decompress}.get(
            self.headers["Content-Encoding"] or "", bytes
        )
        self.server.came.append((self.path, decode(body)))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@contextlib.contextmanager
def running_collector() -> Iterator[Collector]:
    """A collector for the time of a block."""
    with Collector() as collector:
        threading.Thread(target=collector.serve_forever, args=(0.01,), name="collector").start()
        try:
            yield collector
        finally:
            collector.shutdown()
