/** Everything the live page says in words, in one place. What errors mean comes from the server. */

const errorWords = JSON.parse(document.getElementById("error-words")?.textContent ?? "{}");

/** What an error code means; the server's own sentence where it has sent one. */
export function errorIn(code, detail) {
  return detail || errorWords[code] || "Something went wrong.";
}

export function characters(count) {
  return count === 1 ? "1 character" : `${count} characters`;
}

export function seconds(count) {
  return count === 1 ? "1 second" : `${count} seconds`;
}

export function waiting(place) {
  if (place === 0) return "Waiting for the model";
  return place === 1 ? "Waiting, next in line" : `Waiting, number ${place} in line`;
}

export const words = Object.freeze({
  sending: "Sending",
  sendingLater: "Will be sent when the connection is back",
  stillWaiting: "Still waiting: the model is busy or starting. You can close this tab, the answer will be kept",
  writing: "Writing",
  thinking: "Thinking",
  stopped: "Stopped",
  cut: "Ended at the length limit",
  takingBack: "Taking it back",
  retrying: "Asking again",
  unanswered: "Not answered",
  unsent: "Not sent, kept for the next conversation",
  unconfirmed: "The server did not confirm this message.",

  copy: "Copy",
  copied: "Copied",
  copyCode: "Copy the code",
  code: "Code",
  table: "Table",
  image: "Image",
  takeBack: "Take back",
  edit: "Edit",
  sendAgain: "Send again",
  tryAgain: "Try again",
  answerAgain: "Answer again",
  stop: "Stop the reply",
  stopWaiting: "Take the message back",

  replyFinished: "The reply is finished.",
  botSaid: "The bot says: ",
  newReply: "New reply",

  linkConnecting: "Connecting",
  linkReady: "Connected",
  linkWaiting: "Not connected",
  linkOver: "Ended",
  connected: "Connected again.",
  ended: "This conversation has ended: nothing happened in it for a while, or it was deleted. What you were writing is kept.",
});

/** Why there is no connection, and what happens next. */
export const reasons = Object.freeze({
  slow: "Still connecting. The server takes its time; what you write is kept.",
  lost: "The connection was lost. Nothing is lost with it: answers go on.",
  offline: "You are offline. It goes on as soon as the network is back.",
  restart: "The server is restarting. Your messages are safe.",
  busy: "The server can’t take more connections right now.",
  flood: "The server closed the connection because too much came at once.",
  refused: "The server refused the connection. Too many tabs may be open.",
  unanswered: "The server does not answer.",
});

export function nextTry(left) {
  return left > 0 ? `Next try in ${left} s` : "Trying now";
}

export function tooMany(count) {
  return `${characters(count)} too many`;
}

export function left(count) {
  return `${characters(count)} left`;
}

export function sendAgainIn(count) {
  return `Send again in ${count} s`;
}
