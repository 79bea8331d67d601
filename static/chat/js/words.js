/** Everything the live page says in words, in one place. What errors mean comes from the server. */

import { gettext, isTranslated, ngettext } from "./language.js";

const errorWords = JSON.parse(document.getElementById("error-words")?.textContent ?? "{}");

/** What an error means: the server's own sentence where the page has it in its language, else what its code says. */
export function errorIn(code, detail) {
  if (detail && isTranslated(detail)) return gettext(detail);
  return errorWords[code] ?? (detail || gettext("Something went wrong."));
}

export function waiting(place) {
  if (place === 0) return gettext("Waiting for the model");
  return place === 1 ? gettext("Waiting, next in line") : gettext("Waiting, number %(place)s in line", { place });
}

export const words = Object.freeze({
  sending: gettext("Sending"),
  sendingLater: gettext("Will be sent when the connection is back"),
  stillWaiting: gettext("Still waiting: the model is busy or starting. You can close this tab, the answer will be kept"),
  writing: gettext("Writing"),
  thinking: gettext("Thinking"),
  stopped: gettext("Stopped"),
  cut: gettext("Ended at the length limit"),
  takingBack: gettext("Taking it back"),
  retrying: gettext("Asking again"),
  unanswered: gettext("Not answered"),
  unsent: gettext("Not sent, kept for the next conversation"),
  unconfirmed: gettext("The server did not confirm this message."),

  nameFirst: gettext("Please tell us a name first. Any name will do."),
  otherName: gettext("This name can’t be taken. Please try a shorter or a different one."),
  noAnswer: gettext("The server does not answer. Please try again in a moment."),

  earlier: gettext("Earlier messages"),
  loadingEarlier: gettext("Earlier messages are coming"),
  earlierFailed: gettext("Earlier messages could not be loaded. Try again"),

  copy: gettext("Copy"),
  copied: gettext("Copied"),
  copyCode: gettext("Copy the code"),
  code: gettext("Code"),
  table: gettext("Table"),
  formula: gettext("Formula"),
  image: gettext("Image"),
  takeBack: gettext("Take back"),
  edit: gettext("Edit"),
  sendAgain: gettext("Send again"),
  tryAgain: gettext("Try again"),
  answerAgain: gettext("Answer again"),
  thumbsUp: gettext("Good reply"),
  thumbsDown: gettext("Bad reply"),
  olderReply: gettext("Earlier reply"),
  newerReply: gettext("Later reply"),
  noVersions: gettext("Earlier replies could not be loaded. Try again in a moment."),
  editing: gettext("You are editing your message. Its reply will be replaced."),
  editingFailed: gettext("You are editing your message. It will be sent again at the end of the line."),
  editingWaiting: gettext("You are editing a message that was waiting. What you had written before comes back when it is sent."),
  editingOff: gettext("Leave it as it was"),
  editingWaitingOff: gettext("Discard it"),
  stop: gettext("Stop the reply"),
  stopWaiting: gettext("Take the message back"),

  botSaid: gettext("The bot says: "),
  newReply: gettext("New reply"),

  linkConnecting: gettext("Connecting"),
  linkReady: gettext("Connected"),
  linkWaiting: gettext("Not connected"),
  linkOver: gettext("Ended"),
  connected: gettext("Connected again."),
  ended: gettext("This conversation has ended: nothing happened in it for a while, or it was deleted. What you were writing is kept."),
});

/** Why there is no connection, and what happens next. */
export const reasons = Object.freeze({
  slow: gettext("Still connecting. The server takes its time; what you write is kept."),
  lost: gettext("The connection was lost. Nothing is lost with it: answers go on."),
  offline: gettext("You are offline. It goes on as soon as the network is back."),
  restart: gettext("The server is restarting. Your messages are safe."),
  busy: gettext("The server can’t take more connections right now."),
  flood: gettext("The server closed the connection because too much came at once."),
  refused: gettext("The server refused the connection. Too many tabs may be open."),
  unanswered: gettext("The server does not answer."),
});

export function nextTry(left) {
  return left > 0 ? gettext("Next try in %(seconds)s s", { seconds: left }) : gettext("Trying now");
}

export function tooMany(count) {
  return ngettext("%(count)s character too many", "%(count)s characters too many", count);
}

export function left(count) {
  return ngettext("%(count)s character left", "%(count)s characters left", count);
}

export function sendAgainIn(count) {
  return gettext("Send again in %(seconds)s s", { seconds: count });
}

export function versionOf(number, count) {
  return gettext("Reply %(number)s of %(count)s", { number, count });
}

/** What the tab of a conversation is called. */
export function titleOf(title) {
  return gettext("%(title)s · Chat", { title });
}
