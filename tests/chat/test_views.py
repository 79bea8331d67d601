"""The HTTP API: every call of the contract's table, bad input and bad luck."""

import asyncio
import json
import re
import signal
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.test.utils import override_settings
from playwright.sync_api import sync_playwright

from tests.clients import call, new_token, v1
from tests.invariants import Hands
from tests.servers import RedisServer, Stack, Web, wait_until

EXPIRED = {"detail": "Session expired or does not exist", "code": "session_expired"}
JSON = "application/json"


@pytest.fixture
def api(client: Client, redis_server: RedisServer, chat_settings: Callable[..., None]) -> Client:
    """A client of an API whose limits do not get in the way."""
    chat_settings(tokens_per_minute=100_000)
    return client


def begin(api: Client, name: str = "Ada") -> Any:
    answer = api.post("/token", {"name": name})
    assert answer.status_code == 200, answer.content
    return answer.json()


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# --- POST /token --------------------------------------------------------------------------------------------


def test_online(client: Client) -> None:
    answer = client.get("/test")
    assert (answer.status_code, answer.json()) == (200, {"msg": "API is Online"})


@pytest.mark.parametrize(
    "request_",
    [
        {"path": "/token?name=Ada"},
        {"path": "/token", "data": {"name": "Ada"}},
        {"path": "/token", "data": "name=Ada", "content_type": "application/x-www-form-urlencoded"},
        {"path": "/token", "data": {"name": "Ada"}, "content_type": JSON},
        {"path": "/token?name=Bob", "data": {"name": "Ada"}, "content_type": JSON},
        {"path": "/token?name=Ada", "data": "", "content_type": "text/plain"},
    ],
    ids=["query", "multipart", "form", "json", "the body wins", "no body of another type"],
)
def test_a_name_begins_a_session(api: Client, request_: dict[str, Any]) -> None:
    answer = api.post(**request_)
    assert answer.status_code == 200, answer.content
    body = answer.json()
    assert list(body) == ["token", "session_id", "name", "session_start", "expires_at", "messages"]
    assert (body["name"], body["messages"]) == ("Ada", [])
    assert body["token"].startswith(body["session_id"] + ".")
    # 256 random bits.
    assert len(body["token"].partition(".")[2]) == 43
    life = datetime.fromisoformat(body["expires_at"]) - datetime.fromisoformat(body["session_start"])
    assert life.total_seconds() == 3600
    assert body["session_start"].endswith("Z")
    assert answer["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("name", "kept"),
    [("  Ada  ", "Ada"), ("Ada\r\n Lovelace", "Ada Lovelace"), ("<b>&</b>", "<b>&</b>"), ("😀" * 80, "😀" * 80)],
)
def test_a_name_is_kept_as_it_is_apart_from_blanks(api: Client, name: str, kept: str) -> None:
    assert begin(api, name)["name"] == kept


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, "empty"),
        ({"name": None}, "empty"),
        ({"name": ""}, "empty"),
        ({"name": " \t\r\n\u00a0\u3000"}, "empty"),
        ({"name": "\u200b\u2060"}, "empty"),
        ({"name": "x" * 81}, "too_long"),
        ({"name": "A\0da"}, "invalid"),
        ({"name": "A\ud800da"}, "invalid"),
        ({"name": 5}, "invalid"),
        ({"name": True}, "invalid"),
        ({"name": ["Ada"]}, "invalid"),
        ({"name": {"first": "Ada"}}, "invalid"),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_a_bad_name_is_refused(api: Client, body: dict[str, Any], code: str) -> None:
    answer = api.post("/token", json.dumps(body), content_type=JSON)
    assert answer.status_code == 400
    assert list(answer.json()) == ["name", "code"]
    assert answer.json()["code"] == code
    assert all(isinstance(line, str) and line for line in answer.json()["name"])


@pytest.mark.parametrize("name", ["", "%20", "%00", "x" * 81, "%E2%80%8B"])
def test_a_bad_name_in_the_query_or_a_form_is_refused(api: Client, name: str) -> None:
    in_query = api.post(f"/token?name={name}")
    in_form = api.post("/token", f"name={name}", content_type="application/x-www-form-urlencoded")
    for answer in (in_query, in_form):
        assert answer.status_code == 400
        assert list(answer.json()) == ["name", "code"]


