// Keeps the part of the page that changes up to date: it is asked for every few seconds while somebody looks.

const EVERY_MS = 3000;
const live = document.getElementById("chat-live");
const stale = document.getElementById("chat-stale");

async function refresh() {
  // Nobody looks, or somebody is about to press a button in what would be replaced.
  if (document.hidden || live.contains(document.activeElement)) return;
  try {
    const answer = await fetch(live.dataset.url, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) throw new Error(answer.statusText);
    live.innerHTML = await answer.text();
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
}

async function run() {
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    await refresh();
  }
}

document.addEventListener("visibilitychange", refresh);
run();
