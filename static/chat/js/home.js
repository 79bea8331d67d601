/** The first page: times as the reader writes them, and which conversations have news. */

import { markUnread, onSeen } from "./seen.js";
import "./times.js";

const list = document.getElementById("own");
if (list) {
  markUnread(list);
  onSeen(() => markUnread(list));
}
