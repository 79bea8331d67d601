/** Times as the reader writes them. As a script of its own it does so for the times that the server rendered. */

import { locale } from "./language.js";

const clock = new Intl.DateTimeFormat(locale, { hour: "numeric", minute: "2-digit" });
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", hour: "numeric", minute: "2-digit" });
const full = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });

/** Fill a <time> element. An empty timestamp empties it. */
export function showTime(element, timestamp) {
  const moment = new Date(timestamp);
  if (!timestamp || Number.isNaN(moment.getTime())) {
    element.textContent = "";
    element.removeAttribute("title");
    return;
  }
  const isToday = moment.toDateString() === new Date().toDateString();
  element.dateTime = timestamp;
  element.textContent = (isToday ? clock : day).format(moment);
  element.title = full.format(moment);
}

for (const element of document.querySelectorAll("time[data-local]")) showTime(element, element.dateTime);
