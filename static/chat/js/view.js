/** Renders the state into the page. Turns are keyed by message id; those that the server rendered are taken over. */

import { Reply, workOff } from "./reply.js";
import { showTime } from "./times.js";
import { errorIn, sendAgainIn, waiting, words } from "./words.js";

/** After this long at the head of the line the page says that it takes unusually long. */
const LONG_WAIT_MS = 20_000;

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
   * Show these turns in this order. `about`: {isReady, isOver, isAnswering, busy, now}.
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
    for (const turn of turns) {
      const entry = this.#turns.get(turn.id) ?? this.#keep(turn.id, this.#make(turn));
      if (entry.element === next) next = next.nextElementSibling;
      else this.#list.insertBefore(entry.element, next);
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
      since: Date.now(),
    };
    this.#turns.set(id, entry);
    return entry;
  }

  #update(entry, turn, about) {
    const { note, isCounting } = noteOf(turn, entry, about);
    const actions = actionsOf(turn, about);
    const shown = `${turn.status}|${note}|${actions.map(({ name, label, isOff }) => name + label + isOff).join()}`;
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

/** The buttons of a turn. */
function actionsOf(turn, { isReady, isOver, isAnswering, isLast, busy, now }) {
  const isBusy = busy.includes(turn.id);
  const copy = { name: "copy", label: words.copy, isOnDemand: true };
  if (isOver) return turn.text && ["done", "stopped"].includes(turn.status) ? [copy] : [];
  switch (turn.status) {
    case "sending":
      return isReady ? [] : [{ name: "takeBack", label: words.takeBack }];
    case "waiting":
      return [{ name: "takeBack", label: words.takeBack, isOff: isBusy || !isReady }];
    case "refused": {
      const seconds = Math.ceil((turn.refusal.until - now) / 1000);
      const again = {
        name: "sendAgain",
        label: seconds > 0 ? sendAgainIn(seconds) : words.sendAgain,
        isOff: seconds > 0,
      };
      return [...(turn.refusal.code === "too_long" ? [] : [again]), { name: "takeBack", label: words.edit }];
    }
    case "failed":
      // Whether it may work is the server's to say; without its word it may.
      return turn.retryable === false
        ? [copy]
        : [{ name: "retry", label: words.tryAgain, isOff: isBusy || !isReady }, copy];
    case "streaming":
      return [];
    default: {
      const canAnswerAgain = isLast && turn.source === "bot" && !isAnswering;
      const again = { name: "retry", label: words.answerAgain, isOff: isBusy || !isReady, isOnDemand: true };
      return [...(turn.text ? [copy] : []), ...(canAnswerAgain ? [again] : [])];
    }
  }
}

/** Show these buttons, and keep the ones that are there: one of them may have the focus. */
function showActions(place, actions) {
  const present = new Map([...place.children].map((button) => [button.dataset.action, button]));
  const buttons = actions.map(({ name, label, isOff, isOnDemand }) => {
    const button = present.get(name) ?? document.createElement("button");
    button.type = "button";
    button.className = isOnDemand ? "action on-demand" : "action";
    button.dataset.action = name;
    if (button.textContent !== label) button.textContent = label;
    button.disabled = Boolean(isOff);
    return button;
  });
  if (buttons.length !== place.children.length || buttons.some((button, at) => place.children[at] !== button)) {
    place.replaceChildren(...buttons);
  }
}
