"""A server that speaks as the Hugging Face hub does, with one model in a folder."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

REPO, REVISION = "someone/small-model", "main"


class HubServer(ThreadingHTTPServer):
    """Knows `REPO` alone. What it is asked for stands in `asked`."""

    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.asked: list[tuple[str, str]] = []
        """Paths, and the Range that was wanted."""
        self.bearers: set[tuple[str, str]] = set()
        """The hosts asked, and the Authorization that came along."""
        self.cut_after: int | None = None
        """Files break off after so many bytes."""
        self.ranges = True
        """Whether it can begin in the middle."""
        self.gated = False
        self.wrong_hash = False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: HubServer

    def do_GET(self) -> None:
        wanted = self.headers.get("Range", "")
        self.server.asked.append((self.path, wanted))
        self.server.bearers.add((self.headers["Host"].split(":")[0], self.headers.get("Authorization", "")))
        if self.server.gated:
            self._refuse(403, "GatedRepo")
        elif self.path == f"/api/models/{REPO}/tree/{REVISION}":
            self._answer(json.dumps([self._entry(file) for file in sorted(self.server.folder.iterdir())]).encode())
        elif self.path.startswith(f"/api/models/{REPO}/"):
            self._refuse(404, "RevisionNotFound")
        elif self.path.startswith(f"/{REPO}/resolve/{REVISION}/"):
            # Large files lie on another host.
            self.send_response(302)
            name = self.path.rpartition("/")[2]
            self.send_header("Location", f"http://localhost:{self.server.server_port}/cdn/{name}")
            self.end_headers()
        elif self.path.startswith("/cdn/"):
            start = int(wanted.removeprefix("bytes=").removesuffix("-")) if wanted and self.server.ranges else 0
            body = (self.server.folder / self.path.rpartition("/")[2]).read_bytes()
            self._answer(body[start:], 206 if start else 200)
        else:
            self._refuse(401, "RepoNotFound")

    def _entry(self, file: Path) -> dict[str, object]:
        body = file.read_bytes()
        entry: dict[str, object] = {"type": "file", "path": file.name, "size": len(body), "oid": "0" * 40}
        if file.suffix in (".safetensors", ".bin"):
            digest = hashlib.sha256(b"else" if self.server.wrong_hash else body).hexdigest()
            entry["lfs"] = {"oid": digest, "size": len(body), "pointerSize": 134}
        return entry

    def _answer(self, body: bytes, status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: self.server.cut_after] if self.path.startswith("/cdn/") else body)

    def _refuse(self, status: int, code: str) -> None:
        self.send_response(status)
        self.send_header("X-Error-Code", code)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Be silent."""


@contextmanager
def running_hub(folder: Path) -> Iterator[HubServer]:
    server = HubServer(folder)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