def test_a_file_is_no_name(api: Client) -> None:
    form = '--x\r\nContent-Disposition: form-data; name="name"; filename="a"\r\n\r\nAda\r\n--x--\r\n'
    answer = api.post("/token", form, content_type="multipart/form-data; boundary=x")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    ("body", "content_type", "status", "code"),
    [
        (b'{"name":', JSON, 400, "parse_error"),
        (b"[]", JSON, 400, "parse_error"),
        (b'["Ada"]', JSON, 400, "parse_error"),
        (b"5", JSON, 400, "parse_error"),
        (b"null", JSON, 400, "parse_error"),
        (b'{"name": NaN}', JSON, 400, "parse_error"),
        (b"\xff\xfe", JSON, 400, "parse_error"),
        (b"[" * 60_000, JSON, 400, "parse_error"),
        (b'{"name":' * 8_000, JSON, 400, "parse_error"),
        (b'{"name": 1' + b"0" * 10_000 + b"}", JSON, 400, "parse_error"),
        (b'{"name": "Ada"}', f"{JSON}; charset=bz2", 400, "parse_error"),
        (b"a=1&" * 2_000, "application/x-www-form-urlencoded", 400, "parse_error"),
        (b"name=Ada", "application/x-www-form-urlencoded; charset=punycode", 400, "parse_error"),
        (b"nonsense", "multipart/form-data", 400, "parse_error"),
        (b"nonsense", "multipart/form-data; boundary=x", 400, "empty"),
        (b'{"name": "Ada"}', "text/plain", 415, "unsupported_media_type"),
        (b"<name>Ada</name>", "application/xml", 415, "unsupported_media_type"),
        (b'{"name": "Ada"}', "", 415, "unsupported_media_type"),
        (b'{"name": "' + b"x" * 65_536 + b'"}', JSON, 413, "too_large"),
        (b"x" * 3_000_000, "application/x-www-form-urlencoded", 413, "too_large"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_a_bad_body_is_refused(api: Client, body: bytes, content_type: str, status: int, code: str) -> None:
    answer = api.generic("POST", "/token", body, content_type=content_type)
    assert answer.status_code == status, answer.content
    assert answer.json()["code"] == code
    assert answer["Content-Type"] == JSON


def test_a_bad_query_is_refused(api: Client) -> None:
    answer = api.post("/token?" + "a&" * 2_000)
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_what_does_not_exist_or_fit_is_json_with_a_code(api: Client) -> None:
    answer = api.put("/token")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert "POST" in answer["Allow"]
    answer = api.get("/token", headers={"Accept": "text/html"})
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")


# --- GET /refresh_token -------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["query", "bearer"])
def test_a_token_finds_its_session(api: Client, form: str) -> None:
    begun = begin(api)
    token = begun["token"]
    if form == "query":
        answer = api.get("/refresh_token", {"token": token})
    else:
        answer = api.get("/refresh_token?token=nonsense", headers=bearer(token))
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store"
    assert {**answer.json(), "expires_at": ""} == {**begun, "expires_at": ""}


def test_messages_have_the_exact_shape(
    api: Client, redis_server: RedisServer, run_async: Callable[..., Any]
) -> None:
    begun = begin(api)
    hands = Hands(redis_server.client())
    text = 'Bot: "hi" \\ <b>\u2028😀\n,"code":'
    human, bot = run_async(lambda: hands.answer(begun["session_id"], text, "hello"))
    messages = api.get("/refresh_token", headers=bearer(begun["token"])).json()["messages"]
    assert [list(message) for message in messages] == [["id", "source", "msg", "timestamp"]] * 2
    assert [(message["id"], message["source"], message["msg"]) for message in messages] == [
        (human, "human", f"Human: {text}"),
        (bot, "bot", "Bot: hello"),
    ]
    for message in messages:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", message["timestamp"])


def malformed(token: str) -> dict[str, str]:
    session_id, _, secret = token.partition(".")
    return {
        "none": "",
        "text": "nonsense",
        "no secret": session_id,
        "empty secret": f"{session_id}.",
        "other secret": f"{session_id}.{secret[::-1]}",
        "cut": token[:-1],
        "more": token + "A",
        "other session": f"{session_id[::-1]}.{secret}",
        "hash": f"{session_id}.{'0' * 64}",
        "long": f"{session_id}.{'x' * 5000}",
        "blank": f"{session_id}. {secret}",
        "not ascii": f"{session_id}.{'é' * 43}",
        "pattern": f"*.{secret}",
    }


@pytest.mark.parametrize("kind", list(malformed("a.b")))
def test_a_token_that_is_not_valid_is_refused_alike(api: Client, kind: str) -> None:
    token = malformed(begin(api)["token"])[kind]
    sent_in_header = token.encode().decode("latin1")
    for answer in (
        api.get("/refresh_token", {"token": token}),
        api.get("/refresh_token", headers=bearer(sent_in_header)),
        api.post("/refresh_token", headers=bearer(sent_in_header)),
        api.delete("/token", headers=bearer(sent_in_header)),
    ):
        assert (answer.status_code, answer.json()) == (400, EXPIRED)


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Basic YTpi", "nonsense"])
def test_a_header_without_a_token_is_refused(api: Client, header: str) -> None:
    answer = api.get("/refresh_token", headers={"Authorization": header})
    assert (answer.status_code, answer.json()) == (400, EXPIRED)


def test_a_token_opens_its_own_session_only(api: Client) -> None:
    one, other = begin(api, "One"), begin(api, "Other")
    secret = other["token"].partition(".")[2]
    answer = api.get("/refresh_token", {"token": f"{one['session_id']}.{secret}"})
    assert (answer.status_code, answer.json()) == (400, EXPIRED)


# --- Rotation, end ------------------------------------------------------------------------------------------


def test_rotation_gives_a_new_token_and_the_old_one_has_its_grace(api: Client) -> None:
    begun = begin(api)
    answer = api.post("/refresh_token", headers=bearer(begun["token"]))
    assert answer.status_code == 200
    rotated = answer.json()
    assert list(rotated) == list(begun)
    assert rotated["token"] != begun["token"]
    assert rotated["session_id"] == begun["session_id"]
    for token in (begun["token"], rotated["token"]):
        assert api.get("/refresh_token", headers=bearer(token)).json()["token"] == token


def test_rotations_at_once_end_with_one_new_token(api: Client) -> None:
    old = begin(api)["token"]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: Client().post("/refresh_token", headers=bearer(old)), range(16)))
    assert {answer.status_code for answer in answers} == {200}
    (new,) = {answer.json()["token"] for answer in answers}
    assert new != old
    assert api.get("/refresh_token", headers=bearer(new)).status_code == 200


