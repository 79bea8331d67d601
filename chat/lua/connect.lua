-- Let a socket in: is its secret valid, and has the session a place for it?
-- KEYS  those of the session (lib.lua), then sockets, open sockets of the partition
-- ARGV  SHA-256 of the presented secret ('' for a caller that has checked already), name of the socket,
--       sockets at most, ms until the registration ends unless it is made again
-- Gives {'ok', ms for which the secret is still good: 0 as long as the session}, {'expired'} or {'too_many'}
local session = redis.call('HMGET', SESSION, 'token', 'old_token', 'old_until')
local now = clock()
if not session[1] then
  return {'expired'}
end
local left = 0
if ARGV[1] ~= '' and ARGV[1] ~= session[1] then
  if ARGV[1] ~= session[2] or now >= tonumber(session[3]) then
    return {'expired'}
  end
  left = session[3] - now
end
local sockets, open_sockets = KEYS[11], KEYS[12]
redis.call('ZREMRANGEBYSCORE', sockets, '-inf', now)
if not redis.call('ZSCORE', sockets, ARGV[2]) and redis.call('ZCARD', sockets) >= tonumber(ARGV[3]) then
  count('refused:sockets_per_session')
  return {'too_many'}
end
redis.call('ZADD', sockets, now + ARGV[4], ARGV[2])
redis.call('PEXPIRE', sockets, ARGV[4])
-- Those of processes that died leave by time.
redis.call('ZREMRANGEBYSCORE', open_sockets, '-inf', now)
redis.call('ZADD', open_sockets, now + ARGV[4], ARGV[2])
return {'ok', left}
