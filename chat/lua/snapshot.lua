-- Read a session as it is at one moment.
-- KEYS  those of the session (lib.lua)
-- ARGV  SHA-256 of the presented secret ('' for a caller that has checked already), messages at most, ttl_s
-- Gives nil, or {rev, name, session_start, expires in ms, messages as a JSON array, 1 when there are more,
--       the mailbox (list of JSON), the reply's id, to and text (empty without one), now in ms}
local session = redis.call('HMGET', SESSION, 'rev', 'name', 'session_start', 'token', 'old_token', 'old_until')
if not session[1] then
  return nil
end
local now = clock()
if ARGV[1] ~= '' and ARGV[1] ~= session[4]
    and not (ARGV[1] == session[5] and now < tonumber(session[6])) then
  return nil
end
local length = history_length()
-- One more than is asked for: that there are more must not be said where the rest is replaced.
local tail, size = visible_tail(ARGV[2] + 1, length, {',"replaced":'})
local reply = redis.call('HMGET', REPLY, 'id', 'to', 'text')
local left_ms = redis.call('PTTL', SESSION)
if left_ms < 0 then
  left_ms = ARGV[3] * 1000
end
return {tonumber(session[1]), session[2], session[3], left_ms, tail, length > size and 1 or 0,
  redis.call('LRANGE', PENDING, 0, -1), reply[1] or '', reply[2] or '', reply[3] or '', now}
