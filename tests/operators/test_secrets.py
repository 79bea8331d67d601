"""Tokens, keys, passwords and what people write are in no log of any process, whatever goes wrong.

One run with errors of every kind, at the most talkative level, as JSON, with Sentry and OpenTelemetry listening.
"""

import asyncio
import contextlib
import json
import signal
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from chat import keys
from chat.about import SHORT_ID
from tests.clients import V1, call, new_token, v1
from tests.model_server import ModelServer, running_model_server
from tests.operators.collector import Collector, running_collector
from tests.servers import RedisServer, Stack, Web, free_port, wait_until

# Each is as unlike anything else as it is long, and without a character that JSON or a URL would write otherwise.
TEXT = "canaryTextWords0wBxR4"
NAME = "canaryNameOfAnna7tYq"
MODEL_KEY = "hf_canaryModelKey4zLp"
MODEL_PASSWORD = "canaryUrlPassword9vMd"
SECRET_KEY = "canarySecretKeyOfDjango" * 3
BAD_SECRET = "canaryBadSecret" * 4
COOKIE = "canaryCookieValue2hKs"
PASSWORD = "canaryStaffPassword5nWc"

# What the model does with each message, and how the message ends.
TROUBLE = {
    "refuse?status=500": "model_error",
    "refuse?status=401": "model_error",
    "refuse?status=302&to=http://127.0.0.1:9/": "model_error",
    "html": "model_error",
    "half": "model_error",
    "error_inside": "model_error",
    "hang": "model_timeout",
}


class Run:
    """The processes of the run, and what must not be told of it."""

    def __init__(self, stack: Stack, redis: RedisServer, model: ModelServer, collector: Collector) -> None:
        self.stack, self.redis, self.model, self.collector = stack, redis, model, collector
        self.worker = stack.worker("--grace", "0")
        # As somebody starts it by hand: with Daphne's access log.
        port = free_port()
        command = [sys.executable, "-m", "daphne", "-p", str(port), "chatbot_project.asgi:application"]
        self.web = Web(stack.start(command, "web"), port)
        wait_until(self.web.answers, "the web process")
        self.token = new_token(self.web, NAME)
        self.failed: list[str] = []
        """Messages of which the log must tell."""

    @property
    def session_id(self) -> str:
        return self.token.partition(".")[0]

    def fetch(self, path: str, method: str = "GET", body: bytes | None = None, **headers: str) -> int:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(f"{self.web.url}{path}", body, named, method=method)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code

    def logs(self) -> dict[str, str]:
        files = [*self.stack.folder.glob("*.log"), *self.redis.folder.glob("*.log")]
        return {file.name: file.read_text(errors="replace") for file in files}

    def has_logged(self, text: str) -> bool:
        return any(text in log for log in self.logs().values())


@pytest.fixture
def run(make_stack: Callable[..., Stack], own_redis: RedisServer) -> Iterator[Run]:
    with running_model_server() as model, running_collector() as collector:
        url = model.url().replace("://", f"://canaryUser:{MODEL_PASSWORD}@")
        stack = make_stack(
            own_redis.url,
            DJANGO_DEBUG="0",
            DJANGO_STATIC_ROOT="/nowhere",
            DJANGO_SECRET_KEY=SECRET_KEY,
            LOG_LEVEL="DEBUG",
            LOG_FORMAT="json",
            MODEL_URL=url,
            HF_TOKEN=MODEL_KEY,
            MODEL_TIMEOUT_S="1",
            CHAT_MAX_CHARS="1000",
            SENTRY_DSN=f"http://key@{collector.address}/1",
            OTEL_EXPORTER_OTLP_ENDPOINT=f"http://{collector.address}",
            OTEL_BSP_SCHEDULE_DELAY="100",
        )
        yield Run(stack, own_redis, model, collector)


async def refused(run: Run, query: str, **headers: str) -> None:
    named = {name.title(): value for name, value in headers.items()}
    with pytest.raises(InvalidStatus):
        await connect(f"{run.web.ws_url}{query}", additional_headers=named)


