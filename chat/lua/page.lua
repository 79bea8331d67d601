-- Read messages of a session's history by their place.
-- KEYS  those of the session (lib.lua)
-- ARGV  SHA-256 of the presented secret ('' for a caller that has checked already), place of the first message
--       (0 is the oldest), messages at most
-- Gives nil, or {name, session_start, the messages as a JSON array, length of the history}
local session = redis.call('HMGET', SESSION, 'name', 'session_start', 'token', 'old_token', 'old_until')
if not session[1] then
  return nil
end
if ARGV[1] ~= '' and ARGV[1] ~= session[3]
    and not (ARGV[1] == session[4] and clock() < tonumber(session[5])) then
  return nil
end
local first, last = tonumber(ARGV[2]), ARGV[2] + ARGV[3]
return {session[1], session[2], history_slice(first, last), history_length()}
