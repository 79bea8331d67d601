"""What a developer meets first: `make run`, its one-line errors, `.env.example`, setup.sh."""

import ast
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest

from chatbot_project.env import MAX_SOCKET_PATH_BYTES
from scripts.private_redis import find_server
from tests.servers import free_port, wait_until

ROOT = Path(__file__).resolve().parent.parent
# Neither the settings of whoever runs the tests nor those of the test session are meant here.
BARE_ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
WAIT_S = 30.0


def copy_checkout(target: Path) -> Path:
    """The tree as a clone has it: without the environment, data, and somebody's .env."""
    others = shutil.ignore_patterns(".git", ".venv", "var", ".env", "node_modules", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, target, ignore=others)
    return target


@pytest.fixture
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # A short name, so that the socket's path is the usual one.
    return copy_checkout(tmp_path_factory.mktemp("c") / "c")


def python(*arguments: str, cwd: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env=BARE_ENVIRONMENT | environment,
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def one_line(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0
    assert result.stdout == ""
    lines = result.stderr.splitlines()
    assert len(lines) == 1, result.stderr
    return lines[0]


# --- .env.example -------------------------------------------------------------------------------------------


def variables_read() -> dict[str, set[str]]:
    """Each variable that the settings read, with the defaults given, as .env would say them."""
    found: dict[str, set[str]] = {}
    for name in ("settings.py", "env.py"):
        for node in ast.walk(ast.parse((ROOT / "chatbot_project" / name).read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(
                        value=ast.Name(id="env" | "self"),
                        attr=kind,
                    ),
                    args=[ast.Constant(value=str(variable)), *rest],
                ) if kind in {"text", "flag", "whole", "number", "words", "choice", "redis_urls"}:
                    found.setdefault(variable, set()).add(default_text(rest))
    return found


def default_text(rest: list[ast.expr]) -> str:
    if not rest:
        return ""
    try:
        value = ast.literal_eval(rest[0])
    except ValueError:
        return "(computed)"
    return ",".join(value) if isinstance(value, tuple) else str(value)


def test_env_example_lists_what_the_settings_read_with_the_defaults() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = dict(line.removeprefix("#").split("=", 1) for line in lines if re.match(r"#?[A-Z_]+=", line))
    read = variables_read()
    assert "DJANGO_SECRET_KEY" in read  # the search finds what it should
    assert "CHAT_MAX_PENDING" in read
    assert set(listed) == set(read)
    wrong = {name for name, defaults in read.items() if not {listed[name], "(computed)"} & defaults}
    assert not wrong


def test_the_table_of_settings_says_the_same() -> None:
    table = (ROOT / "docs" / "settings.md").read_text()
    rows = re.findall(r"^\| `([A-Z_]+)` \| (?:`([^`]*)`)? ?\| \S.* \|$", table, flags=re.MULTILINE)
    lines = (ROOT / ".env.example").read_text().splitlines()
    listed = [tuple(line.removeprefix("#").split("=", 1)) for line in lines if re.match(r"#?[A-Z_]+=", line)]
    assert sorted(rows) == sorted(listed)


def test_only_the_settings_read_the_environment() -> None:
    sources = [*(ROOT / "chat").rglob("*.py"), *(ROOT / "inference_worker").rglob("*.py")]
    assert [str(path) for path in sources if re.search(r"os\.(environ|getenv)", path.read_text())] == []


# --- Errors in one line -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHAT_MAX_PENDING", "many"),
        ("CHAT_MAX_PENDING", "0"),
        ("CHAT_LEASE_S", "soon"),
        ("DJANGO_DEBUG", "perhaps"),
        ("REDIS_URL", "localhost:6379"),
        ("REDIS_URL", "redis+sentinel://host"),
        ("CHAT_LAYER_URLS", "redis://one redis+cluster://"),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("SENTRY_DSN", "sentry.example"),
    ],
)
def test_a_wrong_value_names_its_variable(checkout: Path, name: str, value: str) -> None:
    environment = {"DJANGO_SECRET_KEY": "x", name: value}
    assert name in one_line(python("manage.py", "check", cwd=checkout, environment=environment))
    assert name in one_line(python("-m", "scripts.dev", cwd=checkout, environment=environment))


def test_a_missing_secret_is_one_line(checkout: Path) -> None:
    for command in (["manage.py", "check"], ["-m", "scripts.dev"]):
        assert "DJANGO_SECRET_KEY" in one_line(python(*command, cwd=checkout, environment={"DJANGO_DEBUG": "0"}))


@pytest.mark.parametrize("port", ["http", "0", "65536", "-1"])
def test_a_port_that_is_none_is_one_line(checkout: Path, port: str) -> None:
    assert "PORT" in one_line(python("-m", "scripts.dev", cwd=checkout, environment={"PORT": port}))


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "::1"])
def test_a_busy_port_is_one_line_with_the_way_out(checkout: Path, host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        server = socket.create_server((host, 0), family=family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with server:
        port = server.getsockname()[1]
        line = one_line(python("-m", "scripts.dev", cwd=checkout, environment={"PORT": str(port)}))
    assert f"port {port} is in use" in line
    assert "make run PORT=" in line


# --- The stack of `make run` --------------------------------------------------------------------------------


class Stack:
    """`make run` in `checkout`, as its own session, so that it can be signalled as a terminal does."""

    def __init__(self, checkout: Path, port: int, **environment: str) -> None:
        self.port = port
        self.output = checkout.parent / "output"
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.dev"],
                cwd=checkout,
                env=BARE_ENVIRONMENT | {"PORT": str(port)} | environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self.parts: list[psutil.Process] = []

    def wait_until_ready(self) -> None:
        wait_until(lambda: self.says("is ready: http") or self.process.poll() is not None, "the chat", WAIT_S)
        assert self.says(f"http://localhost:{self.port}"), self.output.read_text()
        self.parts = psutil.Process(self.process.pid).children(recursive=True)

    def says(self, text: str) -> bool:
        return text in self.output.read_text()

    def names(self) -> str:
        return " ".join(" ".join(part.cmdline()) for part in self.parts)

    def has_ended(self) -> bool:
        return self.process.poll() is not None and not any(map(is_alive, self.parts))

    def fetch(self, path: str, method: str = "GET") -> Any:
        request = urllib.request.Request(f"http://localhost:{self.port}{path}", method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return orjson.loads(response.read())

    def kill(self) -> None:
        for part in self.parts:
            if is_alive(part):
                part.kill()
        self.process.kill()
        self.process.wait()


def is_alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running()) and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def start_stack(checkout: Path) -> Iterator[Callable[..., Stack]]:
    stacks = []

    def start(**environment: str) -> Stack:
        stacks.append(Stack(checkout, free_port(), **environment))
        stacks[-1].wait_until_ready()
        return stacks[-1]

    yield start
    for stack in stacks:
        stack.kill()


def test_one_ctrl_c_ends_everything_and_the_next_start_remembers(
    checkout: Path, start_stack: Callable[..., Stack]
) -> None:
    stack = start_stack()
    assert stack.fetch("/test") == {"msg": "API is Online"}
    token = stack.fetch("/token?name=Ada", method="POST")["token"]
    assert (checkout / "var" / "redis.sock").exists()
    assert (checkout / "var").stat().st_mode & 0o777 == 0o700

    os.killpg(stack.process.pid, signal.SIGINT)
    assert stack.process.wait(WAIT_S) == 0
    assert stack.has_ended()
    assert not (checkout / "var" / "redis.sock").exists()
    assert token not in stack.output.read_text()

    assert start_stack().fetch(f"/refresh_token?token={token}")["name"] == "Ada"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_other_ends_are_as_clean(start_stack: Callable[..., Stack], number: signal.Signals) -> None:
    stack = start_stack()
    stack.process.send_signal(number)
    assert stack.process.wait(WAIT_S) == 0
    assert stack.has_ended()


def test_a_start_after_kill_9_of_everything(checkout: Path, start_stack: Callable[..., Stack]) -> None:
    stack = start_stack()
    token = stack.fetch("/token?name=Ada", method="POST")["token"]
    aof = checkout / "var" / "redis" / "appendonly.aof"
    wait_until(lambda: b"Ada" in aof.read_bytes(), "the AOF")
    for process in (psutil.Process(stack.process.pid), *stack.parts):
        process.suspend()
    stack.kill()
    assert (checkout / "var" / "redis.sock").exists()

    assert start_stack().fetch(f"/refresh_token?token={token}")["name"] == "Ada"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_kill_9_of_the_parent_alone_leaves_no_process(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack()
    stack.process.kill()
    wait_until(stack.has_ended, "the end of all parts")


def test_when_one_part_ends_so_do_the_others(start_stack: Callable[..., Stack]) -> None:
    stack = start_stack()
    worker = next(part for part in stack.parts if "run_inference_worker" in part.cmdline())
    worker.kill()
    assert stack.process.wait(WAIT_S) == 1
    assert stack.has_ended()
    assert stack.says("worker ended")


def test_a_second_stack_in_one_folder_leaves_the_first_alone(
    checkout: Path, start_stack: Callable[..., Stack]
) -> None:
    stack = start_stack()
    assert "running already" in one_line(python("-m", "scripts.dev", cwd=checkout, environment={"PORT": "1"}))
    assert stack.fetch("/readyz")
    assert not stack.has_ended()


def test_a_configured_redis_is_used_and_none_started(
    tmp_path_factory: pytest.TempPathFactory, start_stack: Callable[..., Stack]
) -> None:
    path = tmp_path_factory.mktemp("r") / "redis.sock"
    redis = subprocess.Popen(
        [find_server(), "--port", "0", "--unixsocket", str(path), "--save", ""], stdout=subprocess.DEVNULL
    )
    try:
        wait_until(path.exists, "Redis")
        stack = start_stack(REDIS_URL=f"unix://{path}")
        assert "redis-server" not in stack.names()
        assert stack.fetch("/token?name=Ada", method="POST")["name"] == "Ada"
    finally:
        redis.terminate()
        redis.wait()


def test_a_deep_folder_gives_a_socket_path_that_is_short_enough(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    for package in ("chatbot_project", "chat"):
        shutil.copytree(ROOT / package, deep / package)
    ask = "from chatbot_project.settings import DEVELOPMENT_REDIS_SOCKET as s; print(s)"
    answer = python("-c", ask, cwd=deep, environment={"DJANGO_DEBUG": "1"})
    path = Path(answer.stdout.strip())
    assert len(os.fsencode(path)) <= MAX_SOCKET_PATH_BYTES
    assert path.parent != Path(path.anchor)
    assert deep not in path.parents


# --- setup.sh -----------------------------------------------------------------------------------------------


def run_setup(folder: Path, programs: dict[str, str], what: str = "run") -> subprocess.CompletedProcess[str]:
    """setup.sh in an empty clone, where `programs` (name and shell text) stand before the real ones."""
    shutil.copytree(ROOT / "scripts", folder / "scripts")
    for name in ("requirements.txt", "requirements-observability.txt", "requirements-dev.txt"):
        shutil.copy(ROOT / name, folder)
    bin_folder = folder / "bin"
    bin_folder.mkdir()
    for name, text in programs.items():
        (bin_folder / name).write_text(f"#!/bin/sh\n{text}\n")
        (bin_folder / name).chmod(0o755)
    path = f"{bin_folder}:{BARE_ENVIRONMENT['PATH']}"
    return subprocess.run(
        ["scripts/setup.sh", what],
        cwd=folder,
        env={"PATH": path, "PYTHON": "python3"},
        capture_output=True,
        text=True,
        timeout=WAIT_S,
        check=False,
    )


def test_an_old_python_is_one_line(tmp_path: Path) -> None:
    old = 'case "$1" in --version) echo Python 3.9.2 ;; *) exit 1 ;; esac'
    line = one_line(run_setup(tmp_path, {"python3": old}))
    assert "3.11 or newer" in line
    assert "3.9.2" in line


def test_a_python_without_venv_is_one_line_for_those_who_are_not_root(tmp_path: Path) -> None:
    bare = 'case "$2" in *ensurepip*) exit 1 ;; *print*) echo 3.11 ;; esac'
    line = one_line(run_setup(tmp_path, {"python3": bare, "id": "echo 1000", "apt-get": "exit 9"}))
    assert "apt-get install -y --no-install-recommends python3.11-venv" in line
