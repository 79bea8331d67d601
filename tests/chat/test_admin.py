"""Sessions in Django's admin: what staff see, what they may do, and what happens when sessions are gone."""

import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from chat import keys, overview, queue, search, sessions
from chat.admin.sessions import PAGE_SIZE
from chat.errors import ModelError
from chat.models import Session
from chat.queue import Claim
from chat.redis_client import sync_client
from chat.search import Wanted
from tests.clients import call, new_token
from tests.invariants import Hands
from tests.servers import ROOT, RedisServer, Stack

LIST = "/admin/chat/session/"

pytestmark = pytest.mark.django_db


def staff(*permissions: str) -> Client:
    user = User.objects.create_user(f"staff-{uuid4()}", password="secret", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def viewer(redis_server: RedisServer) -> Client:
    """Somebody who may see sessions, and no more."""
    return staff("view_session")


@pytest.fixture
def changer(redis_server: RedisServer) -> Client:
    """Somebody who may see sessions, stop replies and have messages answered again."""
    return staff("view_session", "change_session")


@pytest.fixture
def ender(redis_server: RedisServer) -> Client:
    """Somebody who may see sessions and end them."""
    return staff("view_session", "delete_session")


def detail(session_id: str) -> str:
    return reverse("admin:chat_session_change", args=[session_id.replace("_", "_5F")])


def end_page(session_id: str) -> str:
    return reverse("admin:chat_session_delete", args=[session_id.replace("_", "_5F")])


def address(name: str, session_id: str, *more: str) -> str:
    return reverse(f"admin:chat_session_{name}", args=[session_id.replace("_", "_5F"), *more])


def done(session_id: str) -> list[str]:
    """What staff did to a session, by the admin's history."""
    return [entry.change_message for entry in LogEntry.objects.filter(object_id=session_id)]


def begin(name: str = "Ada") -> str:
    return sessions.create(name)[0].session_id


def put_in_order(redis: Any, *session_ids: str) -> None:
    """Give sessions starts that differ; those of one ms have no order."""
    for place, session_id in enumerate(session_ids):
        redis.zadd(keys.sessions(keys.partition(session_id)), {session_id: place})


# --- The list -------------------------------------------------------------------------------------------------


def test_the_list_shows_each_session_newest_first(
    viewer: Client, each_redis: RedisServer, run_async: Callable[..., Any]
) -> None:
    hands = Hands(each_redis.client())
    idle, waiting, answering = (begin(name) for name in ("Idle", "Waits", "<b>Busy</b>"))
    put_in_order(each_redis.client(), idle, waiting, answering)

    async def talk() -> None:
        await hands.answer(idle)
        await hands.send(answering)
        await hands.send(answering)
        await hands.work("worker-7")
        await hands.send(waiting)

    run_async(talk)
    found = overview.newest(0, 10)
    assert [session.id for session in found] == [answering, waiting, idle]
    assert [session.state for session in found] == ["answering", "waiting", "idle"]
    assert [(session.messages, session.waiting) for session in found] == [(0, 1), (0, 1), (2, 0)]
    assert [session.worker for session in found] == ["worker-7", "", ""]
    assert found[2].expires_at
    assert found[0].expires_at is None
    assert found[2].start <= found[2].last_activity
    text = viewer.get(LIST).content.decode()
    assert "&lt;b&gt;Busy&lt;/b&gt;" in text
    assert "<b>Busy" not in text
    assert "by worker-7 for 0." in text
    assert idle[:8] in text
    assert "3 sessions" in text
    assert "checkbox" not in text


def test_the_list_has_pages(viewer: Client, chat_settings: Callable[..., None]) -> None:
    begun = [begin(f"visitor-{number}") for number in range(PAGE_SIZE + 5)]
    first = viewer.get(LIST)
    assert len(first.context["sessions"]) == PAGE_SIZE
    second = viewer.get(LIST, {"p": 2})
    assert {session.id for session in first.context["sessions"] + second.context["sessions"]} == set(begun)
    assert viewer.get(LIST, {"p": 99}).context["page"].number == 2
    assert viewer.get(LIST, {"p": "nonsense"}).context["page"].number == 1


def test_a_page_takes_three_round_trips(viewer: Client, redis_server: RedisServer) -> None:
    for number in range(PAGE_SIZE):
        begin(f"visitor-{number}")
    trips = 0
    client = sync_client()
    send = client.connection_pool.connection_class.send_packed_command

    def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal trips
        trips += 1
        return send(self, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(client.connection_pool.connection_class, "send_packed_command", counted)
        assert len(overview.newest(0, PAGE_SIZE)) == PAGE_SIZE
    # The ids, all that is shown of them, and the time.
    assert trips == 3


def test_expired_sessions_are_shown_no_more_and_forgotten(viewer: Client, redis_server: RedisServer) -> None:
    redis: Any = redis_server.client()
    living = [begin(f"visitor-{number}") for number in range(5)]
    put_in_order(redis, *living)
    newer = redis.time()[0] * 2000
    redis.zadd(keys.sessions(0), {f"expired-{number}": newer + number for number in range(120)})
    # The page is read again until it holds what lives.
    assert [session.id for session in overview.newest(0, PAGE_SIZE)] == living[::-1]
    redis.zadd(keys.sessions(0), {"expired": newer})
    redis.zadd(keys.failed(0), {"expired": 1})
    answer = viewer.get(LIST)
    assert redis.zcard(keys.failed(0)) == 0
    assert answer.context["page"].paginator.count == 5
    assert set(redis.zrange(keys.sessions(0), 0, -1)) == set(living)


def test_no_session_is_no_error(viewer: Client) -> None:
    assert "There are no sessions" in viewer.get(LIST).content.decode()


def test_sessions_of_several_partitions_make_one_list(
    viewer: Client, chat_settings: Callable[..., None], redis_server: RedisServer
) -> None:
    chat_settings(partitions=3)
    begun = [begin(f"visitor-{number}") for number in range(9)]
    put_in_order(redis_server.client(), *begun)
    assert overview.count() == 9
    pages = [[session.id for session in overview.newest(offset, 4)] for offset in (0, 4, 8)]
    assert [session_id for page in pages for session_id in page] == begun[::-1]


# --- Search and filters ---


def shown(client: Client, **query: Any) -> list[str]:
    """Names on the list, in its order."""
    return [session.name for session in client.get(LIST, query).context["sessions"]]


def test_sessions_are_found_by_name_and_id(viewer: Client, redis_server: RedisServer) -> None:
    ada, other = begin("Ada Lovelace"), begin("Ärger")
    put_in_order(redis_server.client(), ada, other)
    assert shown(viewer, q="LOVE") == ["Ada Lovelace"]
    assert shown(viewer, q="ärg") == shown(viewer, q="ÄRGER") == ["Ärger"]
    assert shown(viewer, q=ada[:8]) == shown(viewer, q=ada) == ["Ada Lovelace"]
    assert shown(viewer, q="nobody") == []
    assert "None of the sessions" in viewer.get(LIST, {"q": "nobody"}).content.decode()


def test_sessions_are_filtered_by_state(
    viewer: Client, each_redis: RedisServer, run_async: Callable[..., Any]
) -> None:
    hands = Hands(each_redis.client())
    names = ("Idle", "Failed", "Answering", "Waiting", "Waiting too")
    idle, failed, answering, waiting, waiting_too = (begin(name) for name in names)

    async def talk() -> None:
        await hands.answer(idle)
        await hands.send(failed)
        await hands.fail(await hands.work(), ModelError())
        await hands.send(answering)
        await hands.work("worker-7")
        await hands.send(waiting)
        await hands.send(waiting_too)

    run_async(talk)
    assert shown(viewer, state="idle") == ["Idle"]
    assert shown(viewer, state="failed") == ["Failed"]
    assert shown(viewer, state="answering") == ["Answering"]
    # Whose turn came first comes first.
    assert shown(viewer, state="waiting") == ["Waiting", "Waiting too"]
    assert shown(viewer, state="waiting", q="too") == ["Waiting too"]
    assert len(shown(viewer, state="nonsense", age="nonsense")) == 5
    # A failure counts until the next reply; a session that is gone is forgotten.
    run_async(lambda: queue.retry(failed, hands.stored(failed).history[0]["id"]))
    assert shown(viewer, state="failed") == []

    async def succeed() -> None:
        for _ in range(3):
            await hands.reply(await hands.work())

    run_async(succeed)
    assert shown(viewer, state="failed") == shown(viewer, state="waiting") == []
    redis: Any = each_redis.client()
    redis.zadd(keys.failed(0), {"expired": 1})
    assert shown(viewer, state="failed") == []
    assert redis.zcard(keys.failed(0)) == 0


def test_sessions_are_filtered_by_age(viewer: Client, redis_server: RedisServer) -> None:
    redis: Any = redis_server.client()
    now_ms = redis.time()[0] * 1000
    for name, age_h in (("New", 0.1), ("Yesterday's", 20), ("Old", 30)):
        session_id = begin(name)
        start = datetime.fromtimestamp(now_ms / 1000 - age_h * 3600, UTC)
        redis.hset(keys.session(session_id), "session_start", start.isoformat())
        redis.zadd(keys.sessions(0), {session_id: start.timestamp() * 1000})
    assert shown(viewer, age="hour") == ["New"]
    assert shown(viewer, age="day") == ["New", "Yesterday's"]
    assert shown(viewer, age="older") == ["Old"]
    assert shown(viewer, age="older", q="new") == []


def test_a_search_is_bounded_and_goes_on(
    viewer: Client, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = [begin("Ada" if number % 3 else f"visitor-{number}") for number in range(90)]
    put_in_order(redis_server.client(), *begun)
    monkeypatch.setattr(search, "NAMES_AT_ONCE", 20)
    # Out of patience after the first chunk.
    monkeypatch.setattr(search, "PATIENCE_S", 1e-9)
    assert search.search(Wanted("ada"), 0, 50).next_rank == 20
    monkeypatch.setattr(search, "PATIENCE_S", 60)
    found: list[str] = []
    query = f"{LIST}?q=ada"
    pages = 0
    while query:
        answer = viewer.get(query)
        found += [session.id for session in answer.context["sessions"]]
        query = LIST + answer.context["further"] if answer.context["further"] else ""
        pages += 1
    assert found == [session_id for number, session_id in enumerate(begun) if number % 3][::-1]
    assert pages == 2
    assert shown(viewer, q="ada", rank="nonsense")[0] == "Ada"


def test_a_search_covers_all_partitions(
    viewer: Client, redis_server: RedisServer, chat_settings: Callable[..., None]
) -> None:
    chat_settings(partitions=3)
    begun = [begin(f"visitor-{number}") for number in range(9)]
    assert sorted(shown(viewer, q="visitor")) == sorted(f"visitor-{number}" for number in range(9))
    assert shown(viewer, q=begun[4]) == ["visitor-4"]
    assert len(shown(viewer, age="hour")) == 9


# --- One session ----------------------------------------------------------------------------------------------


def test_a_session_is_shown_as_a_conversation(
    viewer: Client, each_redis: RedisServer, run_async: Callable[..., Any]
) -> None:
    hands = Hands(each_redis.client())
    session_id = begin("Ada & Bob")

    async def talk() -> None:
        message_id, reply = await hands.answer(session_id, "<script>alert(1)</script>", "**bold** <i>")
        await hands.rate(session_id, reply, message_id, "down")
        await hands.send(session_id, "this fails")
        await hands.fail(await hands.work(), ModelError(), "half an ans")
        await hands.send(session_id, "being answered")
        await hands.send(session_id, "still waits")
        claim = await hands.work("worker-7")
        await hands.flush(claim, 0, "so far")

    run_async(talk)
    text = viewer.get(detail(session_id)).content.decode()
    in_order = [
        "by worker-7",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "thumbs down",
        "**bold** &lt;i&gt;",
        "this fails",
        "model_error",
        "half an ans",
        "being answered",
        "so far",
        "still waits",
    ]
    places = [text.find(part) for part in in_order]
    assert -1 not in places
    assert places == sorted(places)
    assert "<script>alert" not in text
    assert "Ada &amp; Bob" in text
    assert "End session" not in text


def test_a_session_that_is_gone_leads_back_to_the_list(viewer: Client) -> None:
    for session_id in ("a" * 22, "nonsense", "_" * 22):
        answer = viewer.get(detail(session_id), follow=True)
        assert answer.redirect_chain == [(LIST, 302)]
        assert "has expired or was ended" in answer.content.decode()


def test_what_staff_see_does_not_prolong_a_session(viewer: Client, redis_server: RedisServer) -> None:
    session_id = begin()
    redis: Any = redis_server.client()
    redis.expire(keys.session(session_id), 10)
    viewer.get(LIST)
    viewer.get(detail(session_id))
    assert redis.ttl(keys.session(session_id)) <= 10


# --- The end --------------------------------------------------------------------------------------------------


def test_a_session_is_ended_after_a_question(
    ender: Client, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    session_id, other = begin("Ada"), begin("Bob")
    assert end_page(session_id) in ender.get(detail(session_id)).content.decode()
    assert "cannot be undone" in ender.get(end_page(session_id)).content.decode()
    assert sessions.snapshot(session_id)
    answer = ender.post(end_page(session_id), {"confirmed": "1"}, follow=True)
    assert "1 session was ended" in answer.content.decode()
    assert sessions.snapshot(session_id) is None
    assert sessions.snapshot(other)
    assert f"session {session_id[:8]}: Ended, by staff member" in caplog.text
    # Who did it stays; the visitor's name does not.
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.object_repr, entry.is_deletion()) == (session_id, session_id[:8], True)
    assert ender.get("/admin/").status_code == 200


def test_several_sessions_are_ended_at_once(ender: Client, redis_server: RedisServer) -> None:
    begun = [begin(f"visitor-{number}") for number in range(3)]
    chosen = {"session": [*begun[:2], "expired"]}
    question = ender.post(LIST, chosen)
    assert [session.id for session in question.context["sessions"]] == begun[:2]
    assert overview.count() == 3
    answer = ender.post(LIST, chosen | {"confirmed": "1"}, follow=True)
    assert "2 sessions were ended" in answer.content.decode()
    assert [session.id for session in overview.newest(0, 10)] == begun[2:]
    assert ender.post(LIST, {}, follow=True).redirect_chain == [(LIST, 302)]


# --- What staff do to a session ---


def test_a_running_reply_is_stopped(
    changer: Client, each_redis: RedisServer, run_async: Callable[..., Any]
) -> None:
    hands = Hands(each_redis.client())
    session_id = begin()

    async def talk() -> None:
        await hands.send(session_id, "go on and on")
        await hands.flush(await hands.work("worker-7"), 0, "so far")

    run_async(talk)
    assert address("stop", session_id) in changer.get(detail(session_id)).content.decode()
    assert changer.get(address("stop", session_id)).status_code == 405
    answer = changer.post(address("stop", session_id), follow=True)
    assert "The reply was stopped." in answer.content.decode()
    assert "worker-7" in answer.content.decode()
    assert hands.texts(session_id) == ["go on and on", "so far"]
    assert "No reply is being written" in changer.post(address("stop", session_id), follow=True).content.decode()
    assert done(session_id) == ["Stopped the running reply"]


def test_a_failed_message_is_answered_again_whatever_the_visitor_may_send(
    changer: Client, each_redis: RedisServer, run_async: Callable[..., Any], chat_settings: Callable[..., None]
) -> None:
    chat_settings(messages_per_minute=1)
    hands = Hands(each_redis.client())
    session_id = begin()

    async def fail() -> str:
        message_id = await hands.send(session_id, "this fails")
        await hands.fail(await hands.work(), ModelError(), "half")
        return message_id

    message_id = run_async(fail)
    assert address("again", session_id) in changer.get(detail(session_id)).content.decode()
    answer = changer.post(address("again", session_id), {"message": message_id}, follow=True)
    assert "waits to be answered again" in answer.content.decode()
    assert overview.find(session_id).state == "waiting"  # type: ignore[union-attr]
    for wrong in (message_id, "nonsense"):
        answer = changer.post(address("again", session_id), {"message": wrong}, follow=True)
        assert "Not done: Only a failed message" in answer.content.decode()

    async def succeed() -> None:
        await hands.reply(await hands.work(), "now it works")

    run_async(succeed)
    assert hands.texts(session_id) == ["this fails", "now it works"]
    assert done(session_id) == ["Queued a failed message again"]


def test_a_conversation_is_exported(
    viewer: Client, each_redis: RedisServer, run_async: Callable[..., Any]
) -> None:
    hands = Hands(each_redis.client())
    session_id = begin("Ada")

    async def talk() -> None:
        await hands.send(session_id, "hello")
        await hands.reply(await hands.work(), "yes", model="echo", took_ms=12, tokens=3)

    run_async(talk)
    # What staff see of a reply is not for its reader.
    assert "took_ms" not in str(sessions.snapshot(session_id).to_frame())  # type: ignore[union-attr]
    text = viewer.get(detail(session_id)).content.decode()
    assert "took 12 ms" in text
    assert "3 tokens" in text
    answer = viewer.get(address("export", session_id, "json"))
    assert answer["Content-Disposition"] == f'attachment; filename="chat-{session_id[:8]}-{today()}.json"'
    record = answer.json()
    assert [message["text"] for message in record["messages"]] == ["hello", "yes"]
    assert record["messages"][1]["took_ms"] == 12
    answer = viewer.get(address("export", session_id, "md"))
    assert answer["Content-Type"] == "text/markdown; charset=utf-8"
    assert "## Ada" in answer.content.decode()
    assert viewer.get(address("export", session_id, "pdf")).status_code == 404
    assert viewer.get(address("export", "a" * 22, "md"), follow=True).redirect_chain == [(LIST, 302)]
    assert sorted(done(session_id)) == ["Exported as json", "Exported as md"]
    history = viewer.get(address("history", session_id)).content.decode()
    assert "Exported as json" in history


def today() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%d")


# --- Who may what ---------------------------------------------------------------------------------------------


def test_permissions_are_kept(viewer: Client, redis_server: RedisServer) -> None:
    session_id = begin()
    nobody = staff()
    assert nobody.get(LIST).status_code == 403
    assert nobody.get(detail(session_id)).status_code == 403
    assert staff("delete_session").post(LIST, {"session": session_id, "confirmed": "1"}).status_code == 403
    assert Client().get(LIST).status_code == 302
    assert Client().post(end_page(session_id), {"confirmed": "1"}).status_code == 302
    assert viewer.get(end_page(session_id)).status_code == 403
    assert viewer.post(end_page(session_id), {"confirmed": "1"}).status_code == 403
    assert viewer.post(LIST, {"session": session_id, "confirmed": "1"}).status_code == 403
    assert viewer.get(f"{LIST}add/").status_code == 403
    assert viewer.post(address("stop", session_id)).status_code == 403
    assert viewer.post(address("again", session_id)).status_code == 403
    assert nobody.get(address("export", session_id, "json")).status_code == 403
    assert sessions.snapshot(session_id)


def test_a_form_of_another_site_ends_nothing(redis_server: RedisServer) -> None:
    user = User.objects.create_superuser("root", password="secret")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    session_id = begin()
    assert client.post(end_page(session_id), {"confirmed": "1"}).status_code == 403
    assert client.post(LIST, {"session": session_id, "confirmed": "1"}).status_code == 403
    assert sessions.snapshot(session_id)


def test_redis_away_is_told(viewer: Client, own_redis: RedisServer, chat_settings: Callable[..., None]) -> None:
    chat_settings(redis_url=own_redis.url)
    own_redis.stop(signal.SIGKILL)
    for path in (LIST, detail("a" * 22)):
        answer = viewer.get(path)
        assert answer.status_code == 503
        assert "does not answer" in answer.content.decode()


def test_sql_holds_nothing_of_the_chat(redis_server: RedisServer) -> None:
    begin()
    assert list(Session.objects.all()) == []
    assert not [table for table in connection.introspection.table_names() if table.startswith("chat")]
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)
    call_command("dumpdata", "chat", stdout=(dump := StringIO()))
    assert dump.getvalue() == "[]"
    with pytest.raises(NotImplementedError):
        Session(pk="a").save()


# --- In a browser ---------------------------------------------------------------------------------------------


def manage(stack: Stack, *command: str) -> None:
    subprocess.run([sys.executable, "manage.py", *command], cwd=ROOT, env=stack.environment, check=True)


def sign_in(page: Page, url: str) -> None:
    page.goto(url)
    page.get_by_label("Username").fill("root")
    page.get_by_label("Password").fill("secret-of-root")
    page.get_by_role("button", name="Log in").click()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_work_in_a_browser(
    make_stack: Callable[..., Stack],
    redis_server: RedisServer,
    run_async: Callable[..., Any],
    tmp_path: Path,
    scheme: Any,
) -> None:
    stack = make_stack(DJANGO_SUPERUSER_PASSWORD="secret-of-root")
    manage(stack, "migrate", "--verbosity", "0")
    manage(stack, "createsuperuser", "--no-input", "--username", "root", "--email", "root@example.org")
    web = stack.web()
    hands = Hands(redis_server.client())
    tokens = [new_token(web, name) for name in ("Ada Lovelace", "Grace Hopper", "Linus")]
    ada, grace, linus = (token.partition(".")[0] for token in tokens)

    async def talk() -> None:
        await hands.answer(ada, "What is a difference engine?", "A calculator for polynomials.\n\nIt has gears.")
        await hands.send(ada, "And an analytical one?")
        await hands.fail(await hands.work(), ModelError(), "It is a general")
        await hands.send(linus, "Anybody there?")
        await hands.send(grace, "Tell me about compilers.")
        await queue.cancel(linus, (await hands.send(linus, "x")))
        claim = await hands.work("worker-1")
        assert isinstance(claim, Claim)
        await hands.flush(claim, 0, "One moment")

    run_async(talk)
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(color_scheme=scheme, viewport={"width": 1200, "height": 800})
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        sign_in(page, f"{web.url}{LIST}")
        page.get_by_role("link", name="Ada Lovelace").wait_for()
        page.screenshot(path=tmp_path / f"list-{scheme}.png")
        page.get_by_role("link", name="Ada Lovelace").click()
        page.get_by_text("It has gears.").wait_for()
        page.screenshot(path=tmp_path / f"detail-{scheme}.png", full_page=True)
        page.get_by_role("link", name="End session…").click()
        page.screenshot(path=tmp_path / f"end-{scheme}.png")
        page.get_by_role("button", name="End this session").click()
        page.get_by_text("1 session was ended").wait_for()
        page.set_viewport_size({"width": 390, "height": 800})
        page.screenshot(path=tmp_path / f"phone-{scheme}.png")
        browser.close()
    assert said == []
    assert call("GET", f"{web.url}/refresh_token", tokens[0])[0] == 400
