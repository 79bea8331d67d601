/**
 * The page in a frame on another site. The site's cookies do not get there, so it begins its session by the API and
 * keeps the token itself.
 */

import { ask, carry } from "./access.js";
import { remember, remembered } from "./kept.js";
import { errorIn, words } from "./words.js";

const PATIENCE_MS = 10_000;

const entry = document.getElementById("entry");
const field = document.getElementById("name");
const problem = document.getElementById("entry-problem");

/** Go on, or begin, with this session. */
async function enter({ token, session, name }) {
  carry(token);
  document.getElementById("composer").dataset.session = session;
  for (const place of document.querySelectorAll("#welcome-title bdi")) place.textContent = name;
  await import("./main.js");
  entry.hidden = true;
  document.getElementById("menu-button").hidden = false;
  document.body.classList.remove("is-outside");
}

function askName(name = "") {
  field.value = name;
  entry.hidden = false;
}

/** Leave this session; the name stays. */
function leave() {
  remember({ name: remembered().name });
  location.reload();
}

async function begin(name) {
  const body = new URLSearchParams({ name });
  let answer;
  let said;
  try {
    answer = await fetch("/token", { method: "POST", body, signal: AbortSignal.timeout(PATIENCE_MS) });
    said = await answer.json();
  } catch {
    return tell(words.noAnswer);
  }
  if (!answer.ok) return tell(said.name ? words.otherName : errorIn(said.code, said.detail));
  const about = { token: said.token, session: said.session_id, name: said.name };
  remember(about);
  return enter(about);
}

function tell(text) {
  problem.textContent = text;
  problem.hidden = false;
  field.setAttribute("aria-invalid", "true");
  field.focus();
}

entry.addEventListener("submit", (event) => {
  event.preventDefault();
  if (field.value.trim()) begin(field.value);
  else tell(words.nameFirst);
});
document.getElementById("begin-anew").addEventListener("click", leave);
document.getElementById("end-here").addEventListener("click", async () => {
  await ask("/token", PATIENCE_MS, "DELETE").catch(() => {});
  leave();
});
document.getElementById("again").addEventListener("submit", (event) => {
  event.preventDefault();
  leave();
});
// Nothing that is said goes to the page around: only that it happened.
const report = (what) => parent.postMessage(what, "*");
document.getElementById("fold").addEventListener("click", () => report("chat:close"));
document.addEventListener("keydown", ({ key, defaultPrevented }) => {
  if (key === "Escape" && !defaultPrevented && !document.querySelector(":popover-open")) report("chat:close");
});
document.addEventListener("chat:replied", () => report("chat:replied"));
document.getElementById("fold").hidden = parent === window;

const known = remembered();
if (known.token) enter(known);
else askName(known.name);
