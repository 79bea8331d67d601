-- Answer a failed message again, or replace the last reply. What is replaced stays in the history, marked.
-- KEYS  those of the session (lib.lua)
-- ARGV  session id, id of the failed message, or of the last reply or its message,
--       max_pending, max_queue, max_pending_per_ip, messages_per_minute (0: staff ask, no limit but max_pending
--       counts)
-- Gives {'queued', rev, position, the message's JSON}
--       {'expired'} {'not_found'} {'queue_full'} {'busy'} {'messages_per_address'} {'rate_limited', retry_after_ms}
local session_id, id = ARGV[1], ARGV[2]

if redis.call('EXISTS', SESSION) == 0 then
  return {'expired'}
end
local waiting = redis.call('LLEN', PENDING)
local place, message, number = replaceable(id)
if not place then
  return {'not_found'}
end

if waiting >= tonumber(ARGV[3]) then
  count('refused:queue_full')
  return {'queue_full'}
end
local now = clock()
local per_minute = tonumber(ARGV[6])
if per_minute > 0 then
  local full = is_full(tonumber(ARGV[4]), tonumber(ARGV[5]))
  if full then
    count('refused:' .. full)
    return {full}
  end
  local wait = take_token(SESSION, per_minute, per_minute, now)
  if wait > 0 then
    count('refused:rate_limited')
    return {'rate_limited', wait}
  end
end

history_mark_replaced(place, number, true)
local json = string.format('{"id":%s,"source":"human","text":%s,"timestamp":%s}',
  cjson.encode(message.id), cjson.encode(message.text), cjson.encode(message.timestamp))
json = with_members(json, (replacing_members(place, message, number)))
redis.call('RPUSH', PENDING, json)
redis.call('HSET', IDS, message.id, 'p')
count('accepted')
count_waiting(1)
redis.call('HSET', SESSION, 'last_activity', now)
if waiting == 0 then
  add_wake_up(session_id)
  keep_alive(0)
end
local running = redis.call('HEXISTS', REPLY, 'token')
return {'queued', next_rev(), math.max(0, waiting - running), json}
