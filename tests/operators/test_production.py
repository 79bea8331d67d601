"""The files in deploy/ at work: nginx, TLS, PostgreSQL, a Redis with users; see production.py."""

import asyncio
import contextlib
import http.client
import json
import re
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.clients import V1
from tests.operators.production import (
    REDIS_PASSWORD,
    SENT_PER_MINUTE,
    STAFF_PASSWORD,
    Production,
    running_production,
)
from tests.servers import wait_until

pytestmark = pytest.mark.xdist_group("production")


@pytest.fixture(scope="module")
def production(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Production]:
    with running_production(tmp_path_factory.mktemp("production")) as running:
        yield running


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    cookies: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """A client of nginx, from an address of this machine's own network."""

    def __init__(self, production: Production, address: str) -> None:
        self._production = production
        self._address = address
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        connection = http.client.HTTPSConnection(
            "localhost",
            self._production.nginx.port,
            context=self._production.tls,
            source_address=(self._address, 0),
            timeout=20,
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.cookies:
            named["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if body:
            named.setdefault("Content-Type", "application/x-www-form-urlencoded")
        try:
            connection.request(method, path, body or None, named)
            response = connection.getresponse()
            cookies = {line.partition("=")[0]: line for line in response.headers.get_all("Set-Cookie", [])}
            for name, line in cookies.items():
                self.cookies[name] = line.partition("=")[2].partition(";")[0]
            return Answer(response.status, dict(response.headers), cookies, response.read())
        finally:
            connection.close()

    def begin(self, **headers: str) -> Answer:
        return self.ask("POST", "/token?name=Ada", **headers)

    def token(self) -> str:
        return str(self.begin().json["token"])

    async def connect(self, query: str, **headers: str) -> ClientConnection:
        return await connect(
            f"wss://localhost:{self._production.nginx.port}/chat?{query}",
            subprotocols=["chatbot.v1"],  # type: ignore[list-item]
            additional_headers={name.replace("_", "-"): value for name, value in headers.items()},
            ssl=self._production.tls,
            local_addr=(self._address, 0),
        )


def csrf(page: Answer) -> str:
    found = re.search(rb'name="csrfmiddlewaretoken" value="(\w+)"', page.body)
    assert found, page.status
    return found[1].decode()


async def test_the_chat_works_through_the_proxy(production: Production) -> None:
    browser = Browser(production, "127.0.1.1")
    token = await asyncio.to_thread(browser.token)
    async with await browser.connect(f"token={token}") as socket:
        client = V1(socket)
        assert await client.ask("one two three") == "one two three"
    found = await asyncio.to_thread(browser.ask, "GET", "/refresh_token", Authorization=f"Bearer {token}")
    assert [message["msg"] for message in found.json["messages"]] == ["Human: one two three", "Bot: one two three"]


async def test_the_page_keeps_its_cookies_to_itself(production: Production) -> None:
    browser = Browser(production, "127.0.1.2")
    page = await asyncio.to_thread(browser.ask, "GET", "/")
    assert "max-age=31536000" in page.headers["strict-transport-security".title()]
    form = f"name=Ada&csrfmiddlewaretoken={csrf(page)}"
    # A form of another site, and one without its token, begin nothing.
    foreign = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
    assert (await asyncio.to_thread(browser.ask, "POST", "/", form, **foreign)).status == 403
    own = {"Origin": production.nginx.url, "Referer": f"{production.nginx.url}/"}
    assert (await asyncio.to_thread(browser.ask, "POST", "/", "name=Ada", **own)).status == 403
    begun = await asyncio.to_thread(browser.ask, "POST", "/", form, **own)
    assert begun.status == 303
    for line in (page.cookies["csrftoken"], begun.cookies["chat_sessions"]):
        assert "; Secure" in line
        assert "; SameSite=Lax" in line
    assert "; HttpOnly" in begun.cookies["chat_sessions"]

    session_id = begun.headers["Location"].split("/")[2]
    cookie = f"chat_sessions={browser.cookies['chat_sessions']}"
    async with await browser.connect(
        f"session={session_id}", Cookie=cookie, Origin=production.nginx.url
    ) as socket:
        assert (await V1(socket).until("session"))["session"]["id"] == session_id
    for origin in ("https://evil.example", production.nginx.url.replace("https", "http")):
        with pytest.raises(InvalidStatus, match="403"):
            await browser.connect(f"session={session_id}", Cookie=cookie, Origin=origin)


def test_plain_http_is_sent_to_https(production: Production) -> None:
    connection = http.client.HTTPConnection("localhost", production.nginx.plain_port, timeout=10)
    connection.request("GET", "/docs")
    answer = connection.getresponse()
    assert (answer.status, answer.getheader("Location")) == (301, f"{production.nginx.url}/docs")
    connection.close()


def test_static_files_are_hashed_packed_and_kept(production: Production) -> None:
    browser = Browser(production, "127.0.1.3")
    page = browser.ask("GET", "/")
    files = re.findall(rb'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page.body)
    assert files
    for path in (name.decode() for name in files):
        assert re.search(r"\.[0-9a-f]{12}\.(css|js)$", path), path
        plain = browser.ask("GET", path)
        assert "immutable" in plain.headers["Cache-Control"]
        for encoding in ("br", "gzip"):
            packed = browser.ask("GET", path, Accept_Encoding=encoding)
            if len(plain.body) > 1000:
                assert packed.headers["Content-Encoding"] == encoding, path
                assert len(packed.body) < len(plain.body)


def test_the_proxy_limits_bodies_headers_and_floods(production: Production) -> None:
    browser = Browser(production, "127.0.1.4")
    assert browser.ask("POST", "/token", "name=" + "x" * 66_000).status == 413
    assert browser.ask("GET", "/test", X_Long="x" * 40_000).status == 400
    assert browser.ask("GET", "/metrics").status == 404

    def knock(_: int) -> Answer:
        return browser.ask("GET", "/healthz")

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(knock, range(300)))
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.status for answer in answers} == {200, 429}
    assert refused[0].headers["Retry-After"] == "5"
    assert refused[0].json["code"] == "rate_limited"
    assert Browser(production, "127.0.1.5").ask("GET", "/healthz").status == 200


def test_clients_are_counted_by_their_real_addresses(production: Production) -> None:
    browser = Browser(production, "127.0.1.6")
    answers = [browser.begin(X_Forwarded_For=f"192.0.2.{number}") for number in range(SENT_PER_MINUTE + 2)]
    assert [answer.status for answer in answers] == [200] * SENT_PER_MINUTE + [429] * 2
    # The chat's own refusal comes through, not nginx's.
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60 / SENT_PER_MINUTE
    assert Browser(production, "127.0.1.7").begin().status == 200


def test_staff_accounts_live_in_postgresql(production: Production) -> None:
    with psycopg.connect(production.postgres.url) as database:
        assert database.execute("SELECT username, is_superuser FROM auth_user").fetchall() == [("ada", True)]
    browser = Browser(production, "127.0.1.8")
    page = browser.ask("GET", "/admin/login/")
    form = f"username=ada&password={STAFF_PASSWORD}&csrfmiddlewaretoken={csrf(page)}"
    entered = browser.ask("POST", "/admin/login/", form, Referer=f"{production.nginx.url}/admin/login/")
    assert entered.status == 302
    for flag in ("; Secure", "; HttpOnly", "; SameSite=Lax"):
        assert flag in entered.cookies["sessionid"]
    assert browser.ask("GET", "/admin/chat/session/").status == 200
    assert Browser(production, "127.0.1.8").ask("GET", "/admin/chat/session/").status == 302


def test_the_check_for_deployment_has_nothing_to_say(production: Production) -> None:
    said = production.manage("check", "--deploy", "--fail-level", "WARNING")
    assert "no issues" in said


async def test_a_rolling_restart_is_noticed_by_nobody(production: Production) -> None:
    browser = Browser(production, "127.0.1.9")
    token = await asyncio.to_thread(browser.token)
    going_on = True

    async def knock() -> list[int]:
        statuses: list[int] = []
        while going_on:
            # Many people, so that nginx does not take them for a flood.
            other = Browser(production, f"127.0.2.{len(statuses) % 250 + 1}")
            found = await asyncio.to_thread(other.ask, "GET", "/refresh_token", Authorization=f"Bearer {token}")
            statuses.append(found.status)
            await asyncio.sleep(0.05)
        return statuses

    async def talk() -> list[str]:
        """As a page does: come back when told to, send again with the same id when unsure."""
        said: list[str] = []
        message_id = str(uuid4())
        while going_on:
            with contextlib.suppress(ConnectionClosed):
                async with await browser.connect(f"token={token}") as socket:
                    client = V1(socket)
                    while going_on:
                        await client.send("hello", message_id)
                        said.append(await client.outcome(message_id))
                        message_id = str(uuid4())
                        await asyncio.sleep(0.1)
        return said

    knocking, talking = asyncio.create_task(knock()), asyncio.create_task(talk())
    for place, web in enumerate(production.webs):
        assert await asyncio.to_thread(web.process.stop) == 0
        production.webs[place] = await asyncio.to_thread(production.stack.web, web.port)
    going_on = False
    assert set(await knocking) == {200}
    said = await talking
    assert set(said) == {"hello"}
    found = await asyncio.to_thread(browser.ask, "GET", "/refresh_token", Authorization=f"Bearer {token}")
    assert len(found.json["messages"]) == 2 * len(said)


def test_the_users_file_allows_what_the_chat_does_and_nothing_else(production: Production) -> None:
    operator = production.redis.client()
    log: Any = operator.execute_command("ACL LOG", 100)
    refused = {entry["object"] for entry in log}
    # redis-py introduces itself on newer servers and does without where it may not.
    assert refused <= {"client", "client|setinfo"}, log
    chat = production.redis.client("chat", REDIS_PASSWORD)
    assert chat.ping()
    for command in ("FLUSHALL", "KEYS *", "CONFIG GET *", "ACL LIST", "MONITOR", "SHUTDOWN", "SCRIPT FLUSH"):
        with pytest.raises(redis.ResponseError, match=r"no permissions"):
            chat.execute_command(*command.split())
    with pytest.raises(redis.ResponseError, match=r"no permissions|No permissions|keys"):
        chat.hget("other:key", "field")
    with pytest.raises(redis.ResponseError):
        chat.publish("other", "")
    with pytest.raises(redis.AuthenticationError):
        production.redis.client("default", "").ping()
    with pytest.raises(redis.ConnectionError):
        redis.Redis(port=production.redis.port, socket_timeout=1, retry=Retry(NoBackoff(), 0)).ping()


def test_no_token_and_no_password_is_in_a_log_also_when_everything_fails(production: Production) -> None:
    browser = Browser(production, "127.0.1.10")
    token = browser.token()
    query = f"token={token}"
    assert browser.ask("GET", f"/refresh_token?{query}", Referer=f"https://localhost/?{query}").status == 200
    assert browser.ask("POST", f"/refresh_token?{query}", "x" * 70_000).status == 413
    asyncio.run(_knock(browser, query))
    with ThreadPoolExecutor(16) as threads:
        floods = set(threads.map(lambda _: browser.ask("GET", f"/refresh_token?{query}").status, range(200)))
    assert 429 in floods
    for web in production.webs:
        web.process.stop(signal.SIGKILL)
    late = Browser(production, "127.0.1.11")
    assert late.ask("GET", f"/refresh_token?{query}").status == 502
    for place, web in enumerate(production.webs):
        production.webs[place] = production.stack.web(web.port)
    wait_until(lambda: late.ask("GET", f"/refresh_token?{query}").status == 200, "the processes' return")

    logs = production.nginx.logs() | {
        path.name: path.read_text() for path in production.stack.folder.glob("*.log")
    }
    for said in (
        '"GET /refresh_token HTTP/1.1" 200',
        '"GET /refresh_token HTTP/1.1" 502',
        '"GET /chat HTTP/1.1" 101',
    ):
        assert said in logs["chat.access.log"], said
    for secret in (token.partition(".")[2], REDIS_PASSWORD, STAFF_PASSWORD):
        assert not [name for name, text in logs.items() if secret in text], secret


async def _knock(browser: Browser, query: str) -> None:
    async with await browser.connect(query) as socket:
        await socket.ping()
