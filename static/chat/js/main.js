/** Wires the page together: frames change the state, the state is shown at most once per animation frame. */

import { askWhy, socketAddress } from "./access.js";
import { Composer } from "./composer.js";
import { Connection } from "./connection.js";
import { copyText } from "./copy.js";
import { Drafts } from "./drafts.js";
import { Editing } from "./editing.js";
import { Earlier } from "./earlier.js";
import { Notice } from "./notice.js";
import { Outgoing } from "./outgoing.js";
import { onGrown } from "./reply.js";
import { Follow } from "./scroll.js";
import { Sidebar } from "./sidebar.js";
import { INITIAL, editable, isAnswering, isEmpty, reduceAct, reduceFrame, timeline } from "./state.js";
import { tell } from "./title.js";
import { readVersions } from "./versions.js";
import { TurnList } from "./view.js";
import { fitToKeyboard } from "./viewport.js";
import { errorIn, words } from "./words.js";

const TICK_MS = 500;
const SPOKEN_MS = 10_000;

const form = document.getElementById("composer");
const { session: sessionId, socket: socketPath } = form.dataset;

const welcome = document.getElementById("welcome");
const spoken = document.getElementById("spoken");

let state = INITIAL;
let frameRequest = 0;
let tick = 0;
let speech = 0;
/** The reply that has just been finished and is to be read aloud. */
let finished = "";

// --- What happens ------------------------------------------------------------------------------------------------

const connection = new Connection(socketAddress(socketPath, sessionId), {
  frame: heard,
  link: linkChanged,
  tooBig: () => outgoing.refuseCurrent({ code: "too_long" }),
  isOver: askWhy,
});
const outgoing = new Outgoing((frame) => connection.send(frame), {
  refused,
  unconfirmed,
  silence: () => connection.giveUp(),
});
const drafts = new Drafts(sessionId);
const turnsElement = document.getElementById("turns");
const turns = new TurnList(turnsElement, act);
const follow = new Follow(document.getElementById("scroller"), document.getElementById("jump"));
const earlier = new Earlier(document.getElementById("scroller"), sessionId, showEarlier);
const notice = new Notice({ retryNow: () => connection.retryNow(), startAgain: () => drafts.carry() });
const composer = new Composer(drafts, { send, stop });
const editing = new Editing(composer, drafts);
/** Not there in a frame on another site. */
const sidebar =
  document.getElementById("side") &&
  new Sidebar(sessionId, { isEmpty: () => state.rev >= 0 && isEmpty(state), startWriting: () => composer.focus() });

function heard(frame) {
  const hadGap = state.gap;
  const wasEmpty = state.messages.length + state.pending.length === 0;
  state = reduceFrame(state, frame);
  if (state.gap && !hadGap) connection.sync();
  if (frame.type === "cancelled") giveBack(frame.id);
  drafts.outbox = state.outbox;
  outgoing.heard(frame);
  if (frame.type === "replied") announce(frame.message);
  if (frame.type === "failed") tell(words.unanswered);
  sidebar?.heard(frame, wasEmpty);
  editing.check((id) => id === editable(state) || state.messages.some((said) => said.id === id && said.code));
  schedule();
}

function linkChanged(link) {
  if (link.name !== "ready") {
    outgoing.interrupted();
    change("interrupted");
  }
  schedule();
}

function refused(frame, { code, detail, retry_after: retryAfterS }) {
  if (frame.type === "send") {
    change("refused", { id: frame.id, code, detail, until: Date.now() + (retryAfterS ?? 0) * 1000 });
  } else {
    takenBack.delete(frame.id);
    change("over", { id: frame.id });
    change("notStopping");
    // Whatever could not be done may be over already; the session tells.
    if (code !== "not_found" || frame.type !== "stop") notice.remark(errorIn(code, detail));
    connection.sync();
  }
}

function unconfirmed(frame) {
  if (frame.type === "send") change("refused", { id: frame.id, code: "", detail: words.unconfirmed, until: 0 });
}

// --- What the visitor does -----------------------------------------------------------------------------------------

function send(text) {
  const isAlone = !isAnswering(state) && state.outbox.length === 0;
  const message = { id: newId(), text, timestamp: new Date().toISOString(), replaces: editing.finish() };
  change("composed", message);
  transmit(message);
  document.getElementById("problem")?.remove();
  // What waits behind a reply must not push it away.
  if (isAlone) follow.bring(turnsElement, message.id);
  else follow.isFollowing = true;
}

function transmit({ id, text, replaces }) {
  outgoing.push({ type: "send", id, text, replaces });
}

function stop() {
  const waitingHead = state.pending[0];
  if (state.reply) {
    change("stopping");
    outgoing.push({ type: "stop" }, state.reply.to);
  } else if (waitingHead) {
    takeBack(waitingHead);
  }
}

/** A waiting message goes out of the line, and its text back into the message box. */
function takeBack({ id, text }) {
  if (state.outbox.some((message) => message.id === id)) {
    if (!outgoing.withdraw(id)) return;
    change("discarded", { id });
    composer.take(text);
    return;
  }
  cancel(id, () => composer.take(text));
}

