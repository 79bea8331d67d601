/**
 * A message is edited in the message box. What was being written is put aside and comes back when the message is
 * sent or left; both survive a reload.
 */

import { words } from "./words.js";

const KINDS = {
  done: { text: words.editing, off: words.editingOff },
  failed: { text: words.editingFailed, off: words.editingOff },
  waiting: { text: words.editingWaiting, off: words.editingWaitingOff },
};

export class Editing {
  #composer;
  #drafts;
  #bar = document.getElementById("editing");
  #words = document.getElementById("editing-words");
  #off = document.getElementById("editing-off");

  constructor(composer, drafts) {
    this.#composer = composer;
    this.#drafts = drafts;
    this.#off.addEventListener("click", () => this.#leave());
    document.getElementById("text").addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing && drafts.editing) this.#leave();
    });
    this.#show();
  }

  /**
   * @param {string} kind "done" or "failed": the message `id` will be replaced; "waiting": it has left the line,
   *   and only a draft has to come back
   */
  begin(kind, { id, text }) {
    const draft = this.#drafts.editing?.draft ?? this.#composer.text;
    if (kind !== "waiting" || draft.trim()) this.#drafts.editing = { kind, id: kind === "waiting" ? "" : id, draft };
    this.#composer.put(text);
    this.#show();
  }

  /** The text was sent. Returns the id of the message whose place it takes, or nothing. */
  finish() {
    const { id, draft } = this.#drafts.editing ?? {};
    this.#end(draft);
    return id || undefined;
  }

  /** A message that something was said after, in another tab, is not edited any more: the text is a new one. */
  check(isEditable) {
    const { id, draft } = this.#drafts.editing ?? {};
    if (!id || isEditable(id)) return;
    this.#drafts.editing = null;
    if (draft) this.#composer.put(`${this.#composer.text}\n${draft}`, { takesFocus: false });
    this.#show();
  }

  #leave() {
    this.#end(this.#drafts.editing.draft);
  }

  #end(draft) {
    if (!this.#drafts.editing) return;
    this.#drafts.editing = null;
    this.#composer.put(draft);
    this.#show();
  }

  #show() {
    const { kind } = this.#drafts.editing ?? {};
    this.#bar.hidden = !kind;
    if (!kind) return;
    this.#words.textContent = KINDS[kind].text;
    this.#off.textContent = KINDS[kind].off;
  }
}
