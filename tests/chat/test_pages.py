"""The server-rendered pages, without JavaScript, on a real Redis."""

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from asgiref.sync import sync_to_async
from django.test import Client

from chat import keys, queue, sessions, visitor
from chat.errors import ModelUnavailable
from chat.redis_client import shared_connection
from tests.servers import RedisServer
from tests.stored import exchanges, store

pytestmark = pytest.mark.usefixtures("redis_server")


@pytest.fixture
def browser(settings: Any) -> Client:
    """A browser that keeps cookies and has to bring the CSRF token along."""
    # Static files are served from where they lie; nobody ran collectstatic.
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = True
    return Client(enforce_csrf_checks=True)


def post(browser: Client, url: str, token_from: str = "/", **fields: str):
    """Send a form as the page holds it."""
    page = browser.get(token_from).content.decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert token
    return browser.post(url, {"csrfmiddlewaretoken": token[1], **fields})


def begin(browser: Client, name: str = "Ada") -> str:
    """Begin a session; gives the address of its page."""
    response = post(browser, "/", name=name)
    assert response.status_code == 303
    return str(response["Location"])


def session_of(url: str) -> str:
    return url.split("/")[2]


def send(browser: Client, url: str, text: str, **fields: str):
    return post(browser, url, token_from=url, text=text, **fields)


# --- The first page ---------------------------------------------------------------------------------------


def test_first_page_says_what_this_is_and_asks_for_a_name(browser: Client):
    response = browser.get("/")
    page = response.content.decode()
    assert response.status_code == 200
    assert "A chatbot that loses no message" in page
    assert "What should we call you?" in page
    assert "Go on where you were" not in page
    assert "no-store" in response["Cache-Control"]


def test_a_name_begins_a_session_and_leads_to_its_page(browser: Client):
    url = begin(browser, "  Ada   Lovelace ")
    snapshot = sessions.snapshot(session_of(url))
    assert snapshot
    assert snapshot.session.name == "Ada Lovelace"
    page = browser.get(url)
    assert page.status_code == 200
    assert "Hello <bdi>Ada Lovelace</bdi>" in page.content.decode()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "Please tell us a name first"),
        (" \t\n ", "Please tell us a name first"),
        ("x" * 81, "This name has 81 characters. Please use 80 at most."),
        ("Ada\0", "Null characters are not allowed."),
    ],
)
def test_a_bad_name_is_refused_in_words(browser: Client, name: str, words: str):
    response = post(browser, "/", name=name)
    assert response.status_code == 400
    assert words in response.content.decode()
    assert visitor.COOKIE not in browser.cookies


def test_the_longest_name_is_fine(browser: Client):
    begin(browser, "é" * 80)


def test_a_form_from_elsewhere_is_refused(browser: Client):
    assert browser.post("/", {"name": "Ada"}).status_code == 403


def test_too_many_new_sessions_are_refused_in_words_and_keep_the_name(
    browser: Client, chat_settings: Callable[..., None]
):
    chat_settings(tokens_per_minute=1)
    begin(browser)
    response = post(browser, "/", name="Grace")
    assert response.status_code == 429
    assert int(response["Retry-After"]) > 0
    page = response.content.decode()
    assert "Too many new sessions" in page
    assert "You can try again in" in page
    assert 'value="Grace"' in page


def test_first_page_lists_the_visitors_living_sessions(browser: Client):
    first, second, ended = begin(browser, "Ada"), begin(browser, "Grace"), begin(browser, "Mary")
    sessions.end(session_of(ended))
    page = browser.get("/").content.decode()
    assert page.index(second) < page.index(first)
    assert ended not in page
    assert visitor.session_ids({visitor.COOKIE: browser.cookies[visitor.COOKIE].value}) == [
        session_of(second),
        session_of(first),
    ]


def test_names_are_shown_as_text(browser: Client):
    url = begin(browser, "<b>Ada</b>")
    assert "<b>Ada" not in browser.get(url).content.decode()
    assert "<b>Ada" not in browser.get("/").content.decode()


# --- The conversation -------------------------------------------------------------------------------------


