"""The queue, its workers and the dead letters in Django's admin."""

import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Page, sync_playwright

from chat import counters, dead_letters, fleet, keys, overview, queue, sessions
from chat.redis_client import sync_client
from tests.chat.test_admin import begin, manage, sign_in, staff
from tests.invariants import Hands
from tests.servers import RedisServer, Stack, wait_until

QUEUE = "/admin/chat/worker/"
LIVE = f"{QUEUE}live/"
LETTERS = "/admin/chat/deadletter/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(redis_server: RedisServer) -> Client:
    """Somebody who may do everything about the queue."""
    kinds = [
        f"{verb}_{what}" for verb in ("view", "change", "delete") for what in ("worker", "deadletter", "session")
    ]
    return staff(*kinds)


@pytest.fixture
def hands(each_redis: RedisServer) -> Hands:
    return Hands(each_redis.client())


def say(redis: Any, name: str, *, seen_s_ago: float = 0, **about: Any) -> None:
    seconds, _ = redis.time()
    about = {"slots": 2, "busy": 0, "model": "echo", "version": "9.9"} | about
    redis.hset(keys.workers(0), name, json.dumps({**about, "seen": int((seconds - seen_s_ago) * 1000)}))


async def give_up(hands: Hands, session_id: str, text: str) -> str:
    """A message ends three workers; gives its id."""
    message_id = await hands.send(session_id, text)
    await hands.work("w1")
    for _ in range(3):
        wake_up = hands.take_over("w2")
        assert wake_up
        await hands.claim(wake_up, "w2")
    return message_id


# --- The queue ---


def test_the_page_tells_who_waits_and_why(operator: Client, hands: Hands, run_async: Callable[..., Any]) -> None:
    def verdict() -> str:
        return str(operator.get(LIVE).context["verdict"][1])

    assert "No worker is alive" in verdict()
    say(hands.client, "w1", slots=1)
    assert "answered as they come" in verdict()
    first, second = begin("Ada"), begin("Bob")

    async def talk() -> None:
        await hands.send(first)
        await hands.send(second)
        await hands.work("w1")

    run_async(talk)
    assert "All slots are in use" in verdict()
    text = operator.get(QUEUE).content.decode()
    assert reverse("admin:chat_session_change", args=[first.replace("_", "_5F")]) in text
    assert "9.9" in text
    say(hands.client, "w1", slots=1, seen_s_ago=15)
    assert "Nothing was heard of w1 for 1" in verdict()
    # It dies: its reply is stuck until another takes it over.
    say(hands.client, "w1", slots=1, seen_s_ago=60)
    assert "No worker is alive" in verdict()
    say(hands.client, "w2", slots=1)
    assert "gone without a word" in verdict()
    say(hands.client, "w2", draining=True)
    assert "All workers drain" in verdict()


def test_a_stuck_reply_is_marked(
    operator: Client, hands: Hands, run_async: Callable[..., Any], chat_settings: Callable[..., None]
) -> None:
    session_id = begin("Ada")

    async def talk() -> None:
        await hands.send(session_id)
        await hands.flush(await hands.work("w1"), 0, "so far")

    run_async(talk)
    say(hands.client, "w1")
    (reply,) = fleet.under_way()
    assert (reply.session_id, reply.name, reply.worker, reply.size, reply.attempt) == (
        session_id,
        "Ada",
        "w1",
        6,
        1,
    )
    assert not reply.is_stuck
    assert "chat-stuck" not in operator.get(LIVE).content.decode()
    chat_settings(lease_s=-1)
    assert "chat-stuck" in operator.get(LIVE).content.decode()


async def sample_of_an_hour_ago(redis: Any) -> None:
    """As if a worker had kept samples before anything happened."""
    now_ms = redis.time()[0] * 1000
    for name, ago_ms in (("minutes", 120_000), ("ten_minutes", 1_200_000), ("hours", 7_200_000)):
        redis.xadd(keys.samples(0, name), {"totals": "{}"}, id=f"{now_ms - ago_ms}-0")


def test_the_pictures_show_what_was_counted(operator: Client, hands: Hands, run_async: Callable[..., Any]) -> None:
    session_id = begin()

    async def talk() -> None:
        await sample_of_an_hour_ago(hands.client)
        await hands.answer(session_id)

    run_async(talk)
    for span in ("hour", "day", "week"):
        answer = operator.get(LIVE, {"span": span})
        assert ("Answered", "1") in answer.context["summary"]
        assert answer.content.decode().count('class="chat-answered"') == 1
    assert operator.get(LIVE, {"span": "nonsense"}).context["span"].name == "hour"
    # The policy of the site allows no inline style and no inline script.
    text = operator.get(QUEUE).content.decode()
    assert "style=" not in text
    assert "<style" not in text


# --- Drain ---


