-- Keep what the counters say now, for the admin's pictures. Often called, seldom does it write.
-- KEYS  counters, then a stream for each resolution
-- ARGV  for each of these streams: ms between two samples, samples at most
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local totals
for index = 2, #KEYS do
  local every_ms, at_most = tonumber(ARGV[2 * index - 3]), ARGV[2 * index - 2]
  local last = redis.call('XREVRANGE', KEYS[index], '+', '-', 'COUNT', 1)[1]
  local last_ms = last and tonumber(string.match(last[1], '^%d+')) or 0
  -- Not every `every_ms` from the last one on: several workers ask, and the samples keep to the clock.
  if math.floor(now / every_ms) > math.floor(last_ms / every_ms) then
    if not totals then
      local found = {}
      local flat = redis.call('HGETALL', KEYS[1])
      for place = 1, #flat, 2 do
        found[flat[place]] = tonumber(flat[place + 1])
      end
      totals = next(found) and cjson.encode(found) or '{}'
    end
    redis.call('XADD', KEYS[index], 'MAXLEN', at_most, string.format('%d-0', now), 'totals', totals)
  end
end
return redis.status_reply('OK')
