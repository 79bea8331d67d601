/** The title of the tab: the conversation's, and in a tab that nobody looks at, what has happened. */

let base = document.title;
let news = "";

function show() {
  const title = news ? `● ${news} · ${base}` : base;
  if (document.title !== title) document.title = title;
}

/** The conversation is called something else now. */
export function rename(title) {
  base = title;
  show();
}

/** Something happened that a hidden tab shall tell. */
export function tell(words) {
  if (!document.hidden) return;
  news = words;
  show();
}

document.addEventListener("visibilitychange", () => {
  if (document.hidden) return;
  news = "";
  show();
});
