"""What is measured: the system and the floor, each with a Redis of its own, all on loopback."""

import json
import os
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from bench.load import Door
from tests.servers import Process, RedisKind, RedisServer, Stack, Web, free_port, wait_until

# Far above what is measured: the limits have tests of their own.
LIMITS = dict.fromkeys(
    (
        "CHAT_MESSAGES_PER_MINUTE",
        "CHAT_TOKENS_PER_MINUTE",
        "CHAT_TOKENS_PER_DAY",
        "CHAT_FRAMES_PER_MINUTE",
        "CHAT_SOCKETS_PER_IP",
        "CHAT_SOCKETS_PER_SESSION",
        "CHAT_MAX_QUEUE",
        "CHAT_MAX_PENDING_PER_IP",
    ),
    "100000000",
)


def cpu_seconds(pid: int) -> float:
    """The processor time that a process took, all threads, user and system, as Linux counts it in ns."""
    # clock_getcpuclockid(3), which Python does not offer.
    return time.clock_gettime((~pid << 3) | 2)


def machine_seconds() -> float:
    """The processor time that all programs of this machine took so far."""
    user, nice, system, _idle, _iowait, *rest = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + sum(rest)) / os.sysconf("SC_CLK_TCK")


def _pid(server: RedisServer) -> int:
    assert server.process
    return server.process.pid


class Measured:
    """A web process, a worker and a Redis."""

    redis: RedisServer
    web_pid: int
    worker_pid: int
    port: int

    def meter(self) -> dict[str, float]:
        """Processor seconds so far, by process, and of the whole machine."""
        return {
            "machine": machine_seconds(),
            "web": cpu_seconds(self.web_pid),
            "worker": cpu_seconds(self.worker_pid),
            "redis": cpu_seconds(_pid(self.redis)),
        }


class System(Measured):
    """The chat as it is documented: `daphne`, `run_inference_worker`, Redis with AOF."""

    def __init__(
        self,
        folder: Path,
        kind: RedisKind = "redis62",
        *,
        model_url: str = "echo:",
        worker_options: Sequence[str] = (),
        **environment: str,
    ) -> None:
        self.redis = RedisServer(folder / "redis", kind).start()
        settings = {"MODEL_URL": model_url, "LOG_LEVEL": "WARNING"} | LIMITS | environment
        self.stack = Stack(folder, self.redis.url, **settings)
        try:
            web = self._start_web()
            # A worker says at INFO that it is ready.
            worker = self.stack.worker(*worker_options, LOG_LEVEL="INFO", REDIS_URL=self.url_as("worker"))
        except BaseException:
            self.close()
            raise
        self.port = web.port
        self.web_pid, self.worker_pid = web.process.popen.pid, worker.popen.pid

    def _start_web(self) -> Web:
        return self.stack.web(REDIS_URL=self.url_as("web"))

    def url_as(self, user: str) -> str:
        """The Redis for one part of the stack, so that its connections are told from the others'."""
        self.redis.client().execute_command("ACL", "SETUSER", user, "on", ">bench", "~*", "&*", "+@all")
        return f"redis://{user}:bench@127.0.0.1:{self.redis.port}"

    def doors(self, count: int) -> list[Door]:
        """So many new sessions."""
        return [self.door()[0] for _ in range(count)]

    def door(self) -> tuple[Door, str]:
        """A new session, and its id."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/token", data=b"name=Bench", method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            session = json.load(answer)
        headers = {"Authorization": f"Bearer {session['token']}", "Sec-WebSocket-Protocol": "chatbot.v1"}
        return Door(self.port, "/chat", headers), session["session_id"]

    def close(self) -> None:
        self.stack.close()
        self.redis.stop()


class Floor(Measured):
    """See bench.floor."""

    def __init__(self, folder: Path, lean: bool = False) -> None:
        self.redis = RedisServer(folder / "redis").start()
        self.port = free_port()
        environment = Stack(folder, self.redis.url).environment | {"FLOOR": "lean" if lean else "stock"}
        python = [sys.executable, "-m"]
        web = [*python, "bench.floor", "web"] if lean else [*python, "daphne"]
        web += ["-p", str(self.port), "-v", "0", *([] if lean else ["bench.floor:application"])]
        self._processes: list[Process] = []
        try:
            self._processes.append(Process(web, environment, folder / "web.log"))
            self._processes.append(Process([*python, "bench.floor"], environment, folder / "worker.log"))
            wait_until(self._answers, f"the floor, see {folder}")
        except BaseException:
            self.close()
            raise
        self.web_pid, self.worker_pid = (process.popen.pid for process in self._processes)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=1):
                return False
        except urllib.error.HTTPError:
            # It knows no HTTP; that it says so is enough.
            return self._processes[1].said("is ready")
        except OSError:
            return False

    def doors(self, count: int) -> list[Door]:
        """So many groups."""
        return [Door(self.port, f"/?session=s{number}", {}) for number in range(count)]

    def close(self) -> None:
        for process in self._processes:
            process.stop()
        self.redis.stop()
