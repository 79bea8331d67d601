-- Append a piece to the reply in progress.
-- KEYS  those of the session (lib.lua)
-- ARGV  fencing token, offset of the piece in code points, its size in code points, the piece,
--       and where the script is to tell it, too: the channel ('' for none) and the message
-- Gives 1, or 0 when the token is no longer the worker's. A piece that is there already is not written twice.
local reply = redis.call('HMGET', REPLY, 'token', 'size', 'text')
if reply[1] ~= ARGV[1] then
  return 0
end
if tonumber(reply[2]) == tonumber(ARGV[2]) then
  redis.call('HSET', REPLY, 'text', reply[3] .. ARGV[4], 'size', ARGV[2] + ARGV[3])
end
if ARGV[5] ~= '' then
  redis.call('PUBLISH', ARGV[5], ARGV[6])
end
return 1
