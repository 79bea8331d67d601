-- Begin a session.
-- KEYS  those of the session (lib.lua), then sessions
-- ARGV  session id, name, SHA-256 of the token's secret, 'json' or 'list', ttl_s, name as JSON,
--       digest of the address that begins it ('' for none)
-- Gives the start as ISO 8601
local session_id, name, secret_hash, form, ttl_s = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local now = clock()
local start = iso(now)
redis.call('HSET', SESSION, 'id', session_id, 'name', name, 'token', secret_hash, 'session_start', start,
  'rev', 0, 'form', form, 'last_activity', now, 'messages', 0, 'version', 1)
if ARGV[7] ~= '' then
  redis.call('HSET', SESSION, 'sender', ARGV[7])
end
if form == 'json' then
  redis.call('JSON.SET', HISTORY, '$',
    string.format('{"name":%s,"session_start":"%s","messages":[]}', ARGV[6], start))
end
redis.call('ZADD', KEYS[11], now, session_id)
keep_alive(ttl_s)
return start