def test_a_foreign_and_an_unknown_session_look_the_same(browser: Client):
    foreign = begin(Client(enforce_csrf_checks=True))
    pages = []
    for url in (foreign, "/c/nosuchsessionatall00/"):
        answer = browser.get(url)
        assert answer.status_code == 404
        page = answer.content.decode().replace(url, "")
        pages.append(re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", page))
    assert pages[0] == pages[1]
    assert "Start again" in pages[0]


def test_an_expired_session_says_start_again(browser: Client, redis_server: RedisServer):
    url = begin(browser)
    redis_server.client().flushall()
    response = browser.get(url)
    assert response.status_code == 404
    assert "Start again" in response.content.decode()
    assert browser.head(url).status_code == 404


def test_a_sent_message_waits_on_the_page(browser: Client):
    url = begin(browser)
    response = send(browser, url, "Hello\r\nthere")
    assert (response.status_code, response["Location"]) == (303, f"{url}#latest")
    snapshot = sessions.snapshot(session_of(url))
    assert snapshot
    assert [message["text"] for message in snapshot.pending] == ["Hello\nthere"]
    page = browser.get(url).content.decode()
    assert "Hello\nthere" in page
    assert "Waiting for the model" in page
    assert "Look again" in page


def test_a_form_sent_twice_queues_one_message(browser: Client):
    url, message_id = begin(browser), str(uuid4())
    for _ in range(2):
        assert send(browser, url, "once", id=message_id).status_code == 303
    snapshot = sessions.snapshot(session_of(url))
    assert snapshot
    assert [message["id"] for message in snapshot.pending] == [message_id]


@pytest.mark.parametrize(
    ("text", "words"), [("  ", "The message is empty"), ("x" * 4001, "4001 characters; 4000 are allowed")]
)
def test_a_refused_message_stays_in_the_box(browser: Client, text: str, words: str):
    url = begin(browser)
    response = send(browser, url, text)
    page = response.content.decode()
    assert response.status_code == 400
    assert words in page
    assert f"{text}</textarea>" in page


def test_a_full_mailbox_is_said_in_words(browser: Client, chat_settings: Callable[..., None]):
    chat_settings(max_pending=1)
    url = begin(browser)
    send(browser, url, "one")
    response = send(browser, url, "two")
    assert response.status_code == 429
    assert "Too many of your messages are waiting" in response.content.decode()
    assert "two</textarea>" in response.content.decode()


def test_nobody_writes_into_a_foreign_session(browser: Client):
    foreign = begin(Client(enforce_csrf_checks=True))
    assert post(browser, foreign, text="hi").status_code == 404
    snapshot = sessions.snapshot(session_of(foreign))
    assert snapshot
    assert snapshot.pending == []


@pytest.mark.usefixtures("async_redis")
async def test_page_shows_what_was_said_what_failed_and_what_is_being_written(browser: Client):
    url = await sync_to_async(begin)(browser)
    session_id = session_of(url)
    for text in ("What is 1 + 1?", "Why?", "And 2 + 2?", "Thanks <3"):
        await queue.accept(session_id, str(uuid4()), text)
    answered = await claim_next(session_id)
    assert await queue.commit_reply(answered, {"id": answered.reply, "source": "bot", "text": "Two."})
    assert await queue.commit_failure(await claim_next(session_id), ModelUnavailable(), "Bec")
    assert await queue.flush(await claim_next(session_id), 0, "Fo")
    page = (await sync_to_async(browser.get)(url)).content.decode()
    turns = re.findall(r'data-status="(\w+)">.*?<div class="text" dir="auto">(.*?)</div>', page, re.S)
    assert turns[:6] == [
        ("done", "What is 1 + 1?"),
        ("done", "Two."),
        ("failed", "Why?"),
        ("answering", "And 2 + 2?"),
        ("streaming", "Fo"),
        ("waiting", "Thanks &lt;3"),
    ]
    assert "The model can&#x27;t be reached at the moment." in page
    assert "Waiting, next in line" in page


async def claim_next(session_id: str) -> queue.Claim:
    """Begin to answer the head of the mailbox, as a worker does."""
    [(entry, _)] = await shared_connection().call("XRANGE", keys.stream(0), "-", "+")
    claim = await queue.claim(
        queue.WakeUp(entry, session_id), worker="test", token=uuid4().hex, reply=str(uuid4())
    )
    assert isinstance(claim, queue.Claim)
    return claim


def test_ending_deletes_the_session_and_forgets_it(browser: Client):
    url = begin(browser)
    response = post(browser, f"{url}end", token_from=url)
    assert (response.status_code, response["Location"]) == (303, "/")
    assert sessions.snapshot(session_of(url)) is None
    assert browser.get(url).status_code == 404
    assert browser.cookies[visitor.COOKIE].value == ""


def test_nobody_ends_a_foreign_session(browser: Client):
    foreign = begin(Client(enforce_csrf_checks=True))
    assert post(browser, f"{foreign}end").status_code == 404
    assert sessions.snapshot(session_of(foreign))


def test_ending_needs_a_form(browser: Client):
    assert browser.get(f"{begin(browser)}end").status_code == 405


def test_without_scripts_one_turns_pages(browser: Client, redis_server: RedisServer):
    url = begin(browser)
    store(redis_server.client(), session_of(url), *exchanges(60))
    page = browser.get(url).content.decode()
    assert "question 59" in page
    assert "question 34<" not in page
    link = re.search(r'href="(\?before=[^"#]+)#latest"', page)
    assert link
    page = browser.get(url + link[1]).content.decode()
    assert "question 34<" in page
    assert "question 35<" not in page
    assert "To the latest messages" in page
    assert browser.get(f"{url}?before=nothing").status_code == 404


# --- Redis is away ----------------------------------------------------------------------------------------


def test_without_redis_the_pages_say_so_and_lose_nothing(
    browser: Client, chat_settings: Callable[..., None], tmp_path
):
    url = begin(browser)
    form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(url).content.decode())
    assert form
    chat_settings(redis_url=f"unix://{tmp_path}/nobody.sock")
    assert browser.get("/").status_code == 200
    page = browser.get(url)
    assert page.status_code == 503
    assert "Back in a moment" in page.content.decode()
    page = browser.post(url, {"csrfmiddlewaretoken": form[1], "text": "precious"})
    assert page.status_code == 503
    assert "precious</textarea>" in page.content.decode()
    page = browser.post("/", {"csrfmiddlewaretoken": form[1], "name": "Ada"})
    assert page.status_code == 503
    assert 'value="Ada"' in page.content.decode()


