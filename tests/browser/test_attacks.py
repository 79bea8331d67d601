"""What a model may say to get out of its reply: nothing of it runs, loads, changes or leaves the page."""

from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visitor
from tests.servers import Web

pytestmark = pytest.mark.xdist_group("browser")

X = "alert(1)"
E = "https://evil.example"
ATTACKS = [
    f"<script>{X}</script>",
    f"<SCRIPT SRC={E}/x.js></SCRIPT>",
    f"<script\x0c>{X}</script>",
    f"<scr<script>ipt>{X}</scr</script>ipt>",
    f"<img src=x onerror={X}>",
    f'<img src="{E}/p.gif">',
    f"<img/src/onerror={X}>",
    f"<img srcset='{E}/a.png 1x'>",
    f'<IMG """><SCRIPT>{X}</SCRIPT>">',
    f"<svg onload={X}>",
    f"<svg><script>{X}</script></svg>",
    f"<svg><animate onbegin={X} attributeName=x dur=1s>",
    f'<svg><a xlink:href="javascript:{X}"><text>x</text></a></svg>',
    f"<svg><use href='data:image/svg+xml,<svg id=x onload={X}>#x'/></svg>",
    f"<svg><style><img src=x onerror={X}></style></svg>",
    f"<svg></p><style><a id='</style><img src=1 onerror={X}>'>",
    f"<math><mtext><table><mglyph><style><img src=x onerror={X}>",
    f"<math><mi//xlink:href='data:x,<script>{X}</script>'>",
    f"<math><annotation-xml encoding='text/html'><script>{X}</script></annotation-xml></math>",
    f"<form><math><mtext></form><form><mglyph><style></math><img src onerror={X}>",
    f"<iframe src='javascript:{X}'></iframe>",
    f"<iframe srcdoc='<script>parent.{X}</script>'></iframe>",
    f"<iframe src='{E}'></iframe>",
    f"<object data='javascript:{X}'></object>",
    f"<embed src='{E}/x.swf'>",
    f"<base href='{E}/'>",
    f"<meta http-equiv=refresh content='0;url={E}'>",
    f"<link rel=stylesheet href='{E}/x.css'>",
    f"<link rel=prefetch href='{E}/x'>",
    f"<style>@import '{E}/x.css';</style>",
    f"<style>body{{background:url({E}/x)}}</style>",
    f"<p style='background:url({E}/x)'>styled</p>",
    f"<form action='{E}'><input name=q><button>go</button></form>",
    f"<input autofocus onfocus={X}>",
    f"<details open ontoggle={X}>x</details>",
    f"<video><source onerror={X}></video>",
    f"<video poster='{E}/x.png'></video>",
    f"<audio src=x onerror={X}>",
    f"<body onload={X}>",
    f"<marquee onstart={X}>x</marquee>",
    f"<select autofocus onfocus={X}>",
    f"<a href='javascript:{X}'>x</a>",
    f"<a href='java&#10;script:{X}'>x</a>",
    "<a id=composer><a id=composer name=session>x</a>",
    "<img name=getElementById><form id=document><input name=cookie>",
    "<form name=body><input id=attributes><input name=nodeName></form>",
    f"<noscript><p title='</noscript><img src=x onerror={X}>'>",
    f"<template><img src=x onerror={X}></template>",
    f"<textarea><img title='</textarea><img src=x onerror={X}>'>",
    f"<xmp><img title='</xmp><img src=x onerror={X}>'></xmp>",
    f"<!--><img src=x onerror={X}>-->",
    f"<![CDATA[<img src=x onerror={X}>]]>",
    f"<?xml version='1.0'?><img src=x onerror={X}>",
    f"[x](javascript:{X})",
    f"[x](JaVaScRiPt:{X})",
    f"[x](java\tscript:{X})",
    f"[x](&#106;avascript:{X})",
    f"[x](javascript&colon;{X})",
    f"[x](<javascript:{X}>)",
    f"[x](vbscript:{X})",
    f"[x](data:text/html,<script>{X}</script>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    f"[x](blob:{E}/1)",
    "[x](file:///etc/passwd)",
    "[x](//evil.example/)",
    "[x](/c/other/end)",
    f'[x](https://a.example "onmouseover={X}")',
    f'[x](https://a.example/"onmouseover="{X})',
    f"[x]: javascript:{X}\n\n[x]",
    f"<javascript:{X}>",
    f"![x](javascript:{X})",
    f"![x]({E}/pixel.png)",
    f"![x](data:image/svg+xml,<svg onload={X}>)",
    f'![x]({E}/"onerror="{X})',
    f"![![x]({E}/a.png)]({E}/b.png)",
    f"[![x]({E}/a.png)](javascript:{X})",
    f'```"><img src=x onerror={X}>\ncode\n```',
    f"```html\n<img src=x onerror={X}>\n```",
    f"```js\n'</span><img src=x onerror={X}>'\n```",
    f"`<img src=x onerror={X}>`",
    f"| <img src=x onerror={X}> |\n|---|\n| <script>{X}</script> |",
    f"- [ ] <input onfocus={X} autofocus>\n- [x] done",
    f"# <img src=x onerror={X}>",
    f"> <svg onload={X}>",
    f"**<b onmouseover={X}>x**",
    "<b id=text name=text>clobbered</b>",
    f"www.evil.example/<script>{X}</script>",
    f'https://evil.example/"onmouseover="{X}',
    f"&lt;script&gt;{X}&lt;/script&gt; &#60;img src=x onerror={X}&#62;",
    f"$\\href{{javascript:{X}}}{{x}}$ $\\url{{javascript:{X}}}$",
    f"$\\includegraphics{{{E}/p.png}}$",
    f"$\\text{{<img src=x onerror={X}>}}$ and $<img src=x onerror={X}>=1$",
    "\\(\\class{menu}{x} \\id{composer}{x} \\data{session=x}{y}\\)",
    f"$\\style{{background:url({E}/x)}}{{x}}$ $\\color{{url({E}/x)}}{{y}}$",
    "$$\na = \\label{composer} \\tag{<b>} \\ref{text}\n$$",
    f"\\[\n</math><img src=x onerror={X}>\n\\]",
    "$\\rule{9999em}{9999em} \\raise{9999em}x \\hspace{9999em} \\kern-9999em y$",
    "$\\def\\a{\\a\\a}\\a$ $\\def\\b#1{\\b{#1#1}}\\b{x}$",
    "$\\Huge{\\Huge{\\Huge x}}$ $\\mathchoice{a}{b}{c}{d}$ $\\char'1F600$",
    "$$" + "{" * 900 + "x" + "}" * 900 + "$$",
    "$" + "\\sqrt{" * 60 + "x" + "}" * 60 + "$",
    "[" * 3000 + "x" + "](https://a.example)" * 50,
    "> " * 3000 + "deep",
    "*" * 3000 + "a" + "_*" * 1500,
]
LONG = 300

