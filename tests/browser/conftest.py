"""A real Chromium in front of real processes."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright

from tests.servers import Stack, Web, running_redis

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
ARGUMENTS += ["--disable-background-networking", "--disable-component-update"]
PATIENCE_MS = 20_000
NETWORK = re.compile(r"net::ERR_|WebSocket connection to .* failed|status of (400|404|429|503)")

expect.set_options(timeout=PATIENCE_MS)


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack on a Redis of its own, so that tests elsewhere may empty theirs."""
    with running_redis(tmp_path_factory.mktemp("browser-redis")) as redis:
        made = Stack(tmp_path_factory.mktemp("browser-stack"), redis.url, MODEL_URL="echo:?delay_ms=150")
        yield made
        made.close()


@pytest.fixture(scope="session")
def site(stack: Stack) -> Web:
    """A web process with a worker whose model takes 150 ms a word."""
    stack.worker()
    return stack.web()


# Not for the whole session: while Playwright is there, tests that are async can't run in this process.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Chat:
    """One tab with a conversation, as a person sees it."""

    page: Page
    complaints: list[str]

    @property
    def box(self) -> Locator:
        return self.page.get_by_role("textbox", name="Your message")

    def turns(self, status: str = "", source: str = "") -> Locator:
        state = f'[data-status="{status}"]' if status else ""
        return self.page.locator(f".turn{'.' + source if source else ''}{state}")

    def texts(self) -> list[str]:
        return self.page.locator(".turn .text").all_text_contents()

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def say(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    def link_is(self, words: str) -> None:
        expect(self.page.locator("#link-words")).to_have_text(words)


class Effort:
    """What a page's main thread works: its own time, for what other processes take here is no task of the page."""

    def __init__(self, page: Page) -> None:
        self._metrics = page.context.new_cdp_session(page)
        self._metrics.send("Performance.enable", {"timeDomain": "threadTicks"})

    def s(self) -> float:
        """Seconds so far."""
        all_ = self._metrics.send("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in all_ if each["name"] == "TaskDuration"))


@dataclass
class Visitor:
    """A browser profile. What its pages complain about is collected."""

    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def open(self, url: str) -> Chat:
        """Open an address in a new tab."""
        page = self.context.new_page()
        page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.goto(url)
        return Chat(page, self.complaints)

    def begin(self, web: Web, name: str = "Ada") -> Chat:
        """Begin a conversation by the form of the first page."""
        chat = self.open(f"{web.url}/")
        chat.page.get_by_label("What should we call you?").fill(name)
        chat.page.get_by_role("button", name="Start chatting").click()
        if self.has_scripts:
            chat.link_is("Connected")
        return chat

    has_scripts: bool = True


@pytest.fixture
def make_visitor(chromium: Browser) -> Iterator[Any]:
    """Makes visitors. Afterwards none of their pages may have complained of anything but the network."""
    visitors: list[Visitor] = []

    def make(**options: Any) -> Visitor:
        context = chromium.new_context(**options)
        made = Visitor(context, has_scripts=options.get("java_script_enabled", True))
        visitors.append(made)
        return made

    yield make
    for visitor in visitors:
        visitor.context.close()
    assert [said for visitor in visitors for said in visitor.complaints if not NETWORK.search(said)] == []


@pytest.fixture(scope="module")
def page(site: Web, chromium: Browser) -> Iterator[Page]:
    """A conversation's page for tests that only call its modules: one for all tests of a file."""
    lent = Visitor(chromium.new_context(viewport={"width": 1280, "height": 800}))
    yield lent.begin(site).page
    lent.context.close()
    assert [said for said in lent.complaints if not NETWORK.search(said)] == []


@pytest.fixture
def visitor(make_visitor: Any) -> Visitor:
    made: Visitor = make_visitor(viewport={"width": 1280, "height": 800})
    return made
