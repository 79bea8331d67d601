"""The chat page in a real Chromium, over a real web process, worker and Redis."""

import signal
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitor
from tests.servers import RedisServer, Stack, Web, running_redis, wait_until

pytestmark = pytest.mark.xdist_group("browser")

LONG = " ".join(f"word{number}" for number in range(24))
UNTIL_STOPPED = " ".join(f"word{number}" for number in range(240))
"""Half a minute: whoever says this stops it."""
LONGER = "\n".join(f"line {number}" for number in range(60))


# --- Saying and hearing -----------------------------------------------------------------------------------


def test_a_name_a_message_and_a_reply_that_streams(site: Web, visitor: Visitor):
    chat = visitor.begin(site, "Ada")
    expect(chat.page.get_by_role("heading", name="Hello Ada")).to_be_visible()
    chat.say(LONG)
    expect(chat.turns("streaming")).to_contain_text("word3")
    expect(chat.turns("streaming")).not_to_contain_text("word23")
    expect(chat.turns("done", "bot").locator(".text")).to_have_text(LONG)
    assert chat.texts() == [LONG, LONG]
    expect(chat.page.locator("#welcome")).to_be_hidden()
    # A finished reply is read once, as a whole.
    expect(chat.page.locator("#spoken")).to_have_text(f"The bot says: {LONG}")