ATTACK = """async (cases) => {
    const { Markdown } = await import("/static/chat/js/markdown.js");
    const { formula } = await import("/static/chat/js/formula.js");
    // The renderer of formulas is there before the first attack.
    for (formula("x", false); !window.temml; ) await new Promise((done) => setTimeout(done, 10));
    await 0;
    const MATHML = "http://www.w3.org/1998/Math/MathML";
    const spacing = new RegExp("^(?:(?:(?:padding|margin)(?:-[a-z]+)?|width|min-width|height|display"
        + "|font-(?:style|weight|family)|math-(?:depth|style)|text-align|border[a-z-]*): ?[^;:]*; ?)+$");
    const allowed = new Set(("div p br hr h2 h3 h4 h5 h6 strong em del code pre blockquote ul ol li a table thead "
        + "tbody tr th td figure figcaption button span").split(" "));
    const attributes = new Set(["class", "href", "target", "rel", "align", "start", "type", "tabindex", "role",
        "aria-label", "dir"]);
    const place = document.getElementById("turns");
    const wrong = [];
    const check = (root, name) => {
        for (const element of root.querySelectorAll("*")) {
            if (element.namespaceURI === MATHML) {
                if (!element.closest(".formula > math") || !/^m/.test(element.localName))
                    wrong.push([name, element.outerHTML]);
                for (const { name: attribute, value } of element.attributes) {
                    const isWrong = /^(on|id$|href|src|data|name$)/.test(attribute) || /url|script:/.test(value)
                        || (attribute === "style" && !spacing.test(value));
                    if (isWrong) wrong.push([name, element.outerHTML]);
                }
                continue;
            }
            if (!allowed.has(element.localName) || element.namespaceURI !== "http://www.w3.org/1999/xhtml")
                wrong.push([name, element.outerHTML]);
            for (const { name: attribute, value } of element.attributes) {
                if (!attributes.has(attribute) || (attribute === "href" && !/^(https?|mailto):/.test(value)))
                    wrong.push([name, element.outerHTML]);
            }
            if (element.localName === "a" && element.href && element.rel !== "noopener nofollow")
                wrong.push([name, element.outerHTML]);
        }
    };
    let count = 0;
    for (const pieces of cases) {
        const root = document.createElement("div");
        place.append(root);
        const markdown = new Markdown(root);
        let text = "";
        pieces.forEach((piece, at) => {
            text += piece;
            markdown.set(text, at === pieces.length - 1);
            while (markdown.hasWork) markdown.work();
            check(root, text);
        });
        count++;
        await 0;
        root.remove();
    }
    // Whatever was to happen soon has happened.
    await new Promise((done) => setTimeout(done));
    await new Promise(requestAnimationFrame);
    return { wrong: wrong.slice(0, 5), count };
}"""


