/**
 * What this page asks of the server, one frame at a time: the next one goes out when the last one was answered.
 * So an `error`, which names no frame, is always about the one under way. After a lost connection whatever was not
 * answered goes out again with the same id, which the server takes once.
 */

import { ANSWER_MS } from "./connection.js";

const MOST_TRIES = 3;

export class Outgoing {
  #send;
  #on;
  #queue = [];
  #current = null;
  #timer = 0;

  /**
   * @param {(frame: object) => boolean} send
   * @param {{refused: Function, unconfirmed: Function, silence: Function}} on the first two are called with the
   *   frame that had no success, the third one when an answer is overdue
   */
  constructor(send, on) {
    this.#send = send;
    this.#on = on;
  }

  /** @param {string} about the id of the message that the answer will name */
  push(frame, about = frame.id) {
    this.#queue.push({ frame, about, tries: 0 });
    this.flush();
  }

  /** Take back what has not gone out yet. False: it is under way. */
  withdraw(id) {
    if (this.#current?.frame.id === id) return false;
    this.#queue = this.#queue.filter((entry) => entry.frame.id !== id);
    return true;
  }

  /** Send the next frame, if none is under way. */
  flush() {
    while (!this.#current && this.#queue.length) {
      const [entry] = this.#queue;
      if (!this.#send(entry.frame)) return;
      this.#queue.shift();
      entry.tries++;
      this.#current = entry;
      this.#timer = setTimeout(this.#on.silence, ANSWER_MS);
    }
  }

  /** The connection is gone: what was under way has to go out again. */
  interrupted() {
    const entry = this.#finish();
    // A stop that comes late would end the next reply; a retry that did arrive would be refused.
    if (!entry || entry.frame.type === "stop" || entry.frame.type === "retry") return;
    if (entry.tries >= MOST_TRIES) this.#on.unconfirmed(entry.frame);
    else this.#queue.unshift(entry);
  }

  /** Look at a frame of the server: it may answer the one under way. */
  heard(frame) {
    if (frame.type === "session") this.#settle(frame);
    else if (frame.type === "error") this.refuseCurrent(frame);
    else if (this.#isAnsweredBy(frame)) this.#finish();
    this.flush();
  }

  #isAnsweredBy({ type, id, to, message }) {
    switch (this.#current?.frame.type) {
      case "send":
      case "retry":
        return this.#current.about === message?.id || this.#current.about === to;
      case "rate":
        return type === "rated" && this.#current.about === id;
      case "cancel":
        return type === "cancelled" && this.#current.about === id;
      case "stop":
        return (type === "replied" || type === "failed") && this.#current.about === to;
      default:
        return false;
    }
  }

  #settle({ messages, pending }) {
    const known = new Set([...messages, ...pending].map((message) => message.id));
    this.#queue = this.#queue.filter(({ frame }) => frame.type !== "send" || !known.has(frame.id));
    const current = this.#current?.frame;
    if (!current) return;
    const isDone =
      current.type === "send"
        ? known.has(current.id)
        : current.type !== "cancel" || !pending.some((message) => message.id === current.id);
    if (isDone) this.#finish();
  }

  /** The frame under way could not be taken at all. */
  refuseCurrent(error) {
    const entry = this.#finish();
    if (entry) this.#on.refused(entry.frame, error);
  }

  #finish() {
    clearTimeout(this.#timer);
    const entry = this.#current;
    this.#current = null;
    return entry;
  }
}
