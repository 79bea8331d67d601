-- Take one token from each of a client's buckets, or from none of them.
-- KEYS  the buckets (hash)
-- ARGV  of each bucket its name, the tokens that it holds, the ms in which an empty one fills
-- Gives 0, or the ms after which each bucket has a token
local now = clock()
local buckets, wait = {}, 0
for index = 1, #ARGV, 3 do
  local name, capacity, fill_ms = ARGV[index], tonumber(ARGV[index + 1]), tonumber(ARGV[index + 2])
  local level = bucket_level(KEYS[1], name, capacity, fill_ms, now)
  wait = math.max(wait, math.ceil((1 - level) * fill_ms / capacity))
  buckets[#buckets + 1] = {name, level, capacity, fill_ms}
end
if wait > 0 then
  return wait
end
-- Nobody needs to remember a bucket that is full again.
local full_in = 0
for _, bucket in ipairs(buckets) do
  local name, level, capacity, fill_ms = bucket[1], bucket[2] - 1, bucket[3], bucket[4]
  redis.call('HSET', KEYS[1], name, level, name .. '_ms', now)
  full_in = math.max(full_in, math.ceil((capacity - level) * fill_ms / capacity))
end
redis.call('PEXPIRE', KEYS[1], full_in)
return 0