async def fail(run: Run, client: V1, code: str) -> str:
    """Send a message that must fail."""
    message_id = await client.send(f"{TEXT} {uuid4()}")
    failed = await client.until("failed", to=message_id)
    assert failed["code"] == code
    return message_id


def bad_requests(run: Run) -> None:
    token, bad = run.token, f"{run.session_id}.{BAD_SECRET}"
    assert run.fetch(f"/refresh_token?token={token}") == 200
    assert run.fetch(f"/history?token={token}") == 200
    assert run.fetch(f"/refresh_token?token={bad}") == 400
    assert run.fetch("/refresh_token", "POST", Authorization=f"Bearer {bad}") == 400
    assert run.fetch(f"/token?token={bad}", "DELETE") == 400
    assert run.fetch(f"/nothing?token={token}") == 404
    assert run.fetch(f"/test?token={token}", "PUT", TEXT.encode()) == 405
    assert run.fetch("/token", "POST", f'{{"name": "{TEXT}'.encode(), Content_Type="application/json") == 400
    assert run.fetch("/token", "POST", TEXT.encode(), Content_Type=f"text/{BAD_SECRET}") == 415
    assert run.fetch(f"/refresh_token?token={token}", Host="evil.example") == 400
    assert run.fetch("/history?session=x", Cookie=f"chat_sessions={COOKIE}") == 400
    form = f"username=ada&password={PASSWORD}".encode()
    assert run.fetch("/admin/login/", "POST", form, Cookie=f"csrftoken={COOKIE}") == 403
    # The pages break: nobody has collected the static files of this stack.
    assert run.fetch(f"/?token={token}&text={TEXT}", Cookie=f"chat_sessions={COOKIE}") == 500


async def bad_frames(run: Run) -> None:
    await refused(run, f"?token={run.session_id}.{BAD_SECRET}")
    await refused(run, f"?token={BAD_SECRET}")
    await refused(run, "", authorization=f"Bearer {BAD_SECRET}")
    await refused(run, f"?token={run.token}", origin="https://evil.example")
    await refused(run, f"?session={run.session_id}", cookie=f"chat_sessions={COOKIE}", origin=run.web.url)
    async with v1(run.web, run.token) as client:
        for frame in (
            f"{TEXT}",
            f'{{"type": "{TEXT}"}}',
            f'{{"type":"send","id":"{TEXT}","text":"x"}}',
            f'["{TEXT}"]',
        ):
            await client.socket.send(frame)
            await client.until("error")
        await client.socket.send(TEXT.encode())
        await client.until("error", code="bad_frame")
        await client.send(TEXT * 100)
        await client.until("error", code="too_long")
        with pytest.raises(ConnectionClosed):  # noqa: PT012 - it may still take the frame
            await client.socket.send(TEXT * 10_000)
            while True:
                await client.receive()


async def bad_model(run: Run) -> None:
    async with v1(run.web, run.token) as client:
        for mode, code in TROUBLE.items():
            run.model.play(mode)
            run.failed.append(await fail(run, client, code))
        assert TEXT in await client.ask(TEXT)


async def bad_redis(run: Run) -> None:
    """A key of a wrong type for the web process, one for the worker, a server that dies and comes back."""
    redis: Any = run.redis.client()
    async with v1(run.web, run.token) as client:
        pending, history = keys.pending(run.session_id), keys.history(run.session_id)
        redis.set(pending, "nonsense")
        run.failed.append(await client.send(TEXT))
        await client.until("error", code="busy")
        redis.delete(pending)
        redis.rename(history, "aside")
        redis.set(history, "nonsense")
        run.failed.append(await client.send(TEXT))
        await asyncio.to_thread(wait_until, lambda: run.has_logged("Redis stayed away"), "the worker's trouble")
        redis.rename("aside", history)
    run.redis.stop(signal.SIGKILL)
    assert await asyncio.to_thread(run.fetch, f"/refresh_token?token={run.token}") == 503
    with contextlib.suppress(ConnectionClosed):
        async with connect(f"{run.web.ws_url}?token={run.token}") as socket:
            await asyncio.wait_for(socket.recv(), 10)
    run.redis.start()
    async with v1(run.web, run.token) as client:
        # The worker is stopped in the middle of a reply.
        run.model.play("hang")
        await client.send(TEXT)
        await client.until("delta")


