/**
 * What a frame on another site keeps: in its own storage, and where a browser gives frames none, in a partitioned cookie
 * that no server reads. Both are kept apart for each site around the frame.
 */

const KEY = "chat_embedded";
const COOKIE = "Path=/embed; SameSite=None; Secure; Partitioned";
const MAX_AGE_S = 30 * 24 * 3600;

export function remembered() {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? "{}");
  } catch {
    const found = document.cookie.match(new RegExp(`(?:^|; )${KEY}=([^;]*)`));
    return JSON.parse(decodeURIComponent(found?.[1] ?? "{}"));
  }
}

export function remember(about) {
  const text = JSON.stringify(about);
  try {
    localStorage.setItem(KEY, text);
  } catch {
    document.cookie = `${KEY}=${encodeURIComponent(text)}; Max-Age=${MAX_AGE_S}; ${COOKIE}`;
  }
}
