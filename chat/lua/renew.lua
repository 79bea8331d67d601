-- Keep the entries that a worker works on from going idle, and say that it lives.
-- KEYS  stream, workers, draining, then the reply hash of each entry
-- ARGV  worker, its JSON without the time, then entry id and fencing token of each entry
-- Gives 1 when the worker was told to drain (else 0), and the indexes (from 0) of the entries whose token is no
--       longer the worker's
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSET', KEYS[2], ARGV[1], string.sub(ARGV[2], 1, -2) .. ',"seen":' .. string.format('%d', now) .. '}')

local lost = {}
for index = 0, #KEYS - 4 do
  local entry, token = ARGV[3 + 2 * index], ARGV[4 + 2 * index]
  if redis.call('HGET', KEYS[4 + index], 'token') == token then
    redis.call('XCLAIM', KEYS[1], 'workers', ARGV[1], 0, entry, 'JUSTID')
  else
    lost[#lost + 1] = index
  end
end
return {redis.call('SISMEMBER', KEYS[3], ARGV[1]), lost}
