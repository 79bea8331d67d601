/**
 * The socket, and what becomes of it: it connects, notices silence, and comes back after a pause with full jitter,
 * or at once when the tab is looked at again or the network returns.
 *
 * Link states: {name: "connecting", reason} · {name: "ready"} · {name: "waiting", reason, until} · {name: "over"}.
 * "ready" means that the session has been received on this socket.
 */

export const PROTOCOL = "chatbot.v1";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;
const FLOOD_PAUSE_MS = 10_000;
const OPENING_MS = 10_000;
/** The server answers within 3 s even when its Redis is away; twice that is silence. */
export const ANSWER_MS = 7_000;
/** A connection that held this long was a good one: the pauses begin anew. */
const STABLE_MS = 5_000;

const REASONS = { 1008: "flood", 1012: "restart", 1013: "busy" };
const SESSION_OVER = 4401;
const TOO_BIG = 1009;

export class Connection {
  #url;
  #on;
  #socket = null;
  #timers = { pause: 0, opening: 0, answer: 0, stable: 0 };
  #failures = 0;
  #hasOpened = false;
  link = { name: "connecting", reason: "" };

  /**
   * @param {string} url of the socket
   * @param {{frame: Function, link: Function, tooBig: Function, isOver: () => Promise<string>}} on what to call;
   *   `isOver` asks over HTTP why a handshake was refused: "over", "refused" or "lost"
   */
  constructor(url, on) {
    this.#url = url;
    this.#on = on;
    addEventListener("online", () => this.retryNow());
    addEventListener("offline", () => this.sync());
    addEventListener("pageshow", (event) => event.persisted && this.retryNow());
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState !== "visible") return;
      if (this.link.name === "waiting") this.retryNow();
      else this.sync();
    });
  }

  get isReady() {
    return this.link.name === "ready";
  }

  open() {
    this.#drop();
    this.#hasOpened = false;
    this.#become({ name: "connecting", reason: this.#failures ? this.link.reason : "" });
    const socket = new WebSocket(this.#url, PROTOCOL);
    this.#socket = socket;
    this.#timers.opening = setTimeout(() => this.#lost("slow"), OPENING_MS);
    socket.onopen = () => (this.#hasOpened = true);
    socket.onmessage = (event) => this.#receive(event.data);
    socket.onclose = (event) => this.#closed(event.code);
  }

  /** Try at once. A pause that is under way ends. */
  retryNow() {
    if (this.link.name === "waiting") this.open();
    else if (this.link.name === "ready") this.sync();
  }

  /** Send a frame. False when there is no connection. */
  send(frame) {
    if (!this.isReady || this.#socket.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify(frame));
    return true;
  }

  /** Ask for the session. Silence ends the connection. */
  sync() {
    if (this.send({ type: "sync" })) this.#timers.answer ||= setTimeout(() => this.giveUp(), ANSWER_MS);
  }

  /** The server does not answer: connect anew. */
  giveUp() {
    if (this.isReady) this.#lost("unanswered");
  }

  #receive(data) {
    this.#clear("answer");
    const frame = JSON.parse(data);
    if (frame.type === "session" && !this.isReady) {
      this.#clear("opening");
      this.#timers.stable = setTimeout(() => (this.#failures = 0), STABLE_MS);
      this.#become({ name: "ready" });
    }
    this.#on.frame(frame);
  }

  async #closed(code) {
    const { isReady } = this;
    if (code === SESSION_OVER) return this.#over();
    if (code === TOO_BIG) this.#on.tooBig();
    if (isReady || this.#hasOpened || REASONS[code]) return this.#lost(REASONS[code] ?? "lost");
    // A refused handshake tells a page nothing; the page itself can be asked.
    const socket = this.#socket;
    const answer = navigator.onLine ? await this.#on.isOver() : "lost";
    if (socket !== this.#socket) return undefined;
    return answer === "over" ? this.#over() : this.#lost(answer);
  }

  #over() {
    this.#drop();
    this.#become({ name: "over" });
  }

  #lost(reason) {
    this.#drop();
    const ceiling = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
    const least = reason === "flood" ? FLOOD_PAUSE_MS : 0;
    // After a good connection the first try comes soon: most losses are a server that restarts.
    const pause = least + Math.random() * ceiling;
    this.#failures++;
    this.#timers.pause = setTimeout(() => this.open(), pause);
    this.#become({ name: "waiting", reason: navigator.onLine ? reason : "offline", until: Date.now() + pause });
  }

  #drop() {
    for (const name of Object.keys(this.#timers)) this.#clear(name);
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close();
  }

  #clear(name) {
    clearTimeout(this.#timers[name]);
    this.#timers[name] = 0;
  }

  #become(link) {
    this.link = link;
    this.#on.link(link);
  }
}
