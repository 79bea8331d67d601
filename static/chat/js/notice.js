/** The state of the connection in words: quiet in the bar, and above the message box when there is something to do. */

import { nextTry, reasons, words } from "./words.js";

/** A connection that comes up faster than this is not worth a word. */
const QUIET_MS = 1_500;
const REMARK_MS = 8_000;

const LINK_WORDS = {
  connecting: words.linkConnecting,
  ready: words.linkReady,
  waiting: words.linkWaiting,
  over: words.linkOver,
};

export class Notice {
  #link = document.getElementById("link");
  #linkWords = document.getElementById("link-words");
  #box = document.getElementById("notice");
  #words = document.getElementById("notice-words");
  #time = document.getElementById("notice-time");
  #now = document.getElementById("notice-now");
  #again = document.getElementById("again");
  #status = document.getElementById("status");
  #remark = { text: "", until: 0 };
  #lostAt = Date.now();
  #wasTold = false;

  /** @param {{retryNow: () => void, startAgain: () => void}} on */
  constructor(on) {
    this.#now.addEventListener("click", on.retryNow);
    this.#again.addEventListener("submit", on.startAgain);
    this.#link.hidden = false;
  }

  /** Say something that concerns what the visitor just did. */
  remark(text, now = Date.now()) {
    this.#remark = { text, until: now + REMARK_MS };
  }

  /** Returns whether something shown changes with time. */
  render(link, now) {
    this.#link.dataset.link = link.name;
    setText(this.#linkWords, LINK_WORDS[link.name]);
    if (link.name === "ready") return this.#showReady(now);
    this.#lostAt ||= now;
    const isNew = link.name === "connecting" && !link.reason;
    const isQuiet = isNew && now - this.#lostAt < QUIET_MS;
    this.#box.hidden = isQuiet;
    if (isQuiet) return true;
    const isOver = link.name === "over";
    this.#say(isOver ? words.ended : reasons[link.reason] ?? reasons.slow);
    this.#wasTold = true;
    const left = link.name === "waiting" ? Math.max(0, Math.ceil((link.until - now) / 1000)) : 0;
    setText(this.#time, isOver || isNew ? "" : nextTry(left));
    this.#now.hidden = link.name !== "waiting";
    this.#again.hidden = !isOver;
    return !isOver;
  }

  #showReady(now) {
    this.#lostAt = 0;
    setText(this.#time, "");
    this.#now.hidden = this.#again.hidden = true;
    const hasRemark = this.#remark.until > now;
    this.#box.hidden = !hasRemark;
    if (hasRemark) this.#say(this.#remark.text);
    else if (this.#wasTold) setText(this.#status, words.connected);
    this.#wasTold = hasRemark ? this.#wasTold : false;
    return hasRemark;
  }

  #say(text) {
    setText(this.#words, text);
    setText(this.#status, text);
  }
}

/** Touches the page only when something changes: screen readers hear each change of a live region. */
function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}
