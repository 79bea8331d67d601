/** Keeps the end of the conversation in view, as long as the reader is there and no longer. */

const AT_END_PX = 24;
/** How far from the top a new message of one's own stands. */
const TOP_PX = 16;

export class Follow {
  #area;
  #button;
  #lastTop = 0;
  /** Where a message of one's own was brought near the top, and which one. */
  #list = null;
  #ownId = "";
  #touchY = 0;
  isFollowing = true;

  constructor(area, button) {
    this.#area = area;
    this.#button = button;
    const letGo = () => this.#letGo();
    area.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    document.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    area.addEventListener("wheel", (event) => event.deltaY < 0 && letGo(), { passive: true });
    area.addEventListener("touchstart", (event) => (this.#touchY = event.touches[0].clientY), { passive: true });
    area.addEventListener("touchmove", (event) => event.touches[0].clientY > this.#touchY + 4 && letGo(), { passive: true });
    area.addEventListener("keydown", (event) => ["ArrowUp", "PageUp", "Home"].includes(event.key) && letGo());
    button.addEventListener("click", () => this.jump());
    new ResizeObserver(() => this.settle()).observe(area);
  }

  /** In a low window the document scrolls, not the area. */
  get #box() {
    return getComputedStyle(this.#area).overflowY === "auto" ? this.#area : document.scrollingElement;
  }

  get #isAtEnd() {
    const box = this.#box;
    return box.scrollHeight - box.scrollTop - box.clientHeight <= AT_END_PX;
  }

  #letGo() {
    const box = this.#box;
    if (box.scrollHeight <= box.clientHeight) return;
    this.isFollowing = false;
    this.#show();
  }

  #scrolled() {
    const { scrollTop } = this.#box;
    if (scrollTop < this.#lastTop - 1 && !this.#isAtEnd) this.isFollowing = false;
    else if (this.#isAtEnd && scrollTop >= this.#lastTop) this.isFollowing = true;
    this.#lastTop = scrollTop;
    this.#show();
  }

  #show() {
    this.#button.hidden = this.isFollowing || this.#isAtEnd;
  }

  /** A message of one's own goes near the top, with room below it for its answer; the end is followed from there. */
  bring(list, id) {
    this.#list = list;
    this.#ownId = id;
    this.isFollowing = true;
  }

  /** The end of the list is as high as it takes to have the message that was brought near the top. */
  #makeRoom(box) {
    const own = this.#list?.querySelector(`[data-id="${this.#ownId}"]`);
    // In a low window there is no room to give.
    if (!own || box !== this.#area) return;
    const last = this.#list.lastElementChild.getBoundingClientRect();
    const below = box.scrollHeight - box.scrollTop - (last.bottom - box.getBoundingClientRect().top);
    const between = last.top - own.getBoundingClientRect().top;
    const room = Math.max(0, box.clientHeight - below - between - TOP_PX);
    this.#list.style.setProperty("--room", `${Math.round(room)}px`);
  }

  /** After the content changed. */
  settle() {
    const box = this.#box;
    this.#makeRoom(box);
    if (this.isFollowing) box.scrollTop = box.scrollHeight;
    this.#lastTop = box.scrollTop;
    this.#show();
  }

  /** Do what changes things above, so that what is read does not move. */
  keepPlace(list, change) {
    const { top } = this.#area.getBoundingClientRect();
    const read = [...list.children].find((turn) => turn.getBoundingClientRect().bottom > top);
    const before = read?.getBoundingClientRect().top;
    change();
    // Browsers that do it by themselves have done it here, but none does at the very top.
    if (read?.isConnected) this.#box.scrollTop += read.getBoundingClientRect().top - before;
    this.#lastTop = this.#box.scrollTop;
  }

  /** Go to the end and stay there. */
  jump() {
    const box = this.#box;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const isFar = box.scrollHeight - box.scrollTop > 4 * box.clientHeight;
    this.isFollowing = true;
    box.scrollTo({ top: box.scrollHeight, behavior: isCalm || isFar ? "instant" : "smooth" });
    this.#show();
  }
}
