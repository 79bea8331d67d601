-- End a session: everything of it is gone, also a wake-up that a worker holds.
-- KEYS  those of the session (lib.lua), then sessions, sockets
-- ARGV  session id, SHA-256 of the presented secret ('' for a caller that has checked already)
-- Gives {1, worker and id of the running reply ('' for none)}, {0} when there was no such session
local session = redis.call('HMGET', SESSION, 'token', 'old_token', 'old_until')
if not session[1] then
  return {0}
end
if ARGV[2] ~= '' and ARGV[2] ~= session[1]
    and not (ARGV[2] == session[2] and clock() < tonumber(session[3])) then
  return {0}
end
local reply = redis.call('HMGET', REPLY, 'worker', 'id')
remove_wake_up()
local waiting = redis.call('LLEN', PENDING)
if waiting > 0 then
  count('ended', waiting)
  count_waiting(-waiting)
end
for letter in string.gmatch(redis.call('HGET', SESSION, 'letters') or '', '%S+') do
  redis.call('XDEL', DEAD_LETTERS, letter)
end
redis.call('DEL', SESSION, PENDING, REPLY, HISTORY, IDS, KEYS[12])
redis.call('ZREM', KEYS[11], ARGV[1])
redis.call('ZREM', FAILED, ARGV[1])
return {1, reply[1] or '', reply[2] or ''}
