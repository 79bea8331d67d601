/** Renders the state into the page. Turns are keyed by message id; those that the server rendered are taken over. */

import { actionsOf, showActions } from "./actions.js";
import { Reply, workOff } from "./reply.js";
import { showTime } from "./times.js";
import { errorIn, waiting, words } from "./words.js";

/** After this long at the head of the line the page says that it takes unusually long. */
const LONG_WAIT_MS = 20_000;
/** What is said about these changes with the situation alone, not with time. */
const SETTLED = ["done", "stopped", "failed"];

export class TurnList {
  #list;
  #templates;
  #on;
  /** Message id -> {element, parts, turn, shown, since}. */
  #turns = new Map();

  /** @param {(action: string, turn: object) => void} on called when a button of a turn is used */
  constructor(list, on) {
    this.#list = list;
    this.#on = on;
    this.#templates = {
      human: document.getElementById("turn-human").content.firstElementChild,
      bot: document.getElementById("turn-bot").content.firstElementChild,
    };
    for (const element of list.children) {
      const { reply } = this.#keep(element.dataset.id, element);
      reply?.show(element.querySelector(".text").textContent, element.dataset.status !== "streaming");
    }
    list.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-action]");
      if (!button) return;
      const { turn } = this.#turns.get(button.closest(".turn").dataset.id);
      if (turn) on(button.dataset.action, turn, button);
    });
  }

  /**
   * Show these turns in this order. `about`: {isReady, isOver, isAnswering, editable, busy, now}.
   * Returns whether something shown counts seconds.
   */
  render(turns, about) {
    const keep = new Set(turns.map((turn) => turn.id));
    for (const [id, { element }] of this.#turns) {
      if (keep.has(id)) continue;
      element.remove();
      this.#turns.delete(id);
    }
    let next = this.#list.firstElementChild;
    let isCounting = false;
    const last = turns.at(-1);
    const situation = `${about.isReady}|${about.isOver}|${about.isAnswering}|${about.busy}`;
    for (const turn of turns) {
      const entry = this.#turns.get(turn.id) ?? this.#keep(turn.id, this.#make(turn));
      if (entry.element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(entry.element, next);
      // Of a thousand turns most are as they were in the frame before.
      const isSettled = entry.turn === turn && entry.situation === situation && turn !== last && SETTLED.includes(turn.status);
      if (isSettled) continue;
      entry.situation = turn === last ? "" : situation;
      isCounting = this.#update(entry, turn, { ...about, isLast: turn === last }) || isCounting;
    }
    workOff();
    return isCounting;
  }

  /** What stands on the page of a turn, as it is read aloud. */
  shownText(id) {
    return this.#turns.get(id)?.text.innerText ?? "";
  }

  #make({ id, source }) {
    const element = this.#templates[source].cloneNode(true);
    element.dataset.id = id;
    return element;
  }

  #keep(id, element) {
    const part = (name) => element.querySelector(`.${name}`);
    const text = part("text");
    const entry = {
      element,
      text,
      reply: element.classList.contains("bot") ? new Reply(text) : null,
      note: part("note"),
      actions: part("actions"),
      time: element.querySelector("time"),
      turn: null,
      shown: "",
      situation: "",
      since: Date.now(),
    };
    this.#turns.set(id, entry);
    return entry;
  }

  #update(entry, turn, about) {
    const { note, isCounting } = noteOf(turn, entry, about);
    const actions = actionsOf(turn, about);
    const shown = `${turn.status}|${note}|${actions.map(({ name, label, isOff, isPressed }) => name + label + isOff + isPressed).join()}`;
    if (entry.turn !== turn) this.#showText(entry, turn);
    if (entry.shown !== shown) {
      entry.element.dataset.status = turn.status;
      entry.note.textContent = note;
      showActions(entry.actions, actions);
      entry.shown = shown;
    }
    if (entry.turn?.timestamp !== turn.timestamp) showTime(entry.time, turn.timestamp);
    entry.turn = turn;
    return isCounting;
  }

  #showText({ text, reply }, turn) {
    if (reply) reply.show(turn.text, turn.status !== "streaming");
    else if (text.textContent !== turn.text) text.textContent = turn.text;
  }
}

/** What is said about a turn, and whether it has to be said anew with time. */
function noteOf(turn, entry, { isReady, isOver, busy, now }) {
  const isBusy = busy.includes(turn.id);
  switch (turn.status) {
    case "sending":
      if (isOver) return { note: words.unsent };
      return { note: isReady ? words.sending : words.sendingLater };
    case "waiting": {
      if (isOver) return { note: words.unanswered };
      if (isBusy) return { note: words.takingBack };
      const isLong = turn.place === 0 && now - entry.since > LONG_WAIT_MS;
      return { note: isLong ? words.stillWaiting : waiting(turn.place), isCounting: turn.place === 0 && !isLong };
    }
    case "streaming":
      return { note: turn.text ? words.writing : words.thinking };
    case "refused":
      if (isOver) return { note: words.unsent };
      return { note: errorIn(turn.refusal.code, turn.refusal.detail), isCounting: turn.refusal.until > now };
    case "failed":
      return { note: isBusy ? words.retrying : errorIn(turn.code, turn.detail) };
    case "stopped":
      return { note: words.stopped };
    default:
      return { note: turn.finish === "length" ? words.cut : "" };
  }
}
