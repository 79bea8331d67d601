-- Delete the consumers of workers that are long gone and hold nothing, and what they said of themselves.
-- KEYS  stream, workers, draining
-- ARGV  ms after which a worker that says nothing is gone
-- A consumer that waits for news is idle to a Redis before 7.2, so what counts is what the worker says.
local time = redis.call('TIME')
local before = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
for _, consumer in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], 'workers')) do
  local about = {}
  for index = 1, #consumer, 2 do
    about[consumer[index]] = consumer[index + 1]
  end
  local said = redis.call('HGET', KEYS[2], about.name)
  local seen = said and cjson.decode(said).seen
  if about.pending == 0 and about.idle > tonumber(ARGV[1]) and (not seen or seen < before) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], 'workers', about.name)
    redis.call('HDEL', KEYS[2], about.name)
    redis.call('SREM', KEYS[3], about.name)
  end
end
