/** The buttons of a turn: which there are, and how they are shown. */

import { sendAgainIn, versionOf, words } from "./words.js";

const THUMB =
  "M5.2 7.3 7.7 2.6c1 0 1.7.7 1.7 1.7v2.3h2.9c.9 0 1.5.8 1.4 1.6l-.7 4.1c-.1.8-.8 1.3-1.5 1.3H5.2zM2.3 7.3h2.9v6.3H2.3z";

/** @returns {{name: string, label: string, icon?: string, isOff?: boolean, isOnDemand?: boolean, isPressed?: boolean}[]} */
export function actionsOf(turn, about) {
  const { isReady, isOver, editable, busy, now } = about;
  const isBusy = busy.includes(turn.id);
  const copy = { name: "copy", label: words.copy, isOnDemand: true };
  const edit = { name: "edit", label: words.edit, isOff: isBusy || !isReady };
  if (isOver) return turn.text && ["done", "stopped"].includes(turn.status) ? [copy] : [];
  switch (turn.status) {
    case "sending":
      return isReady ? [] : [{ name: "takeBack", label: words.takeBack }];
    case "waiting":
      return [edit, { name: "takeBack", label: words.takeBack, isOff: isBusy || !isReady }];
    case "refused": {
      const seconds = Math.ceil((turn.refusal.until - now) / 1000);
      const again = {
        name: "sendAgain",
        label: seconds > 0 ? sendAgainIn(seconds) : words.sendAgain,
        isOff: seconds > 0,
      };
      const isUseless = ["too_long", "not_found"].includes(turn.refusal.code);
      return [...(isUseless ? [] : [again]), { name: "takeBack", label: words.edit }];
    }
    case "failed":
      return [
        // Whether it may work is the server's to say; without its word it may.
        ...(turn.retryable === false ? [] : [{ name: "retry", label: words.tryAgain, isOff: isBusy || !isReady }]),
        edit,
        copy,
        // A reply from before, while it is not shown: it has these buttons itself then.
        ...(turn.versions && turn.versions.at < turn.version ? [] : pagesOf(turn)),
      ];
    case "streaming":
      return [];
    default:
      if (turn.source === "bot") return [...pagesOf(turn), ...(turn.text ? [copy] : []), ...repliesOf(turn, about)];
      return [...(turn.text ? [copy] : []), ...(turn.id === editable ? [{ ...edit, isOnDemand: true }] : [])];
  }
}

/** ‹ 2/3 ›: a reply that was not the first one in its place. */
function pagesOf({ version, versions }) {
  if (!(version > 1)) return [];
  // How many there are is known before they have been read: the newest is shown then.
  const at = versions ? versions.at : version;
  const first = versions ? versions.first : 1;
  return [
    { name: "older", label: words.olderReply, icon: "older", isOff: at <= first },
    { name: "version", label: versionOf(at, version), text: `${at}/${version}`, isText: true },
    { name: "newer", label: words.newerReply, icon: "newer", isOff: at >= version },
  ];
}

function repliesOf(turn, { isReady, isAnswering, isLast, busy }) {
  const isOff = busy.includes(turn.id) || !isReady;
  const again = { name: "retry", label: words.answerAgain, isOff, isOnDemand: true };
  // What was replaced can be read, and no more.
  const canRate = turn.to && !turn.isOld;
  return [
    ...(isLast && !isAnswering && !turn.isOld ? [again] : []),
    ...(canRate ? [thumb(turn, "up", words.thumbsUp, isOff), thumb(turn, "down", words.thumbsDown, isOff)] : []),
  ];
}

function thumb({ rating }, name, label, isOff) {
  return { name, label, icon: name, isOff, isOnDemand: rating !== name, isPressed: rating === name };
}

/** Show these buttons, and keep the ones that are there: one of them may have the focus. */
export function showActions(place, actions) {
  const present = new Map([...place.children].map((button) => [button.dataset.action, button]));
  const buttons = actions.map((action) => {
    const element = present.get(action.name) ?? make(action);
    if (action.isText) {
      element.firstChild.textContent = action.text;
      element.lastChild.textContent = action.label;
      return element;
    }
    element.className = ["action", action.isOnDemand && "on-demand", action.icon && "icon"].filter(Boolean).join(" ");
    if (action.icon) element.ariaLabel = element.title = action.label;
    else if (element.textContent !== action.label) element.textContent = action.label;
    if (action.isPressed !== undefined) element.ariaPressed = String(action.isPressed);
    element.disabled = Boolean(action.isOff);
    return element;
  });
  if (buttons.length !== place.children.length || buttons.some((button, at) => place.children[at] !== button)) {
    place.replaceChildren(...buttons);
  }
}

function make({ name, icon, isText }) {
  if (isText) return pageNumber(name);
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.action = name;
  if (icon) button.append(drawing(icon));
  return button;
}

/** "2/3" for the eyes, "Version 2 of 3" for the ears. */
function pageNumber(name) {
  const element = document.createElement("span");
  const shown = document.createElement("span");
  const said = document.createElement("span");
  element.dataset.action = name;
  element.className = "version";
  shown.ariaHidden = "true";
  said.className = "visually-hidden";
  element.append(shown, said);
  return element;
}

const DRAWINGS = {
  up: { path: THUMB, turn: "" },
  down: { path: THUMB, turn: "rotate(180 8 8)" },
  older: { path: "M9.8 3.2 5.2 8l4.6 4.8", turn: "" },
  newer: { path: "M6.2 3.2 10.8 8l-4.6 4.8", turn: "" },
};

function drawing(icon) {
  const { path, turn } = DRAWINGS[icon];
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  line.setAttribute("d", path);
  if (turn) line.setAttribute("transform", turn);
  svg.append(line);
  return svg;
}