# --- Languages --------------------------------------------------------------------------------------------


def test_the_browser_chooses_the_language_and_a_person_changes_it(browser: Client):
    chinese = {"Accept-Language": "zh-CN,zh;q=0.9,en;q=0.5"}
    page = browser.get("/", headers=chinese).content.decode()
    assert 'lang="zh-hans"' in page
    assert "怎么称呼你？" in page
    url = begin(browser)
    page = browser.get(url, headers=chinese).content.decode()
    assert "写一条消息" in page
    assert '"Try again": "\\u518d\\u8bd5\\u4e00\\u6b21"' in page
    chosen = post(browser, "/language", language="en", next=url)
    assert (chosen.status_code, chosen["Location"]) == (302, url)
    page = browser.get(url, headers=chinese).content.decode()
    assert 'lang="en"' in page
    assert "page-words" not in page
    # The choice leads nowhere else.
    elsewhere = post(browser, "/language", language="en", next="https://evil.example/")
    assert "evil" not in elsewhere["Location"]


@pytest.mark.usefixtures("async_redis")
async def test_errors_speak_the_language_of_the_page_and_english_on_the_wire(
    browser: Client, chat_settings: Callable[..., None]
):
    chat_settings(max_pending=1)
    url = await sync_to_async(begin)(browser)
    session_id = session_of(url)
    await queue.accept(session_id, str(uuid4()), "Why?")
    loading = ModelUnavailable("The model is still loading. Try again in a moment.")
    await queue.commit_failure(await claim_next(session_id), loading, "")
    chinese = {"Accept-Language": "zh-hans"}
    page = await sync_to_async(browser.get)(url, headers=chinese)
    assert "模型仍在加载。请稍后再试。" in page.content.decode()
    browser.cookies["django_language"] = "zh-hans"
    for text, words in (("x" * 4001, "消息太长了。"), ("one", ""), ("two", "等待回答的消息太多了。")):
        page = await sync_to_async(send)(browser, url, text)
        assert words in page.content.decode()
    answer = await sync_to_async(browser.post)("/token", headers=chinese)
    assert answer.json() == {"name": ["This field is required."], "code": "empty"}
    assert answer["Content-Language"] == "en"
