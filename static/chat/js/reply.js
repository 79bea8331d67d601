/**
 * What the bot says, in its element: plain text at once, Markdown as soon as a reply needs it. Long texts are
 * worked off in slices, so that no frame takes long.
 */

const BUDGET_MS = 8;
/** From here on the browser lays out and paints only what is in view. */
const LONG_CHARS = 20_000;
const MARKUP =
  /[*_`#[\]~|\\$]|https?:\/\/|www\.|\S@\S|^ {0,3}(?:[-+>]|\d{1,9}[.)])(?: |$)|^ {0,3}(?:-{3,}|={3,})$|^(?: {4}|\t)/m;

/** The module that knows Markdown, once it is there. */
let module = null;
let loading = null;
/** Replies with more to show, those at the end of the page last. */
const waiting = new Set();
let frameRequest = 0;
let grown = () => {};

/** `callback` is called after texts have grown on their own, between two renderings of the page. */
export function onGrown(callback) {
  grown = callback;
}

export class Reply {
  #element;
  #text;
  #isDone = false;
  /** {root, blocks}: the Markdown, and the element that it is written into. */
  #rich = null;

  /** @param {HTMLElement} element may hold the text already, as the server rendered it */
  constructor(element) {
    this.#element = element;
    this.#text = element.textContent;
  }

  /** The text as it is now; `isDone`: it grows no more. What is new is on the page after the next `workOff`. */
  show(text, isDone) {
    if (text.includes("\r")) text = text.replace(/\r\n?/g, "\n");
    const before = this.#text;
    const grows = text.startsWith(before) && (!this.#isDone || text.length === before.length);
    this.#text = text;
    this.#isDone = isDone;
    if (!grows) this.#rich = null;
    if (!this.#rich?.root.isConnected) this.#showPlain(before, grows);
    if (this.#rich) {
      this.#rich.blocks.set(text, isDone);
      waiting.add(this);
    } else {
      // Of a text that grows, only what is new and the line that it goes on.
      const isNew = !grows || before.length === text.length;
      if (MARKUP.test(isNew ? text : text.slice(before.lastIndexOf("\n") + 1))) this.#enrich();
    }
  }

  #showPlain(before, grows) {
    this.#element.classList.remove("markdown");
    const node = this.#element.firstChild;
    if (grows && node?.data === before) {
      if (this.#text.length > before.length) node.appendData(this.#text.slice(before.length));
    } else if (this.#element.textContent !== this.#text) {
      this.#element.textContent = this.#text;
    }
  }

  async #enrich() {
    if (!module) {
      await (loading ??= load());
      if (!module || this.#rich) return;
      again();
    }
    const root = document.createElement("div");
    this.#rich = { root, blocks: new module.Markdown(root) };
    this.#rich.blocks.set(this.#text, this.#isDone);
    waiting.add(this);
  }

  /** Read one slice; whether there is more. */
  work() {
    const { root, blocks } = this.#rich ?? {};
    if (!blocks) return false;
    if (blocks.hasWork) blocks.work();
    if (blocks.hasWork) return true;
    this.#element.classList.toggle("long", this.#text.length > LONG_CHARS);
    // Until all of it is read the plain text stays, so that nothing vanishes or jumps.
    if (!root.isConnected) {
      this.#element.replaceChildren(root);
      this.#element.classList.add("markdown");
    }
    return false;
  }
}

/** Show what has come, as much of it as a frame has time for; the rest in the frames after it. */
export function workOff() {
  const end = performance.now() + BUDGET_MS;
  for (const reply of [...waiting].reverse()) {
    while (reply.work()) {
      if (performance.now() > end) return again();
    }
    waiting.delete(reply);
    if (performance.now() > end) break;
  }
  if (waiting.size) again();
}

function again() {
  frameRequest ||= requestAnimationFrame(() => {
    frameRequest = 0;
    workOff();
    grown();
  });
}

async function load() {
  try {
    module = await import("./markdown.js");
  } catch {
    // Replies stay plain text; the next one tries again.
  }
  loading = null;
}
