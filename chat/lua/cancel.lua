-- Take a message that still waits out of the mailbox.
-- KEYS  those of the session (lib.lua)
-- ARGV  session id, message id, ttl_s
-- Gives {'cancelled', rev, 1 when more has changed than that the message is gone: an earlier answer to it is
--       visible again, or a reply that was begun and handed back is void}, {'started'} when it is being answered,
--       {'not_found'}
local id = ARGV[2]
if redis.call('HGET', IDS, id) ~= 'p' then
  return {'not_found'}
end
local reply = redis.call('HMGET', REPLY, 'to', 'token')
if reply[1] == id and reply[2] then
  return {'started'}
end

for _, json in ipairs(redis.call('LRANGE', PENDING, 0, -1)) do
  if message_id(json) == id then
    redis.call('LREM', PENDING, 1, json)
    local message = cjson.decode(json)
    local more = 0
    if message.retry_of then
      history_mark_replaced(message.retry_of, message.retried, false)
      -- A message that was to take another one's place has an id of its own.
      redis.call('HSET', IDS, id, message.replaces and 'x' or message.retry_of)
      more = 1
    else
      redis.call('HSET', IDS, id, 'x')
    end
    count('cancelled')
    count_waiting(-1)
    if reply[1] == id then
      redis.call('DEL', REPLY)
      more = 1
    end
    if redis.call('EXISTS', PENDING) == 0 then
      remove_wake_up()
      keep_alive(ARGV[3])
    end
    return {'cancelled', next_rev(), more}
  end
end
return {'not_found'}
