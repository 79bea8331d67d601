"""Every view for everybody: axe-core finds nothing in either theme, at any width."""

import signal
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.servers import Stack, Web

pytestmark = pytest.mark.xdist_group("browser")

# Everything that a reply may have.
RICH = r"""# Title

Some **bold** and *italic* words, `code`, a [link](https://example.org/), $a^2 + b^2$ and

- a list

> a quote

```python
def answer(): return 42  # a comment
```

| a | b |
|---|--:|
| 1 | 2 |
"""
AXE = Axe()


def violations(page: Page) -> list[str]:
    """What axe finds, in words: all of it in one theme, contrast in the other, too."""
    found = []
    themes: tuple[tuple[Literal["light", "dark"], dict[str, Any]], ...]
    themes = (("light", {}), ("dark", {"runOnly": ["color-contrast"]}))
    for scheme, rules in themes:
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        for rule in AXE.run(page, options=rules).response["violations"]:
            found += [f"{scheme}: {rule['id']}: {node['html']}" for node in rule["nodes"]]
    return found


def test_axe_finds_nothing_in_any_view(stack: Stack, site: Web, visitor: Visitor):
    web = stack.web(CHAT_MESSAGES_PER_MINUTE="3")
    chat = visitor.open(f"{web.url}/")
    page = chat.page
    page.get_by_role("button", name="Start chatting").click()
    expect(page.locator("#name-error")).to_be_visible()
    assert violations(page) == []
    page.get_by_label("What should we call you?").fill("Ada")
    page.get_by_role("button", name="Start chatting").click()
    chat.link_is("Connected")
    address = page.url
    chat.say(RICH)
    expect(chat.turns("done", "bot").locator(".hljs-keyword").first).to_have_text("def")
    expect(page.locator("math")).to_have_count(1)
    # One being answered, one that waits, one that is refused.
    for text in ("slow " * 400, "waits", "comes too soon"):
        chat.say(text)
    expect(chat.turns("streaming")).to_have_count(1)
    expect(chat.turns("refused")).to_have_count(1)
    chat.box.fill("x" * 3999)
    chat.button("Menu").click()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 320, "height": 640})
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert violations(page) == []
    for path, heading in (
        ("/", "Say it once."),
        (f"{address.removeprefix(web.url)}manage", ""),
        ("/c/nosuchconversation/", "This conversation is not here"),
        ("/embed", ""),
    ):
        page.goto(web.url + path)
        expect(page.get_by_role("heading", name=heading).first).to_be_visible()
        assert violations(page) == [], path
    page.goto(address)
    chat.link_is("Connected")
    web.process.stop(signal.SIGKILL)
    expect(page.locator("#notice-time")).to_contain_text("Next try in")
    assert violations(page) == []
