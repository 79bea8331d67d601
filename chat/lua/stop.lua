-- End the reply in progress and keep what was written of it. The worker's token is void from here on.
-- KEYS  those of the session (lib.lua)
-- ARGV  session id, ttl_s
-- Gives {rev, id of the human message, the reply's JSON, worker, rev with which the reply began},
--       or nil when no reply is in progress
local reply = redis.call('HMGET', REPLY, 'id', 'to', 'text', 'worker', 'token', 'rev', 'started', 'waited')
if not reply[5] then
  return nil
end
local now = clock()
local bot = string.format(
  '{"id":%s,"source":"bot","text":%s,"to":%s,"finish":"stopped","worker":%s,"waited_ms":%d,"took_ms":%d,"timestamp":"%s"}',
  cjson.encode(reply[1]), cjson.encode(reply[3]), cjson.encode(reply[2]), cjson.encode(reply[4]), reply[8] or 0,
  now - (reply[7] or now), iso(now))
local rev = settle(ARGV[1], ARGV[2], now, 'stopped', reply[8], '', bot)
return {rev, reply[2], bot, reply[4], tonumber(reply[6])}
