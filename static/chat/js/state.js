/**
 * The state of one conversation and how frames change it. Pure: no DOM, no socket, no clock.
 *
 * `session` replaces everything, `delta` appends. Applying a frame twice changes nothing. When a frame shows that
 * something is missing, `gap` is set; the caller then asks for the session again.
 */

export const INITIAL = Object.freeze({
  rev: -1,
  session: null,
  /** What was said and settled: {id, source, text, timestamp, finish?, code?, detail?}. */
  messages: [],
  hasMore: false,
  /** The mailbox, the message being answered first: {id, text, timestamp}. */
  pending: [],
  /** The reply in progress: {id, to, text, size}; `size` counts code points, as offsets do. */
  reply: null,
  /** What the server has not confirmed: {id, text, timestamp, replaces?, refusal?: {code, detail, until}}. */
  outbox: [],
  /** Ids of messages that are being taken back or asked again. */
  busy: [],
  /** Human message id -> {version, at, first, replies}: earlier replies that were read, and which one is shown. */
  versions: {},
  stopping: false,
  gap: false,
});

/** Code points, as Python counts characters. */
export function codePoints(text) {
  let count = text.length;
  for (let i = 0; i < text.length - 1; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= 0xd800 && unit <= 0xdbff) {
      count--;
      i++;
    }
  }
  return count;
}

/** The text without its first `count` code points. */
function withoutFirst(text, count) {
  let at = 0;
  while (count-- > 0 && at < text.length) at += text.codePointAt(at) > 0xffff ? 2 : 1;
  return text.slice(at);
}

const without = (list, id) => (list.some((item) => item.id === id) ? list.filter((item) => item.id !== id) : list);

const frames = {
  session(state, frame) {
    const known = new Set([...frame.messages, ...frame.pending].map((message) => message.id));
    const reply = frame.reply && { ...frame.reply, size: codePoints(frame.reply.text) };
    const { messages, hasMore } = withEarlier(state, frame, known);
    return {
      ...state,
      rev: frame.rev,
      session: frame.session,
      messages,
      hasMore,
      pending: frame.pending,
      reply,
      outbox: state.outbox.filter((message) => !known.has(message.id)),
      stopping: false,
      busy: [],
      gap: false,
    };
  },

  queued(state, { rev, message }) {
    const confirmed = { ...state, outbox: without(state.outbox, message.id), busy: drop(state.busy, message.id) };
    if (rev <= state.rev || state.pending.some((waiting) => waiting.id === message.id)) return confirmed;
    const { source: _, ...waiting } = message;
    // Asked again or edited: what is replaced leaves the page, with its reply if it had one.
    const replaced = message.replaces ?? message.id;
    const place = state.messages.findIndex((said) => said.id === replaced);
    const isAnswered = place >= 0 && !state.messages[place].code && state.messages[place + 1]?.source === "bot";
    const messages =
      place < 0 ? state.messages : state.messages.toSpliced(place, isAnswered ? 2 : 1);
    return { ...confirmed, rev, messages, pending: [...state.pending, waiting] };
  },

  started(state, { rev, id, to }) {
    if (rev <= state.rev) return state;
    const gap = !state.pending.some((waiting) => waiting.id === to);
    return { ...state, rev, reply: { id, to, text: "", size: 0 }, stopping: false, gap: state.gap || gap };
  },

  delta(state, { rev, id, to, offset, text }) {
    if (to && rev > state.rev && state.reply?.id !== id) {
      state = frames.started(state, { rev, id, to });
    } else if (rev > state.rev) {
      state = { ...state, rev };
    }
    const { reply } = state;
    if (!reply || reply.id !== id) return { ...state, gap: true };
    if (offset > reply.size) return { ...state, gap: true };
    const piece = withoutFirst(text, reply.size - offset);
    if (!piece) return state;
    return { ...state, reply: { ...reply, text: reply.text + piece, size: reply.size + codePoints(piece) } };
  },

  replied(state, { rev, to, message }) {
    if (state.messages.some((said) => said.id === message.id)) return state;
    return settle(state, rev, to, {}, message);
  },

  failed(state, { rev, to, code, detail, retryable }) {
    return settle(state, rev, to, { code, detail, retryable }, null);
  },

  rated(state, { rev, id, rating }) {
    if (rev <= state.rev) return state;
    const messages = state.messages.map((said) => (said.id === id ? { ...said, rating: rating ?? undefined } : said));
    return { ...state, rev, messages };
  },

  cancelled(state, { rev, id }) {
    return {
      ...state,
      rev: Math.max(rev, state.rev),
      pending: without(state.pending, id),
      outbox: without(state.outbox, id),
      busy: drop(state.busy, id),
    };
  },
};

const drop = (ids, id) => (ids.includes(id) ? ids.filter((other) => other !== id) : ids);

/** A message has its outcome: it and its reply, if any, join what was said. */
function settle(state, rev, to, outcome, reply) {
  if (rev <= state.rev) return state;
  const human = state.pending.find((waiting) => waiting.id === to);
  const isCurrent = state.reply?.to === to;
  return {
    ...state,
    rev,
    messages: [
      ...state.messages,
      ...(human ? [{ ...human, source: "human", ...outcome }] : []),
      ...(reply ? [reply] : []),
    ],
    pending: without(state.pending, to),
    reply: isCurrent ? null : state.reply,
    stopping: isCurrent ? false : state.stopping,
    busy: drop(state.busy, to),
    gap: state.gap || !human,
  };
}

