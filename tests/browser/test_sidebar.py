"""The list of conversations beside the open one, in a real Chromium."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Chat, Visitor
from tests.servers import Web

pytestmark = pytest.mark.xdist_group("browser")


def titles(chat: Chat) -> list[str]:
    return [title.strip() for title in chat.page.locator(".side .own-title").all_text_contents()]


def test_the_list_follows_what_happens_in_all_conversations(site: Web, visitor: Visitor):
    first = visitor.begin(site)
    assert titles(first) == ["New conversation"]
    first.say("apples and pears")
    expect(first.turns("done", "bot")).to_have_count(1)
    expect(first.page).to_have_title("apples and pears · Chat")
    other = visitor.open(first.page.url)
    other.link_is("Connected")
    other.button("New chat").click()
    expect(other.page.locator("#welcome")).to_be_visible()
    other.link_is("Connected")
    # One empty conversation is enough.
    url = other.page.url
    other.button("New chat").click()
    assert other.page.url == url
    # Something is answered in a tab that nobody looks at: it does not render, so it counts as not seen.
    first.page.evaluate("Object.defineProperty(document, 'hidden', { get: () => true, configurable: true })")
    first.say("one two three four five six")
    other.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    item = other.page.locator(".own-item", has_text="apples and pears")
    expect(item).to_contain_text("answering")
    expect(first.page).to_have_title("● New reply · apples and pears · Chat")
    expect(item.get_by_text("new reply")).to_be_visible()
    # The tab is looked at again; the other one hears of it.
    first.page.evaluate("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
    expect(first.page).to_have_title("apples and pears · Chat")
    expect(item.get_by_text("new reply")).to_be_hidden()
    expect(other.page.locator(".own-item [aria-current=page]")).to_contain_text("New conversation")


def test_search_rename_and_delete_without_leaving_the_page(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.say("a walrus")
    expect(chat.turns("done", "bot")).to_have_count(1)
    chat.button("New chat").click()
    chat.link_is("Connected")
    chat.say("a heron")
    expect(chat.turns("done", "bot")).to_have_count(1)
    expect(chat.page.locator(".own-link[aria-current=page] .own-title")).to_have_text("a heron")
    url, search = chat.page.url, chat.page.get_by_role("searchbox", name="Search in your conversations")
    search.fill("WALRUS")
    expect(chat.page.locator(".own-title")).to_have_count(1)
    expect(chat.page.locator(".own-excerpt mark")).to_have_text("walrus")
    chat.page.get_by_role("link", name="Rename or delete: a walrus").click()
    chat.page.get_by_label("Name of this conversation").fill("Tusks & teeth")
    chat.page.keyboard.press("Enter")
    expect(chat.page.locator(".own-title")).to_have_text("Tusks & teeth")
    chat.page.get_by_role("link", name="Show all").click()
    expect(chat.page.locator(".own-title")).to_have_count(2)
    chat.page.get_by_role("link", name="Rename or delete: Tusks & teeth").click()
    expect(chat.page.get_by_role("dialog")).to_contain_text("Nobody can bring them back")
    chat.button("Keep it").click()
    expect(chat.page.get_by_role("dialog")).to_be_hidden()
    chat.page.get_by_role("link", name="Rename or delete: Tusks & teeth").click()
    chat.button("Delete for good").click()
    expect(chat.page.locator(".own-title")).to_have_text(["a heron"])
    assert chat.page.url == url
    chat.button("Menu").click()
    chat.page.get_by_role("link", name="Rename", exact=False).first.click()
    chat.page.get_by_label("Name of this conversation").fill("Birds")
    chat.button("Save").click()
    expect(chat.page).to_have_title("Birds · Chat")


def test_on_a_phone_it_is_a_drawer(site: Web, make_visitor: Callable[..., Visitor]):
    chat = make_visitor(viewport={"width": 390, "height": 700}, has_touch=True, is_mobile=True).begin(site)
    expect(chat.page.locator(".own-list")).to_be_hidden()
    opener, drawer = chat.button("Your conversations"), chat.page.get_by_role("dialog", name="Your conversations")
    opener.click()
    expect(drawer).to_be_visible()
    expect(drawer.get_by_role("link", name="New conversation", exact=False).first).to_be_visible()
    # The focus is in it and stays there, whatever is behind.
    for _ in range(12):
        chat.page.keyboard.press("Tab")
        assert chat.page.evaluate(
            "['DIALOG', 'BODY'].includes(document.activeElement.tagName) "
            "|| Boolean(document.activeElement.closest('dialog'))"
        )
    chat.page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    chat.button("Close").click()
    expect(drawer).to_be_hidden()