def cuts(attack: str) -> list[list[str]]:
    """Whole, character by character, and in two at every place; long ones at some."""
    if len(attack) > LONG:
        places = range(1, len(attack), len(attack) // 7)
        return [[attack], *([attack[:at], attack[at:]] for at in places)]
    return [[attack], list(attack), *([attack[:at], attack[at:]] for at in range(1, len(attack)))]


class Watch:
    """What a page did that nobody asked for."""

    def __init__(self, page: Page, site: Web) -> None:
        self.url = page.url
        self._page = page
        self._host = urlsplit(site.url).netloc
        self.dialogs: list[str] = []
        self.requests: list[str] = []
        page.on("dialog", self._dialog)
        page.on("request", self._request)
        page.on("popup", lambda popup: self.requests.append(popup.url))

    def _dialog(self, dialog: Any) -> None:
        self.dialogs.append(dialog.message)
        dialog.dismiss()

    def _request(self, request: Any) -> None:
        parts = urlsplit(request.url)
        # The page's own: what it is made of, and the list of conversations when one has been answered.
        if parts.netloc != self._host or not parts.path.startswith(("/static/", "/conversations")):
            self.requests.append(request.url)

    def saw_nothing(self) -> None:
        assert (self.dialogs, self.requests, self._page.url) == ([], [], self.url)


def test_attacks_whole_and_in_pieces(site: Web, visitor: Visitor):
    assert len(ATTACKS) >= 60
    page = visitor.begin(site).page
    watch = Watch(page, site)
    for attack in ATTACKS:
        cases = cuts(attack)
        result = page.evaluate(ATTACK, cases)
        assert result == {"wrong": [], "count": len(cases)}, attack[:200]
    watch.saw_nothing()
    assert page.evaluate("document.getElementById('composer').localName") == "form"


def test_attacks_through_the_whole_path(make_stack: Any, visitor: Visitor):
    stack = make_stack(MODEL_URL="echo:?delay_ms=0", CHAT_MAX_PENDING="200")
    stack.worker()
    site = stack.web()
    chat = visitor.begin(site)
    watch = Watch(chat.page, site)
    said = [attack for attack in ATTACKS if len(attack) <= LONG and "\x0c" not in attack]
    for attack in said:
        chat.say(f"{attack} **end**")
    expect(chat.turns("done", "bot")).to_have_count(len(said))
    unexpected = ":is(script, iframe, img, svg, style, form, input, object, embed, base, meta, link, [id])"
    unexpected += ", .turn .text [style]:not(math, math *)"
    assert chat.page.locator(f".turn .text {unexpected}").count() == 0
    watch.saw_nothing()
    # The same when the server has rendered it, and for the page that takes it over.
    chat.page.reload()
    chat.link_is("Connected")
    expect(chat.turns("done", "bot").locator("strong").first).to_have_text("end")
    assert chat.page.locator(f".turn .text {unexpected}").count() == 0
    assert watch.dialogs == []
    assert chat.page.url == watch.url


def test_the_policy_is_strict(site: Web, visitor: Visitor):
    page = visitor.begin(site).page
    answer = page.request.get(page.url)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    for directive in ("default-src 'self'", "base-uri 'none'", "object-src 'none'", "form-action 'self'"):
        assert directive in policy
