import { words } from "./words.js";

const SAID_MS = 2000;

/** Copy a text, and say so on the button. `element` shows the text: pages without TLS have no clipboard API. */
export async function copyText(text, button, element) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
  } else {
    getSelection().selectAllChildren(element);
    document.execCommand("copy");
  }
  button.textContent = words.copied;
  setTimeout(() => (button.textContent = words.copy), SAID_MS);
}