def test_no_secret_and_no_text_is_in_any_log(run: Run) -> None:
    bad_requests(run)
    asyncio.run(bad_frames(run))
    asyncio.run(bad_model(run))
    old = run.token
    status, body = call("POST", f"{run.web.url}/refresh_token?token={old}")
    assert status == 200
    run.token = body["token"]
    asyncio.run(bad_redis(run))
    run.worker.stop()
    run.web.process.stop()
    trace = UUID(run.failed[0]).bytes

    # What was provoked has happened, and is told: a log that says nothing keeps every secret.
    for told in (
        "Failed: model_error",
        "Failed: model_timeout",
        "A frame could not be handled",
        "Redis stayed away",
        "Redis is unavailable for a request",
        "Redis is unavailable for a new socket",
        "A socket was refused",
        "Missing staticfiles manifest",
        "Invalid HTTP_HOST header",
        "GET /refresh_token",
    ):
        assert run.has_logged(told), told
    errors = run.collector.bodies("/api/1/envelope")
    assert b"A frame could not be handled" in errors
    assert b"Missing staticfiles manifest" in errors
    traces = run.collector.bodies("/v1/traces")
    # Both processes tell of a message in the trace that has its name.
    assert b"accept" in traces
    assert b"answer" in traces
    assert trace in traces

    places = {name: text.encode() for name, text in run.logs().items()} | {"errors": errors, "traces": traces}
    # Redis keeps what was written; of tokens it has only the hashes.
    stored = b"".join(path.read_bytes() for path in run.redis.folder.rglob("*.aof"))
    assert TEXT.encode() in stored
    secrets = [old.partition(".")[2], run.token.partition(".")[2]]
    secrets += [BAD_SECRET, MODEL_KEY, MODEL_PASSWORD, SECRET_KEY, COOKIE, PASSWORD]
    for secret in secrets:
        assert secret.encode() not in stored
    for secret in [*secrets, TEXT, NAME]:
        found = [name for name, content in places.items() if secret.encode() in content]
        assert not found, f"{secret} is in {found}"

    _lines_name_session_and_message(run)


def _lines_name_session_and_message(run: Run) -> None:
    lines: list[dict[str, Any]] = []
    for name, log in run.logs().items():
        if name != "redis.log":
            # Daphne's access log and its own first words are not the chat's.
            lines += [json.loads(line) for line in log.splitlines() if line.startswith("{")]
            assert not [line for line in log.splitlines() if "Traceback" in line and not line.startswith("{")]
    about_model = [line for line in lines if line["message"].startswith("Failed: ")]
    assert [line["message_id"] for line in about_model] == run.failed[: len(TROUBLE)]
    broken = [line for line in lines if line["message"] == "A frame could not be handled"]
    assert [line["message_id"] for line in broken] == [run.failed[len(TROUBLE)]]
    turns = [line for line in lines if line["message"].startswith(("Model http", "Accepted", "Begun"))]
    assert len(turns) > 2 * len(TROUBLE)
    for line in [*about_model, *broken, *turns]:
        assert line["session"] == run.session_id[:SHORT_ID], line
        assert UUID(line["message_id"]), line


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from chatbot_project import observability

    monkeypatch.setattr(observability, "find_spec", lambda name: None)
    for variable in ({"sentry_dsn": "http://key@127.0.0.1:9/1"}, {"otlp_endpoint": "http://127.0.0.1:9"}):
        with pytest.raises(ImproperlyConfigured, match=r"requirements-observability\.txt"):
            observability.start(**{"sentry_dsn": "", "otlp_endpoint": "", **variable})
