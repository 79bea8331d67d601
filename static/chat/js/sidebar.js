/**
 * The visitor's conversations beside the open one. The server renders the list; this keeps it true: after what
 * happens here, when the tab is looked at again, and every few seconds while another conversation is being answered.
 */

import { Drawer } from "./drawer.js";
import { Manage } from "./manage.js";
import { keepOnly, markUnread, onSeen, see } from "./seen.js";
import { showTime } from "./times.js";
import * as tab from "./title.js";
import { titleOf } from "./words.js";

const TYPING_MS = 250;
const SOON_MS = 400;
const POLL_MS = 4_000;

export class Sidebar {
  #sessionId;
  #list = document.getElementById("own");
  #query = document.getElementById("own-query");
  #unread = document.getElementById("drawer-unread");
  #address = document.getElementById("side").dataset.list;
  #drawer = new Drawer();
  #timer = 0;
  #shownRev = -1;
  /** The newest request; older ones are given up. */
  #request = null;

  /** @param {{isEmpty: () => boolean, startWriting: () => void}} on */
  constructor(sessionId, on) {
    this.#sessionId = sessionId;
    new Manage(sessionId, () => this.refresh());
    this.#query.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.refresh();
    });
    this.#query.addEventListener("input", () => this.#refreshIn(TYPING_MS));
    document.getElementById("side-body").addEventListener("click", (event) => {
      if (!event.target.closest("[data-all]")) return;
      event.preventDefault();
      this.#query.value = "";
      this.#query.focus();
      this.refresh();
    });
    document.getElementById("new-chat").addEventListener("submit", (event) => {
      // One empty conversation is enough.
      if (!on.isEmpty()) return;
      event.preventDefault();
      this.#drawer.close();
      on.startWriting();
    });
    document.addEventListener("visibilitychange", () => !document.hidden && this.refresh());
    onSeen(() => this.#mark());
    this.#mark();
    this.#list.querySelector("[aria-current]")?.scrollIntoView({ block: "nearest" });
  }

  /** After a frame that changes the list. */
  heard({ type }, isFirst) {
    if (type === "replied" || type === "failed" || (type === "queued" && isFirst)) this.#refreshIn(SOON_MS);
  }

  /** The open conversation is on the page as it is at this revision. */
  shown(rev) {
    if (document.hidden || rev <= this.#shownRev) return;
    this.#shownRev = rev;
    see(this.#sessionId, rev);
  }

  /** Read the list again. When that fails the old one stays, and the next occasion tries again. */
  refresh() {
    clearTimeout(this.#timer);
    this.#request?.abort();
    const request = (this.#request = new XMLHttpRequest());
    const search = new URLSearchParams({ current: this.#sessionId, q: this.#query.value });
    request.open("GET", `${this.#address}?${search}`);
    // Parsed by the browser, and no script in it ever runs.
    request.responseType = "document";
    request.onload = () => {
      const fresh = request.response?.getElementById("own");
      if (request.status === 200 && fresh) this.#replace(fresh);
    };
    request.send();
  }

  #refreshIn(ms) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.refresh(), ms);
  }

  #replace(fresh) {
    for (const time of fresh.querySelectorAll("time")) showTime(time, time.dateTime);
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : "";
    if (fresh.outerHTML !== this.#list.outerHTML) {
      const list = document.importNode(fresh, true);
      this.#list.replaceWith(list);
      this.#list = list;
      if (focused) list.querySelector(`[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    }
    const title = this.#list.querySelector("[aria-current] .own-title:not(.is-new)");
    if (title) tab.rename(titleOf(title.textContent.trim()));
    if (!this.#list.dataset.query) keepOnly([...this.#list.querySelectorAll(".own-item")].map((item) => item.dataset.id));
    this.#mark();
  }

  #mark() {
    const count = markUnread(this.#list, this.#sessionId);
    this.#unread.hidden = count === 0;
    const others = `.own-item[data-answering]:not([data-id="${CSS.escape(this.#sessionId)}"])`;
    if (!document.hidden && this.#list.querySelector(others)) this.#refreshIn(POLL_MS);
  }
}