function cancel(id, then) {
  takenBack.set(id, then);
  change("begun", { id });
  outgoing.push({ type: "cancel", id });
}

/** What to do when a message is out of the line that this tab takes back. */
const takenBack = new Map();

function giveBack(id) {
  takenBack.get(id)?.();
  takenBack.delete(id);
}

/** A message is written anew: one that waits leaves the line for it, any other is replaced when it is sent. */
function edit(turn) {
  if (turn.status === "waiting") cancel(turn.id, () => editing.begin("waiting", turn));
  else editing.begin(turn.status === "failed" ? "failed" : "done", turn);
}

/** Show an earlier reply, or a later one. */
async function page({ to, version, versions }, step) {
  try {
    const known = versions ?? (await readVersions(turnsElement.dataset.versions, sessionId, to));
    change("paged", { ...known, id: to, at: Math.max(known.first, (versions?.at ?? version) + step) });
  } catch {
    notice.remark(words.noVersions);
    schedule();
  }
}

/** What the visitor thinks of a reply; the same again takes it back. */
function rate({ id, to, rating }, opinion) {
  outgoing.push({ type: "rate", id, to, rating: rating === opinion ? null : opinion });
}

/** Ask for another answer to a failed message, or to the one in front of a reply. */
function askAgain({ id, source }) {
  const place = state.messages.findIndex((message) => message.id === id);
  const question = source === "bot" ? state.messages[place - 1] : state.messages[place];
  if (!question) return;
  change("begun", question);
  outgoing.push({ type: "retry", id: question.id });
}

function act(action, turn, button) {
  switch (action) {
    case "copy":
      copyText(turn.text, button, button.closest(".turn").querySelector(".text"));
      break;
    case "takeBack":
      takeBack(turn);
      break;
    case "sendAgain":
      change("resent", turn);
      transmit(turn);
      break;
    case "edit":
      edit(turn);
      break;
    case "older":
      page(turn, -1);
      break;
    case "newer":
      page(turn, 1);
      break;
    case "up":
    case "down":
      rate(turn, action);
      break;
    case "retry":
      askAgain(turn);
      break;
  }
}

document.getElementById("examples").addEventListener("click", (event) => {
  const button = event.target.closest("button[data-prompt]");
  if (button) composer.take(button.dataset.prompt);
});

/** Earlier messages come in above what is read, which stays where it is. */
function showEarlier(page) {
  change("earlier", page);
  follow.keepPlace(document.getElementById("turns"), render);
}

// --- What is shown ---------------------------------------------------------------------------------------------------

function change(name, about) {
  state = reduceAct(state, name, about);
  drafts.outbox = state.outbox;
  schedule();
}

function schedule() {
  frameRequest ||= requestAnimationFrame(render);
}

function render() {
  cancelAnimationFrame(frameRequest);
  frameRequest = 0;
  clearTimeout(tick);
  const now = Date.now();
  const { link } = connection;
  let isCounting = notice.render(link, now);
  // Until the session has come, the page shows what the server rendered, and what is being sent.
  if (state.rev >= 0) {
    const about = {
      isReady: connection.isReady,
      isOver: link.name === "over",
      isAnswering: isAnswering(state),
      editable: editable(state),
      busy: state.busy,
      now,
    };
    isCounting = turns.render(timeline(state), about) || isCounting;
    readAloud();
    earlier.show(state.messages, state.hasMore);
    welcome.hidden = !isEmpty(state);
    sidebar?.shown(state.rev);
  }
  composer.show({ isOver: link.name === "over", stop: stoppable() });
  follow.settle();
  if (isCounting) tick = setTimeout(schedule, TICK_MS);
}

function stoppable() {
  if (!connection.isReady) return null;
  if (state.stopping) return "stopping";
  if (state.reply) return "reply";
  return state.pending.length ? "waiting" : null;
}

/** A finished reply is told in the title of a tab that nobody looks at, and read aloud once it is on the page. */
function announce({ id }) {
  finished = id;
  // Hidden tabs render nothing before they are looked at.
  tell(words.newReply);
  document.dispatchEvent(new Event("chat:replied"));
}

/** A finished reply is read once, as a whole. */
function readAloud() {
  if (!finished) return;
  clearTimeout(speech);
  spoken.textContent = words.botSaid + turns.shownText(finished);
  speech = setTimeout(() => (spoken.textContent = ""), SPOKEN_MS);
  finished = "";
}

/** A random UUID. `crypto.randomUUID` is there on secure pages only, and this may be a machine in a home network. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

document.getElementById("examples").hidden = false;
fitToKeyboard(document.body);
for (const message of drafts.outbox) {
  change("composed", message);
  if (message.refusal) change("refused", { id: message.id, ...message.refusal });
  else transmit(message);
}
onGrown(() => follow.settle());
connection.open();
follow.settle();
