"""`make run`: a private Redis where none is configured, migrations, one worker and the web server.

What the servers are called with stands in the Procfile. They are not left to a Procfile runner, because that
ends all at once: here web and worker end first and Redis last, so that they can hand back what they work on.
"""

import errno
import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType

import django
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from chatbot_project.env import Environment
from scripts.private_redis import CannotStart, PrivateRedis, die_with_parent

BASE_DIR = Path(__file__).resolve().parent.parent
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
GRACE_S = 3
"""A developer does not wait for a slow model: the worker hands unfinished replies back after this long."""
STOP_S = GRACE_S + 5.0
SLOW_START_S = 20.0


class StopRequested(BaseException):
    """Ctrl-C, or the end of the terminal. A BaseException, like KeyboardInterrupt."""


def main() -> int:
    for number in STOP_SIGNALS:
        signal.signal(number, _request_stop)
    try:
        return run(chosen_port())
    except (CannotStart, ImproperlyConfigured) as error:
        print(f"make run: {error}", file=sys.stderr)
        return 1
    except StopRequested:
        return 0


def run(port: int) -> int:
    """Run the stack until it is told to stop (0) or one of its parts ends (1)."""
    os.environ["PORT"] = str(port)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "chatbot_project.settings")
    if not Environment(BASE_DIR).text("DJANGO_DEBUG"):
        os.environ["DJANGO_DEBUG"] = "1"
    from chatbot_project import settings

    (BASE_DIR / "var").mkdir(mode=0o700, exist_ok=True)
    own_redis = None
    if settings.REDIS_URL.removeprefix("unix://") == str(settings.DEVELOPMENT_REDIS_SOCKET):
        own_redis = PrivateRedis(BASE_DIR / "var" / "redis", settings.DEVELOPMENT_REDIS_SOCKET)
    parts: dict[str, subprocess.Popen[bytes]] = {}
    try:
        if own_redis:
            parts["redis"] = own_redis.start()
        check_port(port)
        django.setup()
        call_command("migrate", verbosity=0)
        if own_redis:
            own_redis.wait_until_ready()
        for name, command in procfile().items():
            parts[name] = start(command)
        return watch(parts, port)
    finally:
        stop([part for name, part in parts.items() if name != "redis"])
        if own_redis:
            own_redis.stop()


def chosen_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:
        raise CannotStart(f"PORT must be a number from 1 to 65535, it is {text!r}.")
    return int(text)


def check_port(port: int) -> None:
    """Raises CannotStart where another program would answer at localhost."""
    for family, host in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            with socket.socket(family) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((host, port))
        except PermissionError:
            raise CannotStart(f"port {port} is for root alone. Try: make run PORT=8001") from None
        except OSError as error:
            # A machine without IPv6 gives other errors, and is none the worse for it.
            if error.errno == errno.EADDRINUSE:
                other = 8001 if port == 8000 else port + 1
                raise CannotStart(f"port {port} is in use. Try: make run PORT={other}") from None


def procfile() -> dict[str, str]:
    lines = (BASE_DIR / "Procfile").read_text().splitlines()
    commands = dict(line.split(": ", 1) for line in lines)
    commands["worker"] += f" --grace {GRACE_S}"
    return commands


def start(command: str) -> subprocess.Popen[bytes]:
    # `exec`: signals meet the program itself, not a shell around it.
    return subprocess.Popen(
        ["sh", "-c", f"exec {command}"],
        cwd=BASE_DIR,
        env={**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        # A Ctrl-C of the terminal is for this process, which stops the parts in their order.
        start_new_session=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509 (no threads run here)
    )


def watch(parts: dict[str, subprocess.Popen[bytes]], port: int) -> int:
    """Say where to click as soon as it answers; return when one of the parts has ended."""
    started, told, answers = time.monotonic(), False, False
    while True:
        for name, part in parts.items():
            if part.poll() is not None:
                print(f"make run: {name} ended (exit status {part.returncode})", file=sys.stderr)
                return 1
        if not answers and is_answering(port):
            answers = True
            print(f"\n  The chat is ready: http://localhost:{port}  (Ctrl-C stops it)\n", flush=True)
        if not answers and not told and time.monotonic() - started > SLOW_START_S:
            told = True
            print(f"make run: still no answer on port {port}, see the lines above", file=sys.stderr)
        time.sleep(0.5 if answers else 0.1)


def is_answering(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=2)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(servers: list[subprocess.Popen[bytes]]) -> None:
    """End the servers, all at once; a second Ctrl-C kills them."""

    def hurry(_number: int, _frame: FrameType | None) -> None:
        for server in servers:
            server.kill()

    for number in STOP_SIGNALS:
        signal.signal(number, hurry)
    for server in servers:
        server.terminate()
    deadline = time.monotonic() + STOP_S
    for server in servers:
        with suppress(subprocess.TimeoutExpired):
            server.wait(max(0.0, deadline - time.monotonic()))
        server.kill()
        server.wait()


def _request_stop(_number: int, _frame: FrameType | None) -> None:
    raise StopRequested


if __name__ == "__main__":
    sys.exit(main())
