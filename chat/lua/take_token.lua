-- Take one token from a bucket of its own.
-- KEYS  the bucket (hash)
-- ARGV  tokens per minute, which is also what the bucket holds
-- Gives 0, or the ms after which a token will be there
local wait = take_token(KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[1]), clock())
redis.call('PEXPIRE', KEYS[1], 60000)
return wait
