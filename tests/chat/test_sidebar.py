"""The list of conversations on the pages, without JavaScript, on a real Redis."""

import re
import sys
from typing import Any

import pytest
from django.test import Client

from chat import conversations, sessions, visitor
from tests.chat.test_pages import begin, browser, post, send, session_of

__all__ = ["browser"]
pytestmark = pytest.mark.usefixtures("redis_server")


def listed(page: Any) -> list[str]:
    """The titles in the list of a page."""
    found = re.findall(r'<span class="own-title[^>]*>(.*?)</span>', page.content.decode(), re.S)
    return [" ".join(title.split()) for title in found]


def test_the_list_has_titles_marks_the_open_one_and_escapes(browser: Client):
    first, second = begin(browser), begin(browser)
    send(browser, first, "<b>bold</b>")
    page = browser.get(first)
    assert listed(page) == ["&lt;b&gt;bold&lt;/b&gt;", "New conversation"]
    text = page.content.decode()
    assert re.search(rf'href="{first}"\s+aria-current="page"', text)
    assert not re.search(rf'href="{second}"\s+aria-current', text)
    assert "&lt;b&gt;bold&lt;/b&gt; · Chat" in " ".join(text.split())
    assert "data-answering" in text
    assert listed(browser.get("/")) == listed(page)


def test_thirty_conversations_are_listed_and_the_page_stays_light(browser: Client):
    urls = [begin(browser, f"Ada {number}") for number in range(30)]
    page = browser.get(urls[0])
    assert len(listed(page)) == 30
    assert len(page.content) < 100_000
    assert sys.getsizeof(browser.cookies[visitor.COOKIE].value) < 2000


def test_the_list_alone_is_for_its_visitor_and_leaves_the_cookie_alone(browser: Client):
    url, ended = begin(browser), begin(browser)
    begin(Client())
    sessions.end(session_of(ended))
    answer = browser.get(f"/conversations?current={session_of(url)}")
    assert listed(answer) == ["New conversation"]
    assert 'aria-current="page"' in answer.content.decode()
    assert not answer.cookies
    assert "no-store" in answer["Cache-Control"]
    assert listed(Client().get("/conversations")) == []
    assert browser.post("/conversations").status_code in (403, 405)


def test_search_works_with_a_form(browser: Client):
    first, second = begin(browser), begin(browser)
    send(browser, first, "an <olive> tree")
    send(browser, second, "a pine")
    for address in (first, "/", "/conversations"):
        page = browser.get(address, {"q": " OLIVE "})
        assert listed(page) == ["an &lt;olive&gt; tree"]
        assert "an &lt;<mark>olive</mark>&gt; tree" in page.content.decode()
        assert "Show all" in page.content.decode()
        assert "Nothing found" in browser.get(address, {"q": "oak"}).content.decode()
    # Nothing was forgotten because it was not found.
    assert len(listed(browser.get("/"))) == 2


def test_a_conversation_is_renamed_with_a_form(browser: Client):
    url = begin(browser)
    page = browser.get(f"{url}manage").content.decode()
    assert "Nobody can bring them back" in page
    assert f'action="{url}end"' in page
    response = post(browser, f"{url}manage", token_from=f"{url}manage", title="My  <thoughts>")
    assert (response.status_code, response["Location"]) == (303, url)
    assert listed(browser.get(url)) == ["My &lt;thoughts&gt;"]
    assert 'value="My &lt;thoughts&gt;"' in browser.get(f"{url}manage").content.decode()
    response = post(browser, f"{url}manage", token_from=f"{url}manage", title="x" * 81)
    assert response.status_code == 400
    assert "at most 80 characters" in response.content.decode()


def test_renaming_needs_the_cookie_and_the_form(browser: Client):
    foreign = begin(Client(enforce_csrf_checks=True))
    assert browser.get(f"{foreign}manage").status_code == 404
    assert post(browser, f"{foreign}manage", title="mine now").status_code == 404
    [listed_there] = conversations.glance([session_of(foreign)])
    assert listed_there.title == ""
    own = begin(browser)
    assert browser.post(f"{own}manage", {"title": "x"}).status_code == 403
    sessions.end(session_of(own))
    assert browser.get(f"{own}manage").status_code == 404


def test_without_redis_it_is_said_in_words(browser: Client, chat_settings: Any, tmp_path):
    url = begin(browser)
    form = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', browser.get(f"{url}manage").content.decode())
    assert form
    chat_settings(redis_url=f"unix://{tmp_path}/nobody.sock")
    for address in (f"{url}manage", "/conversations"):
        answer = browser.get(address)
        assert answer.status_code == 503
        assert "Back in a moment" in answer.content.decode()
    answer = browser.post(f"{url}manage", {"csrfmiddlewaretoken": form[1], "title": "My <title>"})
    assert answer.status_code == 503
    assert 'name="title" value="My &lt;title&gt;"' in answer.content.decode()
