/** A block of code: its language, a button that copies it, and colours. */

import { copyText } from "./copy.js";
import { words } from "./words.js";

/** Beyond this, colours take longer than a frame has. */
const LONGEST_COLOURED = 12_000;
/** So much is coloured anew with each line that comes; longer code waits until it is finished. */
const LONGEST_LIVE = 3_000;

const VENDOR = {
  bash: () => import("../../vendor/highlight.js/languages/bash.min.js"),
  c: () => import("../../vendor/highlight.js/languages/c.min.js"),
  cpp: () => import("../../vendor/highlight.js/languages/cpp.min.js"),
  csharp: () => import("../../vendor/highlight.js/languages/csharp.min.js"),
  css: () => import("../../vendor/highlight.js/languages/css.min.js"),
  diff: () => import("../../vendor/highlight.js/languages/diff.min.js"),
  dockerfile: () => import("../../vendor/highlight.js/languages/dockerfile.min.js"),
  go: () => import("../../vendor/highlight.js/languages/go.min.js"),
  ini: () => import("../../vendor/highlight.js/languages/ini.min.js"),
  java: () => import("../../vendor/highlight.js/languages/java.min.js"),
  javascript: () => import("../../vendor/highlight.js/languages/javascript.min.js"),
  json: () => import("../../vendor/highlight.js/languages/json.min.js"),
  kotlin: () => import("../../vendor/highlight.js/languages/kotlin.min.js"),
  lua: () => import("../../vendor/highlight.js/languages/lua.min.js"),
  makefile: () => import("../../vendor/highlight.js/languages/makefile.min.js"),
  markdown: () => import("../../vendor/highlight.js/languages/markdown.min.js"),
  php: () => import("../../vendor/highlight.js/languages/php.min.js"),
  python: () => import("../../vendor/highlight.js/languages/python.min.js"),
  ruby: () => import("../../vendor/highlight.js/languages/ruby.min.js"),
  rust: () => import("../../vendor/highlight.js/languages/rust.min.js"),
  sql: () => import("../../vendor/highlight.js/languages/sql.min.js"),
  swift: () => import("../../vendor/highlight.js/languages/swift.min.js"),
  typescript: () => import("../../vendor/highlight.js/languages/typescript.min.js"),
  xml: () => import("../../vendor/highlight.js/languages/xml.min.js"),
  yaml: () => import("../../vendor/highlight.js/languages/yaml.min.js"),
};
const ALIASES = {
  "c#": "csharp", "c++": "cpp", console: "bash", cs: "csharp", docker: "dockerfile", golang: "go", html: "xml",
  js: "javascript", jsx: "javascript", kt: "kotlin", make: "makefile", md: "markdown", patch: "diff", py: "python",
  rb: "ruby", rs: "rust", sh: "bash", shell: "bash", svg: "xml", toml: "ini", ts: "typescript", tsx: "typescript",
  yml: "yaml", zsh: "bash",
};

export class CodeBlock {
  #label;
  #language;
  #text = "";
  #lines = document.createElement("span");
  #rest = document.createTextNode("");

  /** @param {string} info the words behind the opening fence; the first names the language */
  constructor(info) {
    this.#label = info.split(/[\s,{:]/, 1)[0].toLowerCase().slice(0, 30);
    this.#language = ALIASES[this.#label] ?? this.#label;
    const figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    const language = document.createElement("span");
    const button = document.createElement("button");
    const pre = document.createElement("pre");
    const code = document.createElement("code");
    figure.className = "code";
    language.textContent = this.#label || words.code;
    button.type = "button";
    button.className = "action";
    button.textContent = words.copy;
    button.ariaLabel = words.copyCode;
    button.addEventListener("click", () => copyText(code.textContent.replace(/\n$/, ""), button, code));
    pre.tabIndex = 0;
    pre.role = "region";
    pre.ariaLabel = words.code;
    pre.dir = "ltr";
    code.append(this.#lines, this.#rest);
    pre.append(code);
    caption.append(language, button);
    figure.append(caption, pre);
    this.element = figure;
  }

  /** More whole lines, and what is there of the next one. */
  append(lines, rest = "") {
    if (lines) {
      this.#text += lines;
      const last = this.#lines.lastChild;
      if (last?.className === "part" && last.textContent.length < LONGEST_LIVE) last.append(lines);
      else this.#lines.append(part(lines));
      if (this.#text.length <= LONGEST_LIVE) this.#colour();
    }
    if (this.#rest.data !== rest) this.#rest.data = rest;
  }

  /** Nothing more comes. */
  finish() {
    if (this.#text.length > LONGEST_LIVE && this.#text.length <= LONGEST_COLOURED) this.#colour();
  }

  async #colour() {
    if (!Object.hasOwn(VENDOR, this.#language)) return;
    const text = this.#text;
    try {
      const nodes = await coloured(text, this.#language);
      // While the colours were being loaded more lines may have come; their own call is on its way.
      if (text === this.#text) this.#lines.replaceChildren(nodes);
    } catch {
      // Code can be read without colours.
    }
  }
}

/** Lines that are laid out together: a single text of a thousand lines would be laid out anew with each of them. */
function part(lines) {
  const element = document.createElement("span");
  element.className = "part";
  element.append(lines);
  return element;
}

let core = null;

async function coloured(text, language) {
  core ??= Promise.all([
    import("../../vendor/highlight.js/core.min.js"),
    import("../../vendor/dompurify/purify.es.mjs"),
  ]);
  const [[{ default: highlighter }, { default: DOMPurify }], { default: grammar }] = await Promise.all([
    core,
    VENDOR[language](),
  ]);
  if (!highlighter.getLanguage(language)) highlighter.registerLanguage(language, grammar);
  const { value } = highlighter.highlight(text, { language, ignoreIllegals: true });
  return DOMPurify.sanitize(value, {
    ALLOWED_TAGS: ["span", "#text"],
    ALLOWED_ATTR: ["class"],
    ALLOW_ARIA_ATTR: false,
    ALLOW_DATA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
