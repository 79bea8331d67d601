"""Markdown in replies: how it looks when it is finished, while it is being written, and what it costs."""

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Effort, Visitor
from tests.servers import Web

pytestmark = pytest.mark.xdist_group("browser")

RENDER = """async ({ pieces }) => {
    const { Markdown } = await import("/static/chat/js/markdown.js");
    const root = document.body.appendChild(document.createElement("div"));
    const markdown = new Markdown(root);
    const seen = [];
    let text = "";
    pieces.forEach((piece, at) => {
        text += piece;
        markdown.set(text, at === pieces.length - 1);
        while (markdown.hasWork) markdown.work();
        seen.push(root.innerHTML);
    });
    root.remove();
    return seen;
}"""

SAMPLE = """# Title

A **bold** and an *italic* word, `code`, ~~gone~~ and a [link](https://example.org/a_b(c)).

- one
- two **of them**
   1. nested

> quoted
> text

| a | b |
|---|--:|
| 1 | **2** |

```python
print("hi")
```

after"""


def render(page: Page, *pieces: str) -> list[str]:
    """The HTML after each piece."""
    seen: list[str] = page.evaluate(RENDER, {"pieces": list(pieces)})
    return seen


def close(page: Page, text: str) -> str:
    closed: str = page.evaluate(
        "async (text) => (await import('/static/chat/js/unfinished.js')).closeForDisplay(text)", text
    )
    return closed


def test_what_markdown_becomes(page: Page):
    [html] = render(page, SAMPLE)
    for expected in (
        "<h2>Title</h2>",
        "<strong>bold</strong>",
        "<em>italic</em>",
        "<code>code</code>",
        "<del>gone</del>",
        '<a href="https://example.org/a_b(c)" target="_blank" rel="noopener nofollow">link</a>',
        "<li>one</li>",
        "<blockquote>",
        '<td align="right"><strong>2</strong></td>',
        "<span>python</span>",
        "<p>after</p>",
    ):
        assert expected in html


def test_written_character_by_character_it_ends_the_same(page: Page):
    [whole] = render(page, SAMPLE)
    text_of = "html => new DOMParser().parseFromString(html, 'text/html').body.textContent"
    slowly = render(page, *SAMPLE)
    assert page.evaluate(text_of, slowly[-1]) == page.evaluate(text_of, whole)
    tags = "html => [...new DOMParser().parseFromString(html, 'text/html').body.querySelectorAll('*')]"
    tags += ".map((element) => element.localName).filter((name) => name !== 'span').join()"
    assert page.evaluate(tags, slowly[-1]) == page.evaluate(tags, whole)


def test_no_markup_character_is_ever_shown_while_it_is_written(page: Page):
    text = SAMPLE.split("```", maxsplit=1)[0]
    text_of = "all => all.map((html) => new DOMParser().parseFromString(html, 'text/html').body.textContent)"
    for shown in page.evaluate(text_of, render(page, *text)[:-1]):
        assert not set(shown) & set("*~`[]|#>"), shown


@pytest.mark.parametrize(
    ("begun", "closed"),
    [
        ("a **bo", "a **bo**"),
        ("a **bold*", "a **bold**"),
        ("a **", "a "),
        ("**a _b", "**a _b_**"),
        ("***both", "***both***"),
        ("~~go", "~~go~~"),
        ("`co", "`co`"),
        ("a ``co`d", "a ``co`d``"),
        ("snake_case and 2*3 or 4 * 5", "snake_case and 2*3 or 4 * 5"),
        ("see [lin", "see lin"),
        ("see [link](https://exa", "see link"),
        ("an ![image](https://exa", "an image"),
        ("| a | b", "| a | b |\n|---|---|"),
        ("| a | b |\n|-", "| a | b |\n|---|---|"),
        ("| a | b |\n", "| a | b |\n|---|---|"),
        ("- one\n- **tw", "- one\n- **tw**"),
        ("**open\n\nnext *one", "**open\n\nnext *one*"),
        ("text\n-", "text"),
        ("text\n``", "text"),
        ("- x\n  ```py\n  a = **", "- x\n  ```py\n  a = **"),
    ],
)
def test_what_is_open_is_closed_for_display(page: Page, begun: str, closed: str):
    assert close(page, begun) == closed


def test_headings_never_skip_a_level(page: Page):
    [html] = render(page, "### first\n\n###### second\n\n# third\n\n### fourth")
    assert [html.count(f"<h{level}>") for level in range(2, 7)] == [2, 2, 0, 0, 0]


def test_html_is_text_and_images_are_links(page: Page):
    [html] = render(page, 'a <b>b</b><br>c\n\n<div onclick="x()">d</div>\n\n![cat](https://example.org/cat.png)')
    assert "a &lt;b&gt;b&lt;/b&gt;<br>c" in html
    assert '&lt;div onclick="x()"&gt;d&lt;/div&gt;' in html
    assert '<a class="image" href="https://example.org/cat.png"' in html


FORMULAS = r"""It costs $5, not $10. For $a^2$ and \(b_1\) with $n$:

$$
x = \frac{-b}{2a}

- y
$$

- here $\alpha$ and

  \[ \begin{pmatrix} 1 \\ 2 \end{pmatrix}
  = z \]

Inline $$e = 1$$ too, and `$code$`."""