def test_reload_in_mid_reply_shows_the_whole_of_it(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.say(LONG)
    expect(chat.turns("streaming")).to_contain_text("word5")
    chat.page.reload()
    # The server has rendered it already: this is the page before any script ran.
    assert "word5" in chat.turns(source="bot").inner_text()
    expect(chat.turns("streaming")).to_contain_text("word12")
    expect(chat.turns("done", "bot")).to_have_count(1)
    assert chat.texts() == [LONG, LONG]


def test_stop_keeps_what_was_written(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.say(UNTIL_STOPPED)
    expect(chat.turns("streaming")).to_contain_text("word2")
    expect(chat.button("Send")).to_be_hidden()
    chat.button("Stop the reply").click()
    expect(chat.turns("stopped", "bot")).to_contain_text("Stopped")
    expect(chat.button("Send")).to_be_visible()
    question, answer = chat.texts()
    assert question == UNTIL_STOPPED
    assert answer.startswith("word0 word1 word2")
    assert "word239" not in answer
    chat.page.reload()
    assert chat.texts() == [question, answer]


def test_two_tabs_see_the_same(site: Web, visitor: Visitor):
    first = visitor.begin(site)
    second = visitor.open(first.page.url)
    second.link_is("Connected")
    first.say(UNTIL_STOPPED)
    expect(second.turns("streaming")).to_contain_text("word4")
    second.say("from the other tab")
    expect(first.turns("waiting")).to_contain_text("from the other tab")
    first.turns("waiting").get_by_role("button", name="Take back").click()
    expect(first.box).to_have_value("from the other tab")
    expect(second.turns("waiting")).to_have_count(0)
    expect(second.box).to_have_value("")
    second.button("Stop the reply").click()
    expect(first.turns("stopped")).to_have_count(1)
    expect(second.turns("stopped")).to_have_count(1)
    assert first.texts() == second.texts()


def test_other_visitors_see_nothing_of_it(site: Web, make_visitor: Callable[..., Visitor]):
    chat = make_visitor().begin(site)
    chat.say("a secret")
    expect(chat.turns("done", "bot")).to_have_count(1)
    stranger = make_visitor().open(chat.page.url)
    expect(stranger.page.get_by_role("heading", name="This conversation is not here")).to_be_visible()
    assert "a secret" not in stranger.page.content()


# --- Waiting ----------------------------------------------------------------------------------------------


def test_messages_wait_with_their_place_and_are_answered_in_order(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.say(LONG)
    chat.say("second")
    chat.say("third")
    expect(chat.turns("waiting").nth(0)).to_contain_text("Waiting, next in line")
    expect(chat.turns("waiting").nth(1)).to_contain_text("Waiting, number 2 in line")
    expect(chat.turns("done", "bot")).to_have_count(3)
    assert chat.texts() == [LONG, LONG, "second", "second", "third", "third"]


def test_a_waiting_message_taken_back_returns_to_the_box(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.say(UNTIL_STOPPED)
    chat.say("not this")
    chat.box.fill("half a thought")
    chat.turns("waiting").get_by_role("button", name="Take back").click()
    expect(chat.box).to_have_value("not this\nhalf a thought")
    expect(chat.turns("waiting")).to_have_count(0)
    chat.box.fill("")
    chat.button("Stop the reply").click()
    expect(chat.turns("stopped")).to_have_count(1)


def test_without_a_worker_a_message_waits_and_stop_takes_it_back(
    make_stack: Callable[..., Stack], visitor: Visitor
):
    chat = visitor.begin(make_stack().web())
    chat.say("anyone there?")
    expect(chat.turns("waiting")).to_contain_text("Waiting for the model")
    chat.button("Take the message back").click()
    expect(chat.turns()).to_have_count(0)
    expect(chat.box).to_have_value("anyone there?")


# --- When something is wrong ------------------------------------------------------------------------------


def test_a_failed_message_says_why_and_can_be_tried_again(make_stack: Callable[..., Stack], visitor: Visitor):
    stack = make_stack()
    web, worker = stack.web(), stack.worker(MODEL_URL="echo:?fail=model_error")
    chat = visitor.begin(web)
    chat.say("pleese")
    expect(chat.turns("failed")).to_contain_text("The model answered with an error.")
    # Edited, it takes its own place; it had no reply before, so there is nothing to page through.
    chat.button("Edit").click()
    chat.box.fill("please")
    chat.box.press("Enter")
    expect(chat.turns("failed").locator(".text")).to_have_text("please")
    expect(chat.page.locator(".version")).to_have_count(0)
    worker.stop()
    chat.page.reload()
    expect(chat.turns("failed")).to_contain_text("The model answered with an error.")
    chat.link_is("Connected")
    chat.button("Try again").click()
    expect(chat.turns("waiting")).to_have_count(1)
    stack.worker()
    expect(chat.turns("done", "bot")).to_have_count(1)
    assert chat.texts() == ["please", "please"]


def test_the_last_reply_can_be_asked_for_again(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.say("one two three four")
    expect(chat.turns("done", "bot")).to_have_count(1)
    chat.turns("done", "bot").hover()
    chat.button("Answer again").click()
    expect(chat.turns("streaming")).to_contain_text("one")
    expect(chat.turns("done", "bot")).to_have_count(1)
    assert chat.texts() == ["one two three four"] * 2


def test_too_fast_is_said_with_the_seconds_and_the_text_stays(stack: Stack, site: Web, visitor: Visitor):
    chat = visitor.begin(stack.web(CHAT_MESSAGES_PER_MINUTE="1"))
    chat.say("one")
    chat.say("two")
    expect(chat.turns("refused")).to_contain_text("You are writing faster than is allowed here.")
    expect(chat.turns("refused").get_by_role("button", name="Send again in")).to_be_disabled()
    chat.page.reload()
    expect(chat.turns("refused")).to_contain_text("two")
    chat.turns("refused").get_by_role("button", name="Edit").click()
    expect(chat.box).to_have_value("two")
    expect(chat.turns("refused")).to_have_count(0)


def test_a_full_mailbox_refuses_and_sends_again_on_demand(make_stack: Callable[..., Stack], visitor: Visitor):
    stack = make_stack(CHAT_MAX_PENDING="1")
    chat = visitor.begin(stack.web())
    chat.say("one")
    chat.say("two")
    expect(chat.turns("refused")).to_contain_text("Too many of your messages are waiting")
    stack.worker()
    expect(chat.turns("done", "bot")).to_have_count(1)
    chat.button("Send again").click()
    expect(chat.turns("done", "bot")).to_have_count(2)
    assert chat.texts() == ["one", "one", "two", "two"]


def test_connection_lost_and_back(stack: Stack, site: Web, visitor: Visitor):
    web = stack.web()
    chat = visitor.begin(web)
    chat.say(LONG)
    expect(chat.turns("streaming")).to_contain_text("word1")
    web.process.stop(signal.SIGKILL)
    chat.link_is("Not connected")
    expect(chat.page.locator("#notice-words")).to_contain_text("The connection was lost.")
    expect(chat.page.locator("#notice-time")).to_contain_text("Next try in")
    chat.say("written meanwhile")
    expect(chat.turns("sending")).to_contain_text("Will be sent when the connection is back")
    stack.web(web.port)
    expect(chat.turns("done", "bot")).to_have_count(2)
    assert chat.texts() == [LONG, LONG, "written meanwhile", "written meanwhile"]
    expect(chat.page.locator("#notice")).to_be_hidden()
    expect(chat.page.get_by_role("status")).to_have_text("Connected again.")


def test_an_unsent_message_survives_a_reload(stack: Stack, site: Web, visitor: Visitor):
    web = stack.web()
    chat = visitor.begin(web)
    web.process.stop(signal.SIGKILL)
    chat.link_is("Not connected")
    chat.say("do not lose me")
    expect(chat.turns("sending")).to_have_count(1)
    stack.web(web.port)
    chat.page.reload()
    expect(chat.turns("done", "bot").locator(".text")).to_have_text("do not lose me")
    assert chat.texts() == ["do not lose me", "do not lose me"]


def test_try_now_connects_at_once(stack: Stack, site: Web, visitor: Visitor):
    web = stack.web()
    chat = visitor.begin(web)
    # No pause ends by itself in this test.
    chat.page.evaluate("Math.random = () => 1e6")
    web.process.stop(signal.SIGKILL)
    chat.link_is("Not connected")
    stack.web(web.port)
    chat.button("Try now").click()
    chat.link_is("Connected")


def test_network_back_connects_at_once(stack: Stack, site: Web, visitor: Visitor):
    web = stack.web()
    chat = visitor.begin(web)
    chat.page.evaluate("Math.random = () => 1e6")
    web.process.stop(signal.SIGKILL)
    chat.link_is("Not connected")
    stack.web(web.port)
    chat.page.evaluate("dispatchEvent(new Event('online'))")
    chat.link_is("Connected")


def test_restart_of_the_server_is_said_in_words(stack: Stack, site: Web, visitor: Visitor):
    web = stack.web()
    chat = visitor.begin(web)
    chat.page.evaluate("Math.random = () => 1e6")
    web.process.stop(signal.SIGTERM)
    expect(chat.page.locator("#notice-words")).to_contain_text("The server is restarting.")


def test_an_ended_session_keeps_the_draft_for_the_next_one(site: Web, visitor: Visitor):
    chat = visitor.begin(site, "Grace")
    chat.box.fill("my unfinished thought")
    other = visitor.open(chat.page.url)
    other.button("Menu").click()
    other.page.get_by_role("link", name="End and delete").click()
    other.button("Delete for good").click()
    expect(other.page).to_have_url(f"{site.url}/")
    expect(chat.page.locator("#notice-words")).to_contain_text("This conversation has ended")
    chat.link_is("Ended")
    expect(chat.button("Send")).to_be_disabled()
    chat.button("Start again").click()
    expect(chat.page.get_by_role("heading", name="Hello Grace")).to_be_visible()
    expect(chat.box).to_have_value("my unfinished thought")


def test_a_session_that_is_gone_on_reload_keeps_the_draft(
    make_stack: Callable[..., Stack], redis_server: RedisServer, visitor: Visitor
):
    chat = visitor.begin(make_stack().web())
    chat.box.fill("precious")
    redis_server.client().flushall()
    chat.page.reload()
    expect(chat.page.get_by_text("What you were writing is kept")).to_be_visible()
    chat.page.get_by_role("link", name="Start again").click()
    chat.page.get_by_label("What should we call you?").fill("Ada")
    chat.page.get_by_role("button", name="Start chatting").click()
    expect(chat.box).to_have_value("precious")


def test_a_refused_handshake_of_a_dead_session_ends_the_page(stack: Stack, site: Web, visitor: Visitor, tmp_path):
    with running_redis(tmp_path / "redis") as redis:
        web = stack.web(REDIS_URL=redis.url)
        chat = visitor.begin(web)
        chat.page.evaluate("Math.random = () => 1e6")
        web.process.stop(signal.SIGKILL)
        redis.client().flushall()
        stack.web(web.port, REDIS_URL=redis.url)
        chat.button("Try now").click()
        chat.link_is("Ended")


# --- Writing ----------------------------------------------------------------------------------------------


def test_shift_enter_breaks_and_the_draft_survives_a_reload(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.box.press_sequentially("one")
    height = chat.box.bounding_box()
    chat.box.press("Shift+Enter")
    chat.box.press_sequentially("two")
    expect(chat.box).to_have_value("one\ntwo")
    grown = chat.box.bounding_box()
    assert height
    assert grown
    assert grown["height"] > height["height"]
    chat.page.reload()
    expect(chat.box).to_have_value("one\ntwo")
    chat.link_is("Connected")
    chat.box.press("Enter")
    expect(chat.box).to_have_value("")
    expect(chat.turns("done", "bot")).to_have_count(1)
    chat.page.reload()
    expect(chat.box).to_have_value("")


def test_the_box_stops_growing_at_eight_lines(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.box.fill("\n".join("12345678"))
    eight = chat.box.bounding_box()
    chat.box.fill(LONGER)
    assert chat.box.bounding_box() == eight


def test_enter_that_ends_a_composition_does_not_send(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.box.fill("にほん")
    chat.box.dispatch_event("keydown", {"key": "Enter", "isComposing": True, "bubbles": True})
    expect(chat.box).to_have_value("にほん")
    expect(chat.turns()).to_have_count(0)


def test_the_counter_comes_near_the_limit_and_counts_as_the_server_does(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    counter = chat.page.locator("#counter")
    chat.box.fill("😀" * 3000)
    expect(counter).to_be_hidden()
    chat.box.fill("😀" * 3999)
    expect(counter).to_have_text("1 character left")
    chat.box.fill("😀" * 4002)
    expect(counter).to_have_text("2 characters too many")
    expect(chat.button("Send")).to_be_disabled()
    chat.box.press("Enter")
    expect(chat.turns()).to_have_count(0)


def test_an_example_fills_the_box(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    example = chat.page.locator(".example").first
    example.click()
    expect(chat.box).to_have_value(example.inner_text())
    expect(chat.box).to_be_focused()


# --- Scrolling --------------------------------------------------------------------------------------------


def test_the_page_follows_until_one_scrolls_up(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    at_end = "(s => s.scrollHeight - s.scrollTop - s.clientHeight < 30)(document.getElementById('scroller'))"
    chat.say(LONGER)
    expect(chat.turns("streaming")).to_contain_text("line 3")
    assert chat.page.evaluate(at_end)
    chat.page.mouse.move(640, 300)
    chat.page.mouse.wheel(0, -300)
    expect(chat.button("Jump to the end")).to_be_visible()
    top = chat.page.evaluate("document.getElementById('scroller').scrollTop")
    expect(chat.turns("streaming")).to_contain_text("line 8")
    assert chat.page.evaluate("document.getElementById('scroller').scrollTop") == top
    chat.button("Jump to the end").click()
    expect(chat.button("Jump to the end")).to_be_hidden()
    wait_until(lambda: chat.page.evaluate(at_end), "the end of the page")
    expect(chat.turns("streaming")).to_contain_text("line 14")
    assert chat.page.evaluate(at_end)
    chat.button("Stop the reply").click()
    expect(chat.turns("stopped")).to_have_count(1)
    # The next message goes near the top, with room for its answer.
    chat.say("and now?")
    expect(chat.turns("done", "bot")).to_have_count(1)
    assert chat.page.evaluate(at_end)
    area, own = chat.page.locator("#scroller").bounding_box(), chat.turns(source="human").last.bounding_box()
    assert area
    assert own
    assert 0 <= own["y"] - area["y"] < 40


# --- Taking it along --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("item", "end"), [("Save as Markdown", ".md"), ("Save as JSON", ".json")])
def test_the_menu_saves_the_conversation(site: Web, visitor: Visitor, item: str, end: str):
    chat = visitor.begin(site, "Ада")
    chat.say("keep **this**")
    expect(chat.turns("done", "bot")).to_have_count(1)
    chat.button("Menu").click()
    with chat.page.expect_download() as saved:
        chat.page.get_by_role("link", name=item).click()
    assert saved.value.suggested_filename.startswith("chat-Ада-")
    assert saved.value.suggested_filename.endswith(end)
    assert saved.value.path().read_text().count("keep **this**") == 2
    chat.link_is("Connected")


# --- Every screen, and none -------------------------------------------------------------------------------


@pytest.mark.parametrize("width", [320, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone_needs_no_sideways_scrolling(
    site: Web, make_visitor: Callable[..., Visitor], width: int, scheme: str
):
    chat = make_visitor(
        viewport={"width": width, "height": 700}, has_touch=True, is_mobile=True, color_scheme=scheme
    ).begin(site, "Wolfeschlegelsteinhausenbergerdorff" * 2)
    # A phone makes the window wider when something does not fit in it.
    fits = f"document.documentElement.scrollWidth <= {width}"
    assert chat.page.evaluate(fits)
    chat.say("unbroken" * 60)
    chat.say("waits")
    expect(chat.turns("done", "bot")).to_have_count(2)
    assert chat.page.evaluate(fits)
    assert chat.page.evaluate("(s => s.scrollWidth <= s.clientWidth)(document.getElementById('scroller'))")
    chat.button("Menu").click()
    expect(chat.page.get_by_role("link", name="End and delete")).to_be_in_viewport()
    chat.page.goto(f"{site.url}/")
    assert chat.page.evaluate(fits)


def test_reading_and_writing_work_without_scripts(site: Web, make_visitor: Callable[..., Visitor]):
    chat = make_visitor(java_script_enabled=False).begin(site)
    chat.box.fill("no scripts here")
    chat.button("Send").click()
    expect(chat.turns(source="human").locator(".text")).to_have_text("no scripts here")

    def is_answered() -> bool:
        chat.page.reload()
        return chat.turns("done", "bot").count() == 1

    wait_until(is_answered, "the reply")
    assert chat.texts() == ["no scripts here", "no scripts here"]


def test_everything_is_reached_by_keyboard(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.page.reload()
    chat.page.locator("body").press("Tab")
    chat.page.evaluate("document.activeElement.blur()")
    chat.page.keyboard.press("Tab")
    chat.page.get_by_role("link", name="Skip to the message box").focus()
    chat.page.keyboard.press("Enter")
    expect(chat.box).to_be_focused()
    chat.page.get_by_role("button", name="Menu").focus()
    chat.page.keyboard.press("Enter")
    expect(chat.page.get_by_role("link", name="Save as JSON")).to_be_visible()
    chat.page.keyboard.press("Escape")
    expect(chat.page.get_by_role("link", name="Save as JSON")).to_be_hidden()
    expect(chat.page.get_by_role("button", name="Menu")).to_be_focused()


def test_the_live_page_speaks_chinese_and_arabic_stands_on_the_right(
    site: Web, make_visitor: Callable[..., Visitor]
):
    chat = make_visitor(locale="zh-CN").open(f"{site.url}/")
    chat.page.locator("#name").fill("小明")
    chat.page.get_by_role("button", name="开始聊天").click()
    chat.link_is("已连接")
    box = chat.page.get_by_role("textbox", name="你的消息")
    box.fill("x" * 3999)
    expect(chat.page.locator("#counter")).to_have_text("还可输入 1 个字符")
    box.fill("مرحبا بالعالم")
    box.press("Enter")
    reply = chat.turns("done", "bot").locator(".text")
    expect(reply).to_have_text("مرحبا بالعالم")
    right = "(text) => { const range = document.createRange(); range.selectNodeContents(text);"
    right += " return text.getBoundingClientRect().right - range.getBoundingClientRect().right }"
    assert reply.evaluate(right) < 40
    # By hand: English, at once and from now on.
    chat.page.get_by_role("button", name="菜单").click()
    chat.page.get_by_role("button", name="English").click()
    chat.link_is("Connected")
