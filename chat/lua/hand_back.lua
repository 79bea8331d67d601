-- Give the work on a message back, so that any worker can begin it anew at once.
-- KEYS  those of the session (lib.lua)
-- ARGV  session id, fencing token
-- Gives 1, or 0 when the token is no longer the worker's. The attempt does not count.
if redis.call('HGET', REPLY, 'token') ~= ARGV[2] then
  return 0
end
local attempt = tonumber(redis.call('HGET', REPLY, 'attempt')) - 1
if attempt > 0 then
  redis.call('HDEL', REPLY, 'id', 'token', 'worker', 'started')
  redis.call('HSET', REPLY, 'text', '', 'size', 0, 'attempt', attempt)
else
  redis.call('DEL', REPLY)
end
remove_wake_up()
add_wake_up(ARGV[1])
return 1