/** Pages of earlier messages stay when the session comes anew, as long as nothing is missing in between. */
function withEarlier(state, frame, known) {
  const joint = state.messages.findIndex((message) => message.id === frame.messages[0]?.id);
  if (joint <= 0) return { messages: frame.messages, hasMore: frame.has_more };
  const earlier = state.messages.slice(0, joint).filter((message) => !known.has(message.id));
  return { messages: [...earlier, ...frame.messages], hasMore: state.hasMore };
}

const acts = {
  /** A page of what was said before the first message. */
  earlier: (state, { messages, has_more: hasMore }) => {
    const known = new Set([...state.messages, ...state.pending].map((message) => message.id));
    return { ...state, messages: [...messages.filter((message) => !known.has(message.id)), ...state.messages], hasMore };
  },

  /** The visitor sent a message; the server does not know it yet. */
  composed: (state, { id, text, timestamp, replaces }) => ({
    ...state,
    outbox: [...state.outbox, { id, text, timestamp, replaces }],
  }),

  /** The server refused a message. `until`: the time, in ms, before which sending again is useless. */
  refused: (state, { id, code, detail, until }) => ({
    ...state,
    outbox: state.outbox.map((message) => (message.id === id ? { ...message, refusal: { code, detail, until } } : message)),
  }),

  /** A refused message is sent again. */
  resent: (state, { id }) => ({
    ...state,
    outbox: state.outbox.map((message) => (message.id === id ? { ...message, refusal: undefined } : message)),
  }),

  discarded: (state, { id }) => ({ ...state, outbox: without(state.outbox, id) }),
  begun: (state, { id }) => ({ ...state, busy: [...drop(state.busy, id), id] }),
  over: (state, { id }) => ({ ...state, busy: drop(state.busy, id) }),
  /** Show another one of the replies that there were in the place of a message. */
  paged: (state, { id, ...versions }) => ({ ...state, versions: { ...state.versions, [id]: versions } }),
  stopping: (state) => ({ ...state, stopping: true }),
  notStopping: (state) => ({ ...state, stopping: false }),

  /** The connection is gone, and with it what was asked and not answered. */
  interrupted: (state) => ({ ...state, stopping: false, busy: [] }),
};

/** The state after a frame of the server. Frames of an unknown type are from a newer version and change nothing. */
export function reduceFrame(state, frame) {
  return Object.hasOwn(frames, frame.type) ? frames[frame.type](state, frame) : state;
}

/** The state after something that happened on this page. */
export function reduceAct(state, name, about = {}) {
  return acts[name](state, about);
}

/** Whether a reply is written or due. */
export const isAnswering = (state) => state.reply !== null || state.pending.length > 0;

/** The message that can be edited: the last one that was answered, while nothing waits behind it. */
export function editable(state) {
  const [question, reply] = state.messages.slice(-2);
  return reply?.source === "bot" && !isAnswering(state) ? question.id : "";
}

/** Whether nothing was said yet. */
export const isEmpty = (state) => state.messages.length + state.pending.length + state.outbox.length === 0;

/**
 * The conversation in the order in which it is read. `status` is one of: done, stopped, failed, answering,
 * streaming, waiting, sending, refused. Turns of settled messages are the messages' own objects, so that an
 * unchanged turn is known by identity.
 */
export function timeline(state) {
  const replaced = state.outbox.filter((message) => !message.refusal).map((message) => message.replaces);
  const turns = [];
  state.messages.forEach((message, place) => {
    const question = message.source === "bot" ? state.messages[place - 1] : undefined;
    if (replaced.includes(message.id) || replaced.includes(question?.id ?? "")) return;
    const versions = state.versions[(question ?? message).id];
    turns.push(settled(message, question, versions));
    // Asked again and failed: the reply from before can be shown, on demand.
    if (message.code && versions && versions.version === message.version && versions.at < versions.version) {
      turns.push(settled(versions.replies[versions.at - versions.first].reply, message, versions));
    }
  });
  let hasReply = false;
  state.pending.forEach((message, place) => {
    const isAnswered = state.reply?.to === message.id;
    turns.push({ ...message, source: "human", status: isAnswered ? "answering" : "waiting", place });
    if (isAnswered) {
      hasReply = true;
      turns.push(streaming(state.reply));
    }
  });
  if (state.reply && !hasReply) turns.push(streaming(state.reply));
  for (const message of state.outbox) {
    turns.push({ ...message, source: "human", status: message.refusal ? "refused" : "sending" });
  }
  return turns;
}

const streaming = (reply) => ({ id: reply.id, source: "bot", text: reply.text, timestamp: "", status: "streaming" });

const turnOf = new WeakMap();

/** `question`: what a reply answers. `versions`: the replies that there were in this place, if they have been read. */
function settled(message, question, versions) {
  const version = (question ?? message).version ?? 1;
  const read = versions?.version === version ? versions : undefined;
  let known = turnOf.get(message);
  if (!known || known.read !== read || known.question !== question) {
    const turn = { ...message, status: statusOf(message) };
    if (question || message.code) Object.assign(turn, { to: (question ?? message).id, version, versions: read });
    known = { turn: read && read.at < version ? asItWas(turn, read) : turn, read, question };
    turnOf.set(message, known);
  }
  return known.turn;
}

function statusOf({ code, finish }) {
  if (code) return "failed";
  return finish === "stopped" ? "stopped" : "done";
}

/** The turn as it was in an earlier version. */
function asItWas(turn, { at, first, replies }) {
  const { message, reply } = replies[at - first];
  if (turn.source === "human") return { ...turn, text: message.text };
  return { ...turn, text: reply.text, timestamp: reply.timestamp, status: statusOf(reply), isOld: true };
}
