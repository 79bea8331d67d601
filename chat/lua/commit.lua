-- End the answering of a message: the human message and its reply enter the history together.
-- KEYS  those of the session (lib.lua)
-- ARGV  session id, fencing token, ttl_s, members to add to the human message ('' unless it failed),
--       the reply's JSON without its timestamp ('' when it failed), how the outcome is counted,
--       ms from the claim to the first text and to the end of the reply
-- Gives {rev, timestamp}, the same again when the commit had been made before; nil when the token is void
local session_id, token = ARGV[1], ARGV[2]

local reply = redis.call('HMGET', REPLY, 'token', 'waited')
if reply[1] ~= token then
  local last = redis.call('HMGET', SESSION, 'last_token', 'last_rev', 'last_timestamp')
  if last[1] == token then
    return {tonumber(last[2]), last[3]}
  end
  return nil
end

local now = clock()
local timestamp = iso(now)
local bot = ARGV[5] ~= '' and with_members(ARGV[5], '"timestamp":"' .. timestamp .. '"') or nil
local rev = settle(session_id, ARGV[3], now, ARGV[6], reply[2], ARGV[4], bot)
if bot then
  observe('first_text', ARGV[7])
  observe('reply', ARGV[8])
end
redis.call('HSET', SESSION, 'last_token', token, 'last_rev', rev, 'last_timestamp', timestamp)
return {rev, timestamp}
