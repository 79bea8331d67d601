/**
 * What lets this page in: the site's own cookie, or, in a frame on another site, a token. Everything that asks the
 * server goes through here.
 */

const PATIENCE_MS = 10_000;

let token = "";

/** From now on use this token. */
export function carry(text) {
  token = text;
}

/** The address of the socket of a session. */
export function socketAddress(path, sessionId) {
  const address = new URL(path, location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  if (token) address.searchParams.set("token", token);
  else address.searchParams.set("session", sessionId);
  return address.href;
}

/** Read something of a session. Rejects when the server does not give it. */
export async function read(address, sessionId, parameters) {
  const search = new URLSearchParams({ ...(token ? {} : { session: sessionId }), ...parameters });
  const answer = await ask(`${address}?${search}`, PATIENCE_MS);
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}

/** Why was the handshake refused? "over", "refused", "busy" or "lost". */
export async function askWhy() {
  try {
    // The page's own address, or the token's, knows whether the session still lives.
    const answer = await (token ? ask("/refresh_token", 5000) : ask(location.pathname, 5000, "HEAD"));
    if (answer.status === (token ? 400 : 404)) return "over";
    return answer.ok ? "refused" : "busy";
  } catch {
    return "lost";
  }
}

/** Any request with the token, if there is one. */
export function ask(address, patienceMs, method = "GET") {
  const headers = token ? { Authorization: `Bearer ${token}` } : {};
  return fetch(address, { method, headers, cache: "no-store", signal: AbortSignal.timeout(patienceMs) });
}
