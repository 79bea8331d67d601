/**
 * Markdown of replies, block by block: what is finished is rendered once and never touched again, so a long reply
 * costs as little as a short one. Loaded with the first reply that needs it.
 *
 * HTML in a reply is shown as the text it is; images become links. What is left goes through DOMPurify with a short
 * list of what may be there, and that is the only way into the page.
 */

import DOMPurify from "../../vendor/dompurify/purify.es.mjs";
import { Lexer, Marked } from "../../vendor/marked/marked.esm.js";
import { CodeBlock } from "./code.js";
import { formula } from "./formula.js";
import { closeForDisplay, inlineFormulaEnd } from "./unfinished.js";
import { words } from "./words.js";

/** Read at most so much at once: small enough for a frame, large enough for nearly every block. */
const PIECE_CHARS = 6_000;
/** A block that is longer is continued as a new one: what is open is read anew with every piece that comes. */
const LONGEST_BLOCK = 8_000;
const LONGEST = { list: 2_000, table: 3_000 };
const SAFE_PROTOCOLS = ["http:", "https:", "mailto:"];
const LONGEST_FORMULA = 2_000;
const FENCE = /^(`{3,}|~{3,})([^\n`]*)\n/;
/** Nobody quotes a quote of a quote twelve times; parsers get slow there. */
const TOO_DEEP = /^[ \t]*(?:(?:>|[-*+]|\d{1,9}[.)])[ \t]*){12}/m;

