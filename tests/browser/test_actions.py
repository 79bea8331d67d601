"""What can be done with messages, in a real Chromium: other versions, edits, thumbs, and the line."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.servers import Web

pytestmark = pytest.mark.xdist_group("browser")

LONG = " ".join(f"word{number}" for number in range(24))


def test_replies_have_versions_thumbs_and_edits_in_every_tab(site: Web, visitor: Visitor):
    first = visitor.begin(site)
    first.say("first **try**")
    expect(first.turns("done", "bot")).to_have_count(1)
    second = visitor.open(first.page.url)
    second.link_is("Connected")
    good, bad = first.button("Good reply"), first.button("Bad reply")
    good.click()
    for tab in (first, second):
        expect(tab.button("Good reply")).to_have_attribute("aria-pressed", "true")
    bad.click()
    expect(good).to_have_attribute("aria-pressed", "false")
    expect(second.button("Bad reply")).to_have_attribute("aria-pressed", "true")
    bad.click()
    expect(second.button("Bad reply")).to_have_attribute("aria-pressed", "false")
    # Edited with a draft in the box, left once, reloaded in the middle, then sent.
    second.box.fill("half a thought")
    second.button("Edit").click()
    expect(second.box).to_have_value("first **try**")
    second.box.press("Escape")
    expect(second.box).to_have_value("half a thought")
    second.button("Edit").click()
    second.box.fill("second try")
    second.page.reload()
    second.link_is("Connected")
    expect(second.page.locator("#editing")).to_contain_text("Its reply will be replaced.")
    second.box.press("Enter")
    expect(second.box).to_have_value("half a thought")
    for tab in (first, second):
        expect(tab.turns("done", "bot").locator(".text")).to_have_text("second try")
        expect(tab.turns(source="human")).to_have_count(1)
        expect(tab.page.locator(".version")).to_contain_text("Reply 2 of 2")
    # Another answer, and all of them can be read, with what was asked.
    first.button("Answer again").click()
    expect(first.page.locator(".version")).to_contain_text("3/3")
    expect(first.button("Later reply")).to_be_disabled()
    first.button("Earlier reply").click()
    first.button("Earlier reply").click()
    expect(first.page.locator(".version")).to_contain_text("1/3")
    expect(first.turns("done", "bot").locator("strong")).to_have_text("try")
    expect(first.turns(source="human").locator(".text")).to_have_text("first **try**")
    expect(first.button("Earlier reply")).to_be_disabled()
    expect(first.button("Good reply")).to_have_count(0)
    first.button("Later reply").click()
    first.button("Later reply").click()
    expect(first.turns("done", "bot").locator(".text")).to_have_text("second try")
    expect(first.button("Good reply")).to_be_visible()


def test_a_waiting_message_is_edited_without_losing_the_draft(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.say(" ".join([LONG] * 10))
    chat.say("not this")
    chat.say("but this")
    chat.box.fill("half a thought")
    chat.turns("waiting").filter(has_text="not this").get_by_role("button", name="Edit").click()
    expect(chat.box).to_have_value("not this")
    expect(chat.turns("waiting")).to_have_count(1)
    expect(chat.turns("waiting")).to_contain_text("Waiting, next in line")
    chat.box.fill("rather this")
    chat.box.press("Enter")
    expect(chat.box).to_have_value("half a thought")
    expect(chat.turns("waiting").nth(1)).to_contain_text("Waiting, number 2 in line")
    chat.turns("waiting").filter(has_text="rather this").get_by_role("button", name="Edit").click()
    chat.button("Discard it").click()
    expect(chat.box).to_have_value("half a thought")
    chat.button("Stop the reply").click()
    expect(chat.turns("done", "bot")).to_have_count(1)
    assert chat.texts()[2:] == ["but this", "but this"]
