-- Replace a session's token. The old one works for a grace period.
-- KEYS  those of the session (lib.lua)
-- ARGV  SHA-256 of the presented secret, SHA-256 of the new one, grace in ms, ttl_s
-- Gives 1, also when the same rotation has been made before and its grace lasts; 0 when the secret is not valid
local session = redis.call('HMGET', SESSION, 'token', 'old_token', 'old_until')
if not session[1] then
  return 0
end
local now = clock()
if session[1] == ARGV[1] then
  redis.call('HSET', SESSION, 'token', ARGV[2], 'old_token', ARGV[1], 'old_until', now + ARGV[3],
    'last_activity', now)
elseif not (session[2] == ARGV[1] and session[1] == ARGV[2] and now < tonumber(session[3])) then
  return 0
end
keep_alive(ARGV[4])
return 1