def test_the_end_is_the_end(api: Client, redis_server: RedisServer, run_async: Callable[..., Any]) -> None:
    begun = begin(api)
    hands = Hands(redis_server.client())
    run_async(lambda: hands.answer(begun["session_id"]))
    run_async(lambda: hands.send(begun["session_id"]))
    answer = api.delete("/token", headers=bearer(begun["token"]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert not [key for key in redis_server.client().scan_iter() if begun["session_id"] in key]
    hands.check()
    for again in (
        api.delete("/token", headers=bearer(begun["token"])),
        api.get("/refresh_token", headers=bearer(begun["token"])),
        api.post("/refresh_token", headers=bearer(begun["token"])),
    ):
        assert (again.status_code, again.json()) == (400, EXPIRED)


def test_the_end_by_query(api: Client) -> None:
    assert api.delete(f"/token?token={begin(api)['token']}").status_code == 204


def test_redis_never_holds_a_secret(api: Client, each_redis: RedisServer, run_async: Callable[..., Any]) -> None:
    begun = begin(api)
    rotated = api.post("/refresh_token", headers=bearer(begun["token"])).json()
    run_async(lambda: Hands(each_redis.client()).answer(begun["session_id"]))
    stored = everything(each_redis.client())
    assert begun["session_id"] in stored
    assert "Ada" in stored
    for token in (begun["token"], rotated["token"]):
        assert token.partition(".")[2] not in stored


def everything(redis: Any) -> str:
    """All keys and values as one text."""
    read = {
        "string": redis.get,
        "hash": redis.hgetall,
        "list": lambda key: redis.lrange(key, 0, -1),
        "set": redis.smembers,
        "zset": lambda key: redis.zrange(key, 0, -1),
        "stream": redis.xrange,
        "ReJSON-RL": lambda key: redis.execute_command("JSON.GET", key),
    }
    return "\n".join(f"{key} {read[redis.type(key)](key)}" for key in redis.scan_iter())


# --- Limits, CORS -------------------------------------------------------------------------------------------


def test_the_limit_is_exact_under_parallel_calls(api: Client, chat_settings: Callable[..., None]) -> None:
    chat_settings(tokens_per_minute=5)
    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(lambda _: Client().post("/token?name=Ada"), range(200)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 195
    assert {answer.status_code for answer in answers} == {200, 429}
    for answer in refused:
        assert answer.json()["code"] == "rate_limited"
        # One token comes every 12 s.
        assert 1 <= int(answer["Retry-After"]) <= 12
    # A bad name costs nothing and is told first.
    assert api.post("/token").status_code == 400


def test_a_client_cannot_choose_whom_its_limit_counts(api: Client, chat_settings: Callable[..., None]) -> None:
    chat_settings(tokens_per_minute=1)
    statuses = [
        api.post("/token?name=Ada", headers={"X-Forwarded-For": f"192.0.2.{number}"}).status_code
        for number in range(3)
    ]
    assert statuses == [200, 429, 429]


def test_behind_a_proxy_its_clients_are_counted(api: Client, chat_settings: Callable[..., None]) -> None:
    chat_settings(tokens_per_minute=1, num_proxies=1)
    statuses = [
        api.post("/token?name=Ada", headers={"X-Forwarded-For": seen}).status_code
        for seen in ("192.0.2.1", "198.51.100.7, 192.0.2.1", "192.0.2.1, 192.0.2.2")
    ]
    assert statuses == [200, 429, 200]


def test_another_site_gets_cors_headers_only_when_it_is_allowed(api: Client) -> None:
    with override_settings(CORS_ALLOWED_ORIGINS=["https://friend.example"]):
        allowed = api.get("/test", headers={"Origin": "https://friend.example"})
        foreign = api.get("/test", headers={"Origin": "https://foe.example"})
        refused = api.post("/token", headers={"Origin": "https://friend.example"})
        asked = api.options(
            "/token",
            headers={
                "Origin": "https://friend.example",
                "Access-Control-Request-Method": "DELETE",
                "Access-Control-Request-Headers": "authorization",
            },
        )
        page = api.get("/healthz", headers={"Origin": "https://friend.example"})
    assert allowed["Access-Control-Allow-Origin"] == "https://friend.example"
    assert allowed["Access-Control-Expose-Headers"] == "Retry-After"
    assert "Access-Control-Allow-Origin" not in foreign
    assert refused.status_code == 400
    assert refused["Access-Control-Allow-Origin"] == "https://friend.example"
    assert "DELETE" in asked["Access-Control-Allow-Methods"]
    assert "authorization" in asked["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Origin" not in page


# --- Redis away ---------------------------------------------------------------------------------------------


def test_redis_away_is_a_clear_503_and_passes_by_itself(
    client: Client, own_redis: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(redis_url=own_redis.url)
    token = begin(client)["token"]
    own_redis.stop(signal.SIGKILL)
    for answer in (
        client.post("/token?name=Ada"),
        client.get("/refresh_token", headers=bearer(token)),
        client.post("/refresh_token", headers=bearer(token)),
        client.delete("/token", headers=bearer(token)),
    ):
        assert answer.status_code == 503
        assert answer.json()["code"] == "busy"
        assert int(answer["Retry-After"]) > 0
        assert "Traceback" not in answer.content.decode()
        assert str(own_redis.port) not in answer.content.decode()
    # What needs no Redis goes on.
    assert client.post("/token").status_code == 400
    assert client.get("/refresh_token", {"token": "nonsense"}).status_code == 400
    own_redis.start()
    begin(client)


# --- The schema and its page --------------------------------------------------------------------------------


def test_the_schema_is_valid_and_names_every_call() -> None:
    text = StringIO()
    call_command("spectacular", validate=True, fail_on_warn=True, format="openapi-json", stdout=text)
    schema = json.loads(text.getvalue())
    calls = {(path, method) for path, methods in schema["paths"].items() for method in methods}
    assert calls >= {
        ("/test", "get"),
        ("/token", "post"),
        ("/token", "delete"),
        ("/refresh_token", "get"),
        ("/refresh_token", "post"),
        ("/healthz", "get"),
        ("/readyz", "get"),
    }
    for path, method in (("/token", "delete"), ("/refresh_token", "get"), ("/refresh_token", "post")):
        assert {"token": []} in schema["paths"][path][method]["security"]
    assert schema["components"]["securitySchemes"]["token"] == {"type": "http", "scheme": "bearer"}


def test_the_schema_is_served(client: Client) -> None:
    answer = client.get("/schema")
    assert (answer.status_code, answer.content[:8]) == (200, b"openapi:")


def test_the_page_of_the_api_works_in_a_browser(make_stack: Callable[..., Stack]) -> None:
    web = make_stack().web()
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page()
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("requestfailed", lambda request: said.append(f"failed: {request.url}"))
        page.goto(f"{web.url}/docs")
        page.get_by_text("Begin a session").click()
        page.get_by_role("button", name="Try it out").click()
        page.get_by_placeholder("name").fill("Ada")
        page.get_by_role("button", name="Execute").click()
        page.get_by_text('"session_id"').first.wait_for()
        browser.close()
    assert said == []


# --- The whole system ---------------------------------------------------------------------------------------


async def test_the_end_closes_sockets_and_drops_the_reply(
    make_stack: Callable[..., Stack], redis_server: RedisServer
) -> None:
    stack = make_stack(MODEL_URL="echo:?delay_ms=200", CHAT_LEASE_S="2")
    web, other_web = stack.web(), stack.web()
    worker = stack.worker()
    token = new_token(web)
    async with v1(web, token) as one, v1(other_web, token) as other:
        await one.send("word " * 200)
        await other.until("delta")
        assert call("DELETE", f"{web.url}/token", token)[0] == 204
        for client in (one, other):
            # At once: without being told they would find out only after ten silent seconds.
            await asyncio.wait_for(client.socket.wait_closed(), 5)
            assert client.socket.close_code == 4401
    redis = redis_server.client()
    session_id = token.partition(".")[0]
    wait_until(lambda: busy_slots(redis) == 0, "the worker to drop the reply")
    assert not [key for key in redis.scan_iter() if session_id in key]
    assert redis.xlen("chat:{0}:message_channel") == 0
    assert not worker.said("Traceback")


def busy_slots(redis: Any) -> int:
    return sum(int(json.loads(text)["busy"]) for text in redis.hgetall("chat:{0}:workers").values())


def send_raw(web: Web, request: bytes) -> bytes:
    """What the server answers to these bytes, until it closes."""
    with socket.create_connection(("127.0.0.1", web.port), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


def test_a_body_in_chunks_is_read(make_stack: Callable[..., Stack]) -> None:
    web = make_stack().web()
    head = (
        b"POST /token HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
        b"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    answer = send_raw(web, head + b'7\r\n{"name"\r\n7\r\n:"Ada"}\r\n0\r\n\r\n')
    assert b" 200 " in answer.splitlines()[0]
    assert b'"name":"Ada"' in answer
    answer = send_raw(web, head + b"11170\r\n" + b"x" * 0x11170 + b"\r\n0\r\n\r\n")
    assert b" 413 " in answer.splitlines()[0]


async def test_tokens_are_in_no_log(make_stack: Callable[..., Stack], tmp_path: Path) -> None:
    stack = make_stack(LOG_LEVEL="DEBUG", MODEL_URL="echo:")
    web = stack.web()
    stack.worker()
    token = new_token(web)
    assert call("GET", f"{web.url}/refresh_token?token={token}")[0] == 200
    async with v1(web, token) as client:
        await client.ask("hi")
    status, rotated = call("POST", f"{web.url}/refresh_token", token)
    assert status == 200
    assert call("GET", f"{web.url}/refresh_token?token={token}x")[0] == 400
    assert call("DELETE", f"{web.url}/token?token={rotated['token']}")[0] == 204
    logs = logs_under(tmp_path)
    assert "Worker" in logs
    for secret in (token.partition(".")[2], rotated["token"].partition(".")[2]):
        assert secret not in logs


def logs_under(folder: Path) -> str:
    return "".join(log.read_text(errors="replace") for log in folder.rglob("*.log"))
