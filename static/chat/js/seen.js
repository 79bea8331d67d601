/** What this browser has shown of each conversation: its newest revision, in the storage that all tabs share. */

const KEY = "chat:seen";

function read() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    return {}; // storage is switched off
  }
}

/** A conversation has been shown as it is at this revision. */
export function see(sessionId, rev) {
  const revs = read();
  if (revs[sessionId] >= rev) return;
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...revs, [sessionId]: rev }));
  } catch {
    // then everything stays marked as new
  }
}

/** Mark the conversations of a list that were answered since they were looked at. Returns how many there are. */
export function markUnread(list, current = "") {
  const revs = read();
  let count = 0;
  for (const item of list.querySelectorAll(".own-item")) {
    const { id, heard } = item.dataset;
    const isUnread = id !== current && Number(heard) > (revs[id] ?? 0);
    item.classList.toggle("is-unread", isUnread);
    const mark = item.querySelector(".own-unread");
    if (mark) mark.hidden = !isUnread;
    count += isUnread;
  }
  return count;
}

/** `callback` is called when another tab has shown something. */
export function onSeen(callback) {
  addEventListener("storage", (event) => event.key === KEY && callback());
}

/** Forget the conversations that are not there any more. */
export function keepOnly(sessionIds) {
  const kept = Object.entries(read()).filter(([id]) => sessionIds.includes(id));
  try {
    localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(kept)));
  } catch {
    // storage is switched off
  }
}
