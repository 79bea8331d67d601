/** The message box: it grows, counts, keeps its draft, sends, and offers to stop what runs. */

import { Drafts } from "./drafts.js";
import { codePoints } from "./state.js";
import { left, tooMany, words } from "./words.js";

/** From this share of the limit on the rest is counted down. */
const COUNT_FROM = 0.85;

export class Composer {
  #form = document.getElementById("composer");
  #box = document.getElementById("text");
  #send = document.getElementById("send");
  #stop = document.getElementById("stop");
  #stopWords = document.getElementById("stop-words");
  #counter = document.getElementById("counter");
  #maxChars = Number(this.#form.dataset.maxChars);
  #growsByItself = CSS.supports("field-sizing", "content");
  #drafts;
  #situation = { isOver: false, stop: null };

  /** @param {{send: (text: string) => void, stop: () => void}} on */
  constructor(drafts, on) {
    this.#drafts = drafts;
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit(on.send);
    });
    this.#box.addEventListener("keydown", (event) => {
      // Enter that ends a composition of an input method does not send; 229 is how older engines say so.
      if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.keyCode === 229) return;
      event.preventDefault();
      this.#submit(on.send);
    });
    this.#box.addEventListener("input", () => this.#changed());
    this.#stop.addEventListener("click", () => {
      on.stop();
      this.focus();
    });
    this.#form.addEventListener("mousedown", (event) => {
      if (event.target === this.#form) {
        event.preventDefault();
        this.#box.focus();
      }
    });
    // What the server put there was refused a moment ago; else the draft, else what an ended session left.
    this.#box.value ||= drafts.text || Drafts.takeCarried();
    this.#changed();
    if (matchMedia("(hover: hover) and (pointer: fine)").matches) this.#box.focus({ preventScroll: true });
  }

  get text() {
    return this.#box.value;
  }

  /** Put a text into the box, in front of what is being written. */
  take(text) {
    const own = this.#box.value;
    this.#box.value = own.trim() ? `${text}\n${own}` : text;
    this.#changed();
    this.focus();
    this.#box.setSelectionRange(text.length, text.length);
  }

  /** Put a text into the box, in the place of what is being written. */
  put(text, { takesFocus = true } = {}) {
    this.#box.value = text;
    this.#changed();
    if (!takesFocus) return;
    this.#box.focus({ preventScroll: true });
    this.#box.setSelectionRange(text.length, text.length);
  }

  /** Focus, unless that would bring up a keyboard on a touch screen. */
  focus() {
    if (matchMedia("(hover: hover) and (pointer: fine)").matches) this.#box.focus({ preventScroll: true });
  }

  /** @param {{isOver: boolean, stop: null | "reply" | "waiting" | "stopping"}} situation */
  show(situation) {
    this.#situation = situation;
    this.#buttons();
  }

  #submit(send) {
    const text = this.#box.value;
    if (!text.trim() || codePoints(text) > this.#maxChars || this.#situation.isOver) return;
    this.#box.value = "";
    this.#changed();
    send(text);
    this.focus();
  }

  #changed() {
    const text = this.#box.value;
    const room = this.#maxChars - codePoints(text);
    this.#drafts.text = text;
    this.#counter.hidden = room > this.#maxChars * (1 - COUNT_FROM);
    this.#counter.textContent = room < 0 ? tooMany(-room) : left(room);
    this.#counter.classList.toggle("is-over", room < 0);
    this.#box.setAttribute("aria-invalid", String(room < 0));
    if (!this.#growsByItself) {
      this.#box.style.height = "auto";
      this.#box.style.height = `${this.#box.scrollHeight}px`;
    }
    this.#buttons();
  }

  #buttons() {
    const { isOver, stop } = this.#situation;
    const text = this.#box.value;
    const hasText = text.trim() !== "";
    // One place for both: stop while something runs and nothing is written, else send (and stop beside it).
    this.#stop.hidden = !stop || isOver;
    this.#stop.disabled = stop === "stopping";
    this.#stopWords.textContent = stop === "waiting" ? words.stopWaiting : words.stop;
    this.#send.hidden = Boolean(stop) && !hasText && !isOver;
    this.#send.disabled = !hasText || codePoints(text) > this.#maxChars || isOver;
  }
}