def test_a_drained_worker_finishes_and_ends(operator: Client, make_stack: Callable[..., Stack]) -> None:
    # Its next sign of life is half a minute away: it hears of it through the channel layer.
    stack = make_stack(MODEL_URL="echo:?first_delay_ms=60000", CHAT_LEASE_S="120")
    worker = stack.worker("--grace", "0")
    wait_until(lambda: len(fleet.read().living) == 1, "the worker to be seen")
    (name,) = [said.name for said in fleet.read().living]
    session_id = begin()
    queue.accept_sync(session_id, "123e4567-e89b-12d3-a456-426614174000", "hi")
    wait_until(lambda: overview.find(session_id).worker == name, "the message to be claimed")  # type: ignore[union-attr]
    drain = reverse("admin:chat_worker_drain", args=[name])
    assert f'action="{drain}"' in operator.get(QUEUE).content.decode()
    answer = operator.post(drain, follow=True)
    assert "finishes what it has and ends" in answer.content.decode()
    assert worker.popen.wait(20) == 0
    assert worker.said("was told to drain")
    # What it could not finish went back, and nothing of it is left.
    found = overview.find(session_id)
    assert found
    assert found.state == "waiting"
    assert fleet.read().workers == []
    assert sync_client().smembers(keys.draining(0)) == set()
    assert LogEntry.objects.get().change_message == "Told to drain"
    assert "no such worker" in operator.post(drain, follow=True).content.decode()


def test_a_worker_that_missed_the_word_hears_it_with_its_next_sign_of_life(
    make_stack: Callable[..., Stack],
) -> None:
    worker = make_stack(CHAT_LEASE_S="2").worker()
    wait_until(lambda: len(fleet.read().living) == 1, "the worker to be seen")
    fleet.drain(fleet.read().living[0].name)
    assert worker.popen.wait(20) == 0


# --- Dead letters ---


def test_a_dead_letter_is_answered_again(operator: Client, hands: Hands, run_async: Callable[..., Any]) -> None:
    session_id, gone = begin("Ada"), begin("Bob")
    run_async(lambda: give_up(hands, session_id, "poison <b>"))
    run_async(lambda: give_up(hands, gone, "of somebody who left"))
    hands.client.delete(*(key(gone) for key in (keys.session, keys.history, keys.message_ids)))
    answer = operator.get(LETTERS)
    of_gone, letter = answer.context["letters"]
    text = answer.content.decode()
    assert "poison &lt;b&gt;" in text
    assert (letter.reason, letter.attempts, letter.session_lives) == ("gave_up", 3, True)
    assert not of_gone.session_lives
    answer = operator.post(
        LETTERS, {"letter": [letter.id, of_gone.id, "9:1-1", "nonsense"], "requeue": ""}, follow=True
    )
    text = answer.content.decode()
    assert "1 message waits again" in text
    assert "Session expired" in text
    assert [left.id for left in answer.context["letters"]] == [of_gone.id]

    async def succeed() -> None:
        await hands.reply(await hands.work(), "at last")

    run_async(succeed)
    assert hands.texts(session_id) == ["poison <b>", "at last"]
    answer = operator.post(LETTERS, {"letter": [of_gone.id], "drop": ""}, follow=True)
    assert "There are no dead letters" in answer.content.decode()
    assert [entry.change_message for entry in LogEntry.objects.order_by("pk")] == ["Queued again", "Dropped"]


def test_the_end_of_a_session_takes_its_dead_letters_along(hands: Hands, run_async: Callable[..., Any]) -> None:
    session_id, other = begin("Ada"), begin("Bob")
    for ended in (session_id, other, session_id):
        run_async(lambda ended=ended: give_up(hands, ended, "private words"))
    assert len(dead_letters.newest(10)) == 3
    sessions.end(session_id)
    assert [letter.session_id for letter in dead_letters.newest(10)] == [other]


def test_dead_letters_have_pages(operator: Client, redis_server: RedisServer, chat_settings: Any) -> None:
    chat_settings(partitions=2)
    redis: Any = redis_server.client()
    message = json.dumps({"id": "x", "source": "human", "text": "hi", "timestamp": "now"})
    for number in range(120):
        fields = {"session": "a" * 22, "message": message, "reason": "gave_up", "attempts": 3}
        redis.xadd(keys.dead_letters(number % 2), fields, id=f"{number + 1}-0")
    found: list[str] = []
    query: dict[str, str] = {}
    while True:
        answer = operator.get(LETTERS, query)
        found += [letter.id.partition(":")[2] for letter in answer.context["letters"]]
        if not answer.context["before"]:
            break
        query = {"before": answer.context["before"]}
    assert found == [f"{number + 1}-0" for number in range(120)][::-1]
    assert len(operator.get(LETTERS, {"before": "nonsense"}).context["letters"]) == 50


# --- Who may what, and Redis away ---


