-- Read the names of a row of sessions, newest first. For the admin's search.
-- KEYS  sessions
-- ARGV  rank of the first one, rank of the last one, what the keys of the sessions' hashes begin with
-- Gives id, name, id, name…; the name is '' when the session has expired
-- These hashes have the hash tag of KEYS[1], so they are where this script runs.
local found = {}
for _, id in ipairs(redis.call('ZREVRANGE', KEYS[1], ARGV[1], ARGV[2])) do
  found[#found + 1] = id
  found[#found + 1] = redis.call('HGET', ARGV[3] .. id, 'name') or ''
end
return found