const ALLOWED = {
  ALLOWED_TAGS: [
    ..."p br hr h2 h3 h4 h5 h6 strong em del code pre blockquote ul ol li a".split(" "),
    ..."table thead tbody tr th td #text".split(" "),
  ],
  ALLOWED_ATTR: ["href", "class", "align", "start"],
  ADD_URI_SAFE_ATTR: ["align", "start"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  ALLOW_ARIA_ATTR: false,
  ALLOW_DATA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

const escape = (text) => text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

/** The level of the heading before, so that none is skipped. The page's own title is the first. */
let level = 1;

/** Whether more may come: a formula that has begun is one then, though its end is not there. */
let isUnderWay = false;

const BLOCK_FORMULA = /^ {0,3}(?:\$\$(?!\$)([\s\S]+?)\$\$|\\\[([\s\S]+?)\\\])[ \t]*(?:\n+|$)/;
const BLOCK_FORMULA_BEGINS = /^ {0,3}(?:\$\$(?!\$)|\\\[)[^\n]*(?:\n|$)/m;

const blockFormula = {
  name: "blockFormula",
  level: "block",
  start: (source) => BLOCK_FORMULA_BEGINS.exec(source)?.index,
  tokenizer(source) {
    const found = BLOCK_FORMULA.exec(source);
    const tex = found?.[1] ?? found?.[2];
    if (found && tex.trim() && tex.length <= LONGEST_FORMULA) return { type: "blockFormula", raw: found[0], text: tex.trim() };
    const begins = isUnderWay && source.length <= LONGEST_FORMULA && BLOCK_FORMULA_BEGINS.exec(source)?.index === 0;
    // Closed in the same line, with words behind it: that is a formula in a sentence.
    if (!begins || /^ {0,3}(?:\$\$.+?\$\$|\\\[.+?\\\])/.test(source)) return undefined;
    return { type: "blockFormula", raw: source, text: "" };
  },
  renderer: ({ text }) => (text ? `<pre><code class="formula block">${escape(text)}</code></pre>` : ""),
};

const inlineFormula = {
  name: "inlineFormula",
  level: "inline",
  start: (source) => /\$|\\[([]/.exec(source)?.index,
  tokenizer(source) {
    const { end, text, isBlock } = inlineFormulaEnd(source, 0) ?? {};
    return end ? { type: "inlineFormula", raw: source.slice(0, end), text, isBlock } : undefined;
  },
  renderer: ({ text, isBlock }) => `<code class="formula${isBlock ? " block" : ""}">${escape(text)}</code>`,
};

const marked = new Marked({
  gfm: true,
  breaks: true,
  tokenizer: {
    // No HTML: it stays text. Only the line break that models put into tables means something.
    html: () => undefined,
    tag(source) {
      const lineBreak = /^<br ?\/?>/i.exec(source);
      return lineBreak ? { type: "br", raw: lineBreak[0] } : undefined;
    },
  },
  renderer: {
    html: ({ text }) => escape(text),
    heading({ tokens, depth }) {
      level = Math.min(depth + 1, level + 1, 6);
      return `<h${level}>${this.parser.parseInline(tokens)}</h${level}>\n`;
    },
    code: ({ text, lang }) => `<pre><code class="language-${escape(lang?.trim() ?? "")}">${escape(text)}</code></pre>\n`,
    link({ href, tokens }) {
      const label = this.parser.parseInline(tokens);
      return isSafe(href) ? `<a href="${escape(href)}">${label}</a>` : label;
    },
    image({ href, text }) {
      const label = escape(text || words.image);
      return isSafe(href) ? `<a class="image" href="${escape(href)}">${label}</a>` : label;
    },
    checkbox: ({ checked }) => (checked ? "☑ " : "☐ "),
  },
}).use({ extensions: [blockFormula, inlineFormula] });

/** Whole addresses only: one without a protocol would lead into this site. */
function isSafe(href) {
  try {
    return SAFE_PROTOCOLS.includes(new URL(href).protocol);
  } catch {
    return false;
  }
}

/** A text under way, rendered into an element. */
export class Markdown {
  #root;
  #text = "";
  #isDone = false;
  /** How much has been read; how much of it is rendered for good. */
  #read = 0;
  #settled = 0;
  /** Of what is rendered for good. */
  #level = 1;
  #links = {};
  /** The head of a table that is continued, put in front of what is not settled. */
  #carry = "";
  /** The nodes of the block that is still being written. */
  #open = [];
  /** A block of code that is being written: {block, mark, from}. */
  #fence = null;

  constructor(root) {
    this.#root = root;
    root.replaceChildren();
  }

  /** The text has grown; `isDone`: and will grow no more. */
  set(text, isDone) {
    this.#text = text;
    this.#isDone ||= isDone;
    this.hasWork = true;
  }

  hasWork = false;

  /** Read the next piece. Call it while `hasWork`. */
  work() {
    this.#read = Math.min(this.#text.length, this.#read + PIECE_CHARS);
    const isAll = this.#read === this.#text.length;
    if (!this.#fence || this.#readFence(isAll && this.#isDone)) this.#readBlocks(isAll);
    // A fence that has ended may leave a rest.
    this.hasWork = !isAll;
  }

  get #source() {
    return this.#carry + this.#text.slice(this.#settled, this.#read);
  }

  #readBlocks(isAll) {
    for (;;) {
      const source = this.#source;
      const isLast = isAll && this.#isDone;
      const { tokens, openAt } = this.#lex(source, isLast);
      const open = tokens.slice(openAt);
      this.#settle(tokens.slice(0, openAt));
      if (open.length === 0) return;
      if (this.#beginFence(open[0])) {
        if (this.#readFence(isLast)) continue;
        return;
      }
      if (open[0].raw.length > (LONGEST[open[0].type] ?? LONGEST_BLOCK) && this.#split(open[0])) continue;
      if (isAll) this.#showOpen();
      return;
    }
  }

  #lex(source, isLast) {
    if (TOO_DEEP.test(source)) {
      // As plain text, and up to the end of what is there.
      const cut = isLast ? source.length : source.lastIndexOf("\n") + 1 || (source.length > LONGEST_BLOCK ? source.length : 0);
      const raw = source.slice(0, cut);
      const plain = raw ? [{ type: "plain", raw }] : [];
      return { tokens: [...plain, ...(cut < source.length ? [{ type: "plain", raw: source.slice(cut) }] : [])], openAt: plain.length };
    }
    const tokens = this.#tokens(source, isLast);
    // What follows a blank line may still belong to what is before it.
    let openAt = tokens.length;
    if (!isLast) {
      openAt = tokens.findLastIndex(({ type }) => type !== "space");
      if (openAt < 0) openAt = 0;
    } else if (tokens.at(-1)?.type === "code") {
      // Its own way, so that it looks the same as one that was written slowly.
      openAt--;
      if (!FENCE.test(tokens[openAt].raw)) openAt++;
    }
    return { tokens, openAt };
  }

  #tokens(source, isLast) {
    isUnderWay = !isLast;
    const lexer = new Lexer(marked.defaults);
    Object.assign(lexer.tokens.links, this.#links);
    const tokens = lexer.lex(source);
    this.#links = tokens.links;
    return tokens;
  }

  #settle(tokens) {
    if (tokens.length === 0) return;
    const raw = tokens.reduce((length, token) => length + token.raw.length, 0);
    level = this.#level;
    const nodes = render(tokens);
    this.#level = level;
    this.#replaceOpen([]);
    this.#root.append(...nodes);
    this.#settled += raw - this.#carry.length;
    this.#carry = "";
  }

  #showOpen() {
    const source = this.#source;
    level = this.#level;
    const nodes = TOO_DEEP.test(source)
      ? render([{ type: "plain", raw: source }])
      : render(this.#tokens(closeForDisplay(source), true));
    this.#replaceOpen(nodes);
  }

  #replaceOpen(nodes) {
    for (const node of this.#open) node.remove();
    this.#root.append(...nodes);
    this.#open = nodes;
  }

  /** Make a block that grew too long into two, at an item, a row or a line. */
  #split({ type, raw, items }) {
    let cut = raw.lastIndexOf("\n", raw.length - 2) + 1;
    if (type === "list" && items.length > 1) cut = raw.length - items.at(-1).raw.length;
    else if (type !== "table") cut ||= raw.length;
    const head = type === "table" ? raw.split("\n", 2).join("\n") + "\n" : "";
    if (cut <= head.length) return false;
    this.#settle(this.#tokens(raw.slice(0, cut), true));
    this.#carry = head;
    return true;
  }

  // --- Code ---

  #beginFence({ type, raw }) {
    const begin = type === "code" && FENCE.exec(raw);
    if (!begin) return false;
    const block = new CodeBlock(begin[2].trim());
    this.#replaceOpen([]);
    this.#root.append(block.element);
    this.#settled += begin[0].length;
    this.#fence = { block, closes: new RegExp(`^ {0,3}\\${begin[1][0]}{${begin[1].length},}[ \\t]*$`), shown: 0 };
    return true;
  }

  /** Returns whether the block of code has ended. */
  #readFence(isLast) {
    const { block, closes } = this.#fence;
    let lines = "";
    while (this.#settled < this.#read) {
      const found = this.#text.indexOf("\n", this.#settled);
      const hasEnd = found >= 0 && found < this.#read;
      const end = hasEnd ? found : this.#read;
      const line = this.#text.slice(this.#settled, end);
      if ((hasEnd || isLast) && closes.test(line)) {
        block.append(lines);
        this.#settled = hasEnd ? end + 1 : end;
        return this.#endFence();
      }
      if (!hasEnd && !isLast) {
        // It may be the fence that ends the block.
        const mayClose = /^ {0,3}[`~]*[ \t]*$/.test(line);
        block.append(lines, mayClose ? "" : line);
        return false;
      }
      lines += hasEnd ? `${line}\n` : line;
      this.#settled = hasEnd ? end + 1 : end;
    }
    block.append(lines);
    return isLast && this.#endFence();
  }

  #endFence() {
    this.#fence.block.finish();
    this.#fence = null;
    return true;
  }
}

/** Tokens as nodes that may stand in the page. */
function render(tokens) {
  if (tokens.every(({ type }) => type === "space")) return [];
  if (tokens[0].type === "plain") return plain(tokens);
  let html;
  try {
    html = marked.parser(tokens);
  } catch {
    // Nested beyond all measure.
    return plain(tokens);
  }
  const fragment = DOMPurify.sanitize(html, ALLOWED);
  for (const link of fragment.querySelectorAll("a")) {
    link.target = "_blank";
    link.rel = "noopener nofollow";
  }
  for (const code of fragment.querySelectorAll("code.formula")) {
    const isBlock = code.classList.contains("block");
    const place = code.parentElement?.localName === "pre" ? code.parentElement : code;
    place.replaceWith(formula(code.textContent, isBlock));
  }
  for (const pre of fragment.querySelectorAll("pre")) {
    const block = new CodeBlock(pre.firstElementChild?.className.replace(/^language-/, "") ?? "");
    block.append(`${pre.textContent}\n`);
    block.finish();
    pre.replaceWith(block.element);
  }
  for (const table of fragment.querySelectorAll("table")) table.replaceWith(wide(table.cloneNode(true)));
  return [...fragment.childNodes].filter((node) => node.nodeType !== Node.TEXT_NODE || node.data.trim());
}

function plain(tokens) {
  const paragraph = document.createElement("p");
  paragraph.className = "plain";
  paragraph.textContent = tokens.map(({ raw }) => raw).join("").trimEnd();
  return [paragraph];
}

/** What may be wider than the column scrolls by itself, by keyboard too. */
function wide(table) {
  const box = document.createElement("div");
  box.className = "table";
  box.tabIndex = 0;
  box.role = "region";
  box.ariaLabel = words.table;
  box.append(table);
  return box;
}
