/** What was written and not sent, kept in this tab: it survives a reload and the end of a session. */

const CARRY = "chat:carry";

function read(key) {
  try {
    return sessionStorage.getItem(key) ?? "";
  } catch {
    return ""; // storage is switched off
  }
}

function write(key, text) {
  try {
    if (text) sessionStorage.setItem(key, text);
    else sessionStorage.removeItem(key);
  } catch {
    // storage is full or switched off; the draft is then as safe as the page
  }
}

export class Drafts {
  #key;

  constructor(sessionId) {
    this.#key = `chat:${sessionId}:`;
  }

  get text() {
    return read(`${this.#key}draft`);
  }

  set text(text) {
    write(`${this.#key}draft`, text);
  }

  /** The message that is being edited, if any: {kind, id, draft}; `draft` is what was put aside for it. */
  get editing() {
    return JSON.parse(read(`${this.#key}editing`) || "null");
  }

  set editing(about) {
    write(`${this.#key}editing`, about ? JSON.stringify(about) : "");
  }

  /** Messages that the server has not confirmed. */
  get outbox() {
    try {
      return JSON.parse(read(`${this.#key}outbox`) || "[]");
    } catch {
      return [];
    }
  }

  set outbox(messages) {
    write(`${this.#key}outbox`, messages.length ? JSON.stringify(messages) : "");
  }

  /** Put all of it aside for the visitor's next conversation. Returns whether there was anything. */
  carry() {
    const drafts = [this.text, this.editing?.draft ?? ""];
    const texts = [...this.outbox.map((message) => message.text), ...drafts].filter((text) => text.trim());
    if (texts.length) write(CARRY, texts.join("\n\n"));
    this.outbox = [];
    this.text = "";
    this.editing = null;
    return texts.length > 0;
  }

  /** What the last conversation left, once. */
  static takeCarried() {
    const text = read(CARRY);
    write(CARRY, "");
    return text;
  }
}
