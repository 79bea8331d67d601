"""A conversation of a thousand messages in a real Chromium."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Chat, Effort, Visitor
from tests.servers import RedisServer, Stack, wait_until
from tests.stored import exchanges, store

pytestmark = pytest.mark.xdist_group("browser")

REPLY = "reply {} with **bold** words, `code` and\n\n- a list\n- of two\n\n" + "and a longer paragraph. " * 8
TOP = "document.getElementById('scroller').scrollTop"
PLACE = """(text) => [...document.querySelectorAll('.turn.human .text')].find((one) => one.textContent === text)
    .getBoundingClientRect().top"""


def begin(
    make_stack: Callable[..., Stack], redis_server: RedisServer, visitor: Visitor, count: int, **environment: str
) -> Chat:
    """A conversation with so many exchanges behind it."""
    stack = make_stack(**environment)
    stack.worker()
    chat = visitor.begin(stack.web())
    store(redis_server.client(), chat.page.url.split("/")[4], *exchanges(count, REPLY))
    chat.page.reload()
    chat.link_is("Connected")
    return chat


def test_earlier_messages_come_while_one_scrolls_up_and_nothing_moves(
    make_stack: Callable[..., Stack], redis_server: RedisServer, visitor: Visitor
):
    chat = begin(make_stack, redis_server, visitor, 60)
    page = chat.page
    expect(chat.turns()).to_have_count(50)
    page.mouse.move(640, 300)
    # While the server is away the link says so, and what is read stays.
    page.route("**/messages?*", lambda route: route.abort())
    page.evaluate(f"{TOP} = 0")
    expect(page.locator("#earlier-link")).to_have_text("Earlier messages could not be loaded. Try again")
    page.unroute("**/messages?*")
    page.evaluate(f"{TOP} = 300")
    before = page.evaluate(PLACE, "question 36")
    page.locator("#earlier-link").dispatch_event("click")
    expect(chat.turns()).to_have_count(100)
    wait_until(lambda: page.locator(".turn.bot .markdown").count() == 50, "the Markdown of all replies")
    assert abs(page.evaluate(PLACE, "question 36") - before) <= 2
    page.evaluate(f"{TOP} = 0")
    expect(chat.turns()).to_have_count(120)
    expect(page.locator("#earlier")).to_be_hidden()
    # The session that comes anew brings the end; the beginning stays.
    page.evaluate("dispatchEvent(new Event('offline'))")
    chat.say("more")
    expect(chat.turns("done", "bot")).to_have_count(61)
    assert chat.texts()[0] == "question 0"
    assert chat.texts()[-2:] == ["more", "more"]
    assert len(set(page.eval_on_selector_all(".turn", "all => all.map((one) => one.dataset.id)"))) == 122


FRAMES = 240
STREAMED = """async (count) => {
    const tasks = [], late = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => Math.round(task.duration))))
        .observe({ type: "longtask" });
    let last = performance.now();
    for (let frames = 0; frames < count; frames++) {
        await new Promise(requestAnimationFrame);
        late.push(performance.now() - last);
        last = performance.now();
    }
    late.sort((a, b) => a - b);
    const turns = document.querySelectorAll(".turn").length;
    return { tasks, median: late[count >> 1], worst: late.at(-1), turns };
}"""


@pytest.mark.measured
def test_streaming_into_a_thousand_messages_makes_no_long_task(
    make_stack: Callable[..., Stack], redis_server: RedisServer, visitor: Visitor
):
    chat = begin(make_stack, redis_server, visitor, 500, MODEL_URL="echo:?delay_ms=15")
    for shown in range(100, 1001, 50):
        chat.page.evaluate(f"{TOP} = 0")
        expect(chat.turns()).to_have_count(shown)
    wait_until(lambda: chat.page.locator(".turn.bot .markdown").count() == 500, "the Markdown of all replies")
    chat.say("some **words** and `code` " * 60)
    expect(chat.turns("streaming")).to_have_count(1)
    effort = Effort(chat.page)
    before = effort.s()
    result = chat.page.evaluate(STREAMED, FRAMES)
    busy_ms = (effort.s() - before) * 1000 / FRAMES
    assert result["turns"] == 1002
    assert result["tasks"] == [] or busy_ms < 10, f"{busy_ms:.1f} ms a frame: {result}"
