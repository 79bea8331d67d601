/** What was said earlier: comes in pages while one scrolls up, and stays until the page is left. */

import { read } from "./access.js";
import { words } from "./words.js";

/** How far above what is seen the next page is asked for. */
const AHEAD_PX = 800;

export class Earlier {
  #place = document.getElementById("earlier");
  #link = document.getElementById("earlier-link");
  #area;
  #sessionId;
  #on;
  #before = "";
  #isLoading = false;

  /**
   * @param {HTMLElement} area what scrolls
   * @param {(page: {messages: object[], has_more: boolean}) => void} on called with each page
   */
  constructor(area, sessionId, on) {
    this.#sessionId = sessionId;
    this.#on = on;
    this.#link.addEventListener("click", (event) => {
      event.preventDefault();
      this.#load();
    });
    this.#area = area;
    const watch = (entries) => entries.at(-1).isIntersecting && this.#load();
    new IntersectionObserver(watch, { root: area, rootMargin: `${AHEAD_PX}px 0px 0px` }).observe(this.#place);
  }

  /** @param {object[]} messages those that are known, oldest first */
  show(messages, hasMore) {
    const first = messages.find(({ source }) => source === "human")?.id ?? "";
    this.#place.hidden = !hasMore || !first;
    this.#before = first;
  }

  get #isNear() {
    return this.#place.getBoundingClientRect().bottom > this.#area.getBoundingClientRect().top - AHEAD_PX;
  }

  async #load() {
    if (this.#isLoading || !this.#before || this.#place.hidden) return;
    this.#isLoading = true;
    this.#link.textContent = words.loadingEarlier;
    let hasFailed = false;
    try {
      this.#on(await read(this.#place.dataset.messages, this.#sessionId, { before: this.#before }));
    } catch {
      hasFailed = true;
    }
    this.#isLoading = false;
    this.#link.textContent = hasFailed ? words.earlierFailed : words.earlier;
    // It may have been a short page, or one has scrolled on: then nothing comes into view anew.
    if (!hasFailed) requestAnimationFrame(() => this.#isNear && this.#load());
  }
}
