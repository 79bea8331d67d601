"""The chat in a bubble on a page of another origin, in a real Chromium."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.servers import Stack, wait_until

pytestmark = pytest.mark.xdist_group("browser")


@pytest.fixture
def other_site() -> Iterator[tuple[int, dict[str, str]]]:
    """The port of a site with one page, and the page, by "html"."""
    said = {"html": ""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = said["html"].encode() if self.path == "/" else b""
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port, said
        server.shutdown()


def test_a_bubble_on_an_allowed_site_and_on_no_other(
    make_stack: Callable[..., Stack], make_visitor: Callable[..., Visitor], other_site: tuple[int, dict[str, str]]
):
    port, said = other_site
    # To a browser, localhost and 127.0.0.1 are two sites: here are third-party frames.
    allowed, foreign = f"http://localhost:{port}", f"http://127.0.0.1:{port}"
    stack = make_stack(CHAT_ALLOWED_ORIGINS=allowed, MODEL_URL="echo:?delay_ms=60")
    stack.worker()
    web = stack.web()
    said["html"] = f'<!doctype html><title>Shop</title><script src="{web.url}/embed.js" async></script><p>Shop'

    page = make_visitor().open(f"{allowed}/").page
    page.get_by_role("button", name="Open the chat").click()
    chat = page.frame_locator("iframe")
    chat.get_by_role("button", name="Start chatting").click()
    expect(chat.get_by_role("alert")).to_have_text("Please tell us a name first. Any name will do.")
    chat.get_by_label("What should we call you?").fill("Ada")
    chat.get_by_role("button", name="Start chatting").click()
    expect(chat.get_by_role("heading", name="Hello Ada")).to_be_visible()
    chat.get_by_role("textbox", name="Your message").fill("from the shop")
    chat.get_by_role("textbox", name="Your message").press("Enter")
    expect(chat.locator('.turn.bot[data-status="done"]')).to_contain_text("from the shop")
    # Folded away it tells of a reply that came.
    chat.get_by_role("textbox", name="Your message").fill("and " * 40)
    chat.get_by_role("textbox", name="Your message").press("Enter")
    chat.get_by_role("button", name="Close").click()
    expect(page.get_by_role("button", name="Open the chat (new reply)")).to_be_visible()
    # On the next page of the site it goes on. This Chromium gives frames no storage: a cookie keeps it.
    [cookie] = page.context.cookies()
    assert (cookie["name"], cookie["sameSite"], cookie["secure"]) == ("chat_embedded", "None", True)
    page.reload()
    page.get_by_role("button", name="Open the chat").click()
    expect(chat.locator(".turn")).to_have_count(4)
    chat.get_by_role("button", name="Menu").click()
    chat.get_by_role("button", name="End and delete").click()
    expect(chat.get_by_label("What should we call you?")).to_have_value("Ada")

    elsewhere = make_visitor().open(f"{foreign}/")
    elsewhere.page.get_by_role("button", name="Open the chat").click()
    expect(elsewhere.page.locator("iframe")).to_be_visible()

    # The call lets the browser's complaints in.
    def is_refused() -> bool:
        return elsewhere.page.title() != "" and any("frame-ancestors" in said for said in elsewhere.complaints)

    wait_until(is_refused, "the browser's refusal")
    elsewhere.complaints.clear()
    assert not elsewhere.page.frame_locator("iframe").get_by_role("button", name="Start chatting").count()
    # All other pages let nobody frame them.
    policies = {path: page.request.get(web.url + path).headers for path in ("/", "/embed")}
    assert "frame-ancestors 'none'" in policies["/"]["content-security-policy"]
    assert policies["/"]["x-frame-options"] == "DENY"
    assert f"frame-ancestors 'self' {allowed};" in policies["/embed"]["content-security-policy"] + ";"
    assert "unsafe" not in policies["/embed"]["content-security-policy"]
