-- Read what the workers last said of themselves.
-- KEYS  workers
-- Gives {now in ms by this server's clock, names and JSON texts in turns}
local time = redis.call('TIME')
return {time[1] * 1000 + math.floor(time[2] / 1000), redis.call('HGETALL', KEYS[1])}