def test_permissions_are_kept(hands: Hands, run_async: Callable[..., Any]) -> None:
    session_id = begin()
    run_async(lambda: give_up(hands, session_id, "poison"))
    say(hands.client, "w1")
    viewer, nobody = staff("view_worker", "view_deadletter"), staff()
    drain = reverse("admin:chat_worker_drain", args=["w1"])
    (letter,) = viewer.get(LETTERS).context["letters"]
    for path in (QUEUE, LIVE, LETTERS):
        assert nobody.get(path).status_code == 403
        assert Client().get(path).status_code == 302
        assert 'type="submit" class="button"' not in viewer.get(path).content.decode()
    assert viewer.post(drain).status_code == 403
    assert viewer.get(drain).status_code == 405
    for action in ("requeue", "drop"):
        assert viewer.post(LETTERS, {"letter": letter.id, action: ""}).status_code == 403
    assert staff("change_deadletter", "view_deadletter").post(LETTERS, {"drop": ""}).status_code == 403
    assert viewer.get(f"{QUEUE}w1/delete/").status_code == 403
    assert viewer.get(f"{QUEUE}w1/change/").status_code == 302
    assert fleet.read().dead_letters == 1


def test_the_first_page_tells_how_things_stand(
    operator: Client, hands: Hands, run_async: Callable[..., Any]
) -> None:
    session_id = begin()
    run_async(lambda: give_up(hands, session_id, "poison"))
    run_async(lambda: hands.send(session_id))
    text = " ".join(operator.get("/admin/").content.decode().split())
    assert "1 message waits" in text
    assert "0 workers are alive" in text
    assert "1 dead letter<" in text
    assert "1 session whose last message failed" in text
    assert "The chat right now" not in staff("view_user").get("/admin/").content.decode()


def test_redis_away_is_told(operator: Client, own_redis: RedisServer, chat_settings: Callable[..., None]) -> None:
    chat_settings(redis_url=own_redis.url)
    own_redis.stop(signal.SIGKILL)
    for path in (QUEUE, LIVE, LETTERS):
        answer = operator.get(path)
        assert answer.status_code == 503
        assert "does not answer" in answer.content.decode()
    assert "does not answer" in operator.get("/admin/").content.decode()


async def test_a_sample_by_any_worker_is_enough(hands: Hands, async_redis: None) -> None:
    await counters.sample()
    assert hands.client.xlen(keys.samples(0, "minutes")) == 1


# --- In a browser ---


def pictures(page: Page, path: Path) -> None:
    """For people to look at, light and dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.screenshot(path=f"{path}-{scheme}.png", full_page=True)


def test_an_operator_finds_what_failed_and_what_is_stuck(
    make_stack: Callable[..., Stack],
    redis_server: RedisServer,
    run_async: Callable[..., Any],
    tmp_path: Path,
) -> None:
    stack = make_stack(
        DJANGO_SUPERUSER_PASSWORD="secret-of-root", MODEL_URL="echo:?first_delay_ms=60000", CHAT_LEASE_S="6"
    )
    manage(stack, "migrate", "--verbosity", "0")
    manage(stack, "createsuperuser", "--no-input", "--username", "root", "--email", "root@example.org")
    web = stack.web()
    hands = Hands(redis_server.client())
    ada, bob = begin("Ada Lovelace"), begin("Bob")
    run_async(lambda: give_up(hands, ada, "Poison"))
    worker = stack.worker("--name", "gpu", "--grace", "0")
    said: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
        )
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(str(error)))
        sign_in(page, f"{web.url}/admin/")
        page.get_by_text("1 worker is alive").wait_for()
        pictures(page, tmp_path / "first")
        # What failed, and how to answer it again.
        page.get_by_role("link", name="1 dead letter").click()
        page.get_by_role("checkbox").check()
        pictures(page, tmp_path / "letters")
        page.get_by_role("button", name="Answer the chosen again").click()
        page.get_by_text("1 message waits again").wait_for()
        # Who is answered by whom; it comes to the open page by itself.
        page.get_by_role("link", name="Queue and workers").first.click()
        page.get_by_role("link", name="Ada Lovelace").wait_for()
        queue.accept_sync(bob, "123e4567-e89b-12d3-a456-426614174000", "hi")
        page.get_by_role("link", name="Bob").wait_for()
        pictures(page, tmp_path / "queue")
        worker.popen.send_signal(signal.SIGSTOP)
        page.get_by_text("it is dead or frozen").wait_for()
        worker.popen.send_signal(signal.SIGCONT)
        page.get_by_text("Messages are answered as they come").wait_for()
        page.get_by_role("button", name="Drain").click()
        page.get_by_text("finishes what it has and ends").wait_for()
        assert worker.popen.wait(20) == 0
        page.get_by_text("No worker is alive").wait_for()
        page.get_by_role("link", name="2", exact=True).first.click()
        page.get_by_role("link", name="Bob").wait_for()
        assert page.locator("#result_list tbody tr").count() == 2
        pictures(page, tmp_path / "waiting")
        browser.close()
    assert said == []