def test_formulas_become_mathml_and_no_tex_is_shown_while_they_are_written(page: Page):
    # The renderer comes with the first formula.
    page.evaluate(
        """async () => {
            const { formula } = await import("/static/chat/js/formula.js");
            for (formula("x", false); !window.temml; ) await new Promise((done) => setTimeout(done, 10));
        }"""
    )
    seen = render(page, *FORMULAS)
    assert seen[-1] == render(page, FORMULAS)[0]
    assert [seen[-1].count(part) for part in ("<math", "formula block", "<mfrac>", "<mtable")] == [7, 3, 1, 1]
    assert "It costs $5, not $10." in seen[-1]
    assert "<code>$code$</code>" in seen[-1]
    for html in seen[: -len(" too, and `$code$`.")]:
        shown = re.sub(r"<[^>]*>", "", html).replace("$5, not $10", "").replace("$5", "")
        assert not set(shown) & set(r"$\\^_{}"), shown
    # What cannot be read, or must not be, stays TeX.
    [broken] = render(page, r"$\frac{1$ and $\href{https://example.org}{x}$")
    assert "<math" not in broken
    assert broken.count('class="formula tex"') == 2


def test_a_reply_streams_with_code_that_can_be_copied(site: Web, visitor: Visitor):
    visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
    chat = visitor.begin(site)
    chat.say("Look **here** now:\n\n```python\ndef f():\n    return 1\n```\n\nand so on and so on")
    expect(chat.turns("streaming").locator("strong")).to_have_text("here")
    expect(chat.turns("streaming").locator("figure figcaption")).to_contain_text("python")
    assert "```" not in chat.turns(source="bot").inner_text()
    expect(chat.turns("done", "bot").locator(".hljs-keyword").first).to_have_text("def")
    chat.page.get_by_role("button", name="Copy the code").click()
    expect(chat.page.locator("figcaption button")).to_have_text("Copied")
    assert chat.page.evaluate("navigator.clipboard.readText()") == "def f():\n    return 1"
    # The person's own words stay as they were typed.
    assert "**here**" in chat.turns(source="human").inner_text()
    chat.page.reload()
    expect(chat.turns("done", "bot").locator("strong")).to_have_text("here")


def test_plain_replies_load_nothing_more(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    asked: list[str] = []
    chat.page.on("request", lambda request: asked.append(request.url))
    chat.say("plain words, nothing else")
    expect(chat.turns("done", "bot").locator(".text")).to_have_text("plain words, nothing else")
    assert not any("/vendor/" in url or ".js" in url for url in asked)
    chat.say("some *markup*")
    expect(chat.turns("done", "bot").locator("em")).to_have_text("markup")
    assert any("/static/vendor/marked/" in url for url in asked)
    assert not any("highlight" in url for url in asked)


def test_without_the_module_a_reply_stays_readable(site: Web, visitor: Visitor):
    chat = visitor.begin(site)
    chat.page.route("**/vendor/**", lambda route: route.abort())
    chat.say("some *markup*")
    expect(chat.turns("done", "bot").locator(".text")).to_have_text("some *markup*")
    chat.page.unroute("**/vendor/**")


# --- What it costs ----------------------------------------------------------------------------------------

PROSE = "A paragraph with **bold** and `code` and a [link](https://example.org/) in it. " * 5 + "\n\n"
KINDS = {
    "mixed": SAMPLE.replace("# Title", "## Part") + "\n\n" + PROSE,
    "paragraph": "words without any end and *some* markup, ",
    "list": "- an item with **bold** words in it\n",
    "code": "    value = compute(value, 42)  # a line of code\n",
    "table": "| a cell | another **cell** | 42 |\n",
}
STREAM = """async ({ head, part, size }) => {
    const { Reply, workOff } = await import("/static/chat/js/reply.js");
    await import("/static/chat/js/markdown.js");
    const turn = document.getElementById("turn-bot").content.firstElementChild.cloneNode(true);
    turn.dataset.status = "streaming";
    document.getElementById("turns").append(turn);
    const area = document.getElementById("scroller");
    let frames = 0;
    const frame = () => new Promise(requestAnimationFrame).then(() => frames++);
    const reply = new Reply(turn.querySelector(".text"));
    const tasks = [];
    const observer = new PerformanceObserver((list) =>
        tasks.push(...list.getEntries().map((task) => task.duration)));
    let text = head + part.repeat(Math.ceil((size - 8000) / part.length));
    reply.show(text, false);
    for (let i = 0; i < 600 && !turn.querySelector(".markdown"); i++) { workOff(); await frame(); }
    await frame();
    await frame();
    observer.observe({ type: "longtask" });
    const rest = part.repeat(Math.ceil(8000 / part.length));
    for (let at = 0; at < rest.length; at += 80) {
        reply.show(text + rest.slice(0, at), false);
        workOff();
        area.scrollTop = area.scrollHeight;
        await frame();
    }
    reply.show(text + rest, true);
    workOff();
    await frame();
    await frame();
    observer.disconnect();
    const length = turn.textContent.length;
    turn.remove();
    return { tasks, length, frames };
}"""


@pytest.mark.measured
@pytest.mark.parametrize("kind", KINDS)
def test_streaming_into_a_reply_of_200_kb_makes_no_long_task(site: Web, visitor: Visitor, kind: str):
    page = visitor.begin(site).page
    effort = Effort(page)
    head = {"code": "```python\n", "table": "| a | b | c |\n|---|---|---|\n"}.get(kind, "")
    before = effort.s()
    result: dict[str, Any] = page.evaluate(STREAM, {"head": head, "part": KINDS[kind], "size": 200_000})
    busy_ms = (effort.s() - before) * 1000 / result["frames"]
    assert result["length"] > 100_000
    assert result["tasks"] == [] or busy_ms < 25, f"{busy_ms:.0f} ms a frame, long tasks: {result['tasks']}"
