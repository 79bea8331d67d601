/** On the page that says that a conversation is over: keeps what was being written in it for the next one. */

import { Drafts } from "./drafts.js";

const sessionId = location.pathname.match(/\/c\/([^/]+)\//)?.[1];
if (sessionId && new Drafts(sessionId).carry()) document.getElementById("draft-kept").hidden = false;
