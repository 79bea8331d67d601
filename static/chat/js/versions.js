/** The replies that there were in the place of a message before the one that stands there now. */

import { read } from "./access.js";

/**
 * Reads them, oldest first. Rejects when the server does not give them.
 * @returns {Promise<{version: number, first: number, replies: {message: object, reply: object}[]}>} `first` is the
 *   number of the oldest one that is kept at hand; `version` that of the present one, which has none if it failed
 */
export async function readVersions(address, sessionId, messageId) {
  const { versions } = await read(address, sessionId, { id: messageId });
  const replies = versions.filter(({ reply }) => reply);
  const newest = replies.at(-1)?.message.version ?? 1;
  return { version: versions.at(-1)?.message.version ?? 1, first: newest - replies.length + 1, replies };
}
