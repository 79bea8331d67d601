"""The processes that the harness runs and harms: a Redis, web processes on fixed ports, workers."""

import signal
import threading
from pathlib import Path
from random import Random
from typing import Literal

from tests.redis_groups import PARTITIONS, RedisCluster
from tests.servers import Process, RedisKind, RedisServer, Stack, Web, free_port, wait_until

FleetRedis = RedisKind | Literal["cluster"]


class Fleet:
    """Everything that serves. Its methods block: call them in threads."""

    def __init__(
        self, folder: Path, *, rng: Random, workers: int, webs: int, lease_s: float, redis_kind: FleetRedis
    ) -> None:
        self._rng = rng
        self._folder = folder / "stack"
        self._count = workers
        # fsync before each answer: a kill of Redis then loses nothing that it has confirmed.
        # Rewritten often, the file stays so small that Redis is back within seconds also after half an hour.
        options = (
            *("--appendfsync", "always"),
            *("--auto-aof-rewrite-percentage", "20", "--auto-aof-rewrite-min-size", "16mb"),
        )
        self.redis = (
            RedisCluster(folder / "redis", *options)
            if redis_kind == "cluster"
            else RedisServer(folder / "redis", redis_kind, *options)
        )
        self.partitions = PARTITIONS if redis_kind == "cluster" else 1
        self._stack = Stack(
            folder / "stack",
            self.redis.url,
            MODEL_URL="echo:?delay_ms=15",
            CHAT_LEASE_S=str(lease_s),
            CHAT_PARTITIONS=str(self.partitions),
            # A socket of a killed process keeps its place for minutes; kills come every few seconds here.
            CHAT_SOCKETS_PER_SESSION="100000",
            CHAT_SOCKETS_PER_IP="100000",
            CHAT_FRAMES_PER_MINUTE="100000",
        )
        self._lock = threading.Lock()
        self.webs: dict[int, Web | None] = {free_port(): None for _ in range(webs)}
        """By port; None while one is started again."""
        self.workers: list[Process] = []

    @property
    def ws_urls(self) -> list[str]:
        return [f"ws://127.0.0.1:{port}/chat" for port in sorted(self.webs)]

    def start(self) -> Web:
        """Start everything; gives a web process to begin sessions at."""
        self.redis.start()
        for _ in range(self._count):
            self.add_worker()
        for port in self.webs:
            self.webs[port] = self._stack.web(port)
        wait_until(
            lambda: all(worker.said("is ready") for worker in self.workers), "the workers to be ready", 60.0
        )
        return next(web for web in self.webs.values() if web)

    def add_worker(self) -> None:
        grace = self._rng.choice(("0", "1", "30"))
        with self._lock:
            self.workers.append(self._stack.worker("--grace", grace, wait=False))

    def take_worker(self) -> Process | None:
        """One that runs, for a fault to deal with; another is started in its place."""
        with self._lock:
            if not self.workers:
                return None
            worker = self.workers.pop(0)  # the oldest; the newest may still be starting
        self.add_worker()
        return worker

    def take_web(self) -> Web | None:
        """One that runs. `return_web` starts it again."""
        with self._lock:
            running = [port for port, web in self.webs.items() if web]
            if not running:
                return None
            # The one that runs for the longest time.
            port = running[0]
            web = self.webs.pop(port)
            self.webs[port] = None
        return web

    def return_web(self, port: int) -> None:
        """Start a web process again at its port."""
        for _ in range(3):
            try:
                web = self._stack.web(port)
            except TimeoutError:
                continue  # a machine under load
            with self._lock:
                self.webs[port] = web
            return
        raise TimeoutError(f"no web process came up at port {port}")

    def logs(self) -> str:
        """What all processes printed."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self._folder.glob("*.log")))

    def close(self) -> None:
        self._stack.close()
        self.redis.stop(signal.SIGKILL)
