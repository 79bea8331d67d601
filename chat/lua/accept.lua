-- Put a message into a session's mailbox, once. It may take the place of a failed one, or of the last one and its
-- reply; those stay in the history, marked as replaced.
-- KEYS  those of the session (lib.lua)
-- ARGV  session id, message id, the message's JSON without its timestamp,
--       max_pending, max_queue, max_pending_per_ip, messages_per_minute, id of the message whose place it takes
--       ('' for none)
-- Gives {'queued', rev, position, timestamp, version}
--       {'waiting', rev, position, timestamp, version}  the id waits already
--       {'known', rev}                         the id was answered, has failed or was cancelled
--       {'expired'} {'not_found'} {'queue_full'} {'busy'} {'messages_per_address'} {'rate_limited', retry_after_ms};
--       counted, and nothing else was changed
local session_id, id, json, replaces = ARGV[1], ARGV[2], ARGV[3], ARGV[8]

if redis.call('EXISTS', SESSION) == 0 then
  return {'expired'}
end

-- Waiting in front of the place `index` of the mailbox; the message being answered does not wait any more.
local function position(index)
  local running = redis.call('HGET', REPLY, 'token') or ''
  return running ~= '' and math.max(0, index - 1) or index
end

local known = redis.call('HGET', IDS, id)
if known == 'p' then
  for index, waiting in ipairs(redis.call('LRANGE', PENDING, 0, -1)) do
    if message_id(waiting) == id then
      local message = cjson.decode(waiting)
      return {'waiting', tonumber(redis.call('HGET', SESSION, 'rev')), position(index - 1),
        message.timestamp, message.version or 1}
    end
  end
elseif known then
  return {'known', tonumber(redis.call('HGET', SESSION, 'rev'))}
end

local place, message, number
if replaces ~= '' then
  place, message, number = replaceable(replaces)
  -- Not by the id of its reply: clients tell by it what to take off the page.
  if not place or message.id ~= replaces then
    return {'not_found'}
  end
end

local length = redis.call('LLEN', PENDING)
if length >= tonumber(ARGV[4]) then
  count('refused:queue_full')
  return {'queue_full'}
end
local full = is_full(tonumber(ARGV[5]), tonumber(ARGV[6]))
if full then
  count('refused:' .. full)
  return {full}
end
local now = clock()
local wait = take_token(SESSION, tonumber(ARGV[7]), tonumber(ARGV[7]), now)
if wait > 0 then
  count('refused:rate_limited')
  return {'rate_limited', wait}
end

local timestamp = iso(now)
local version = 1
json = with_members(json, '"timestamp":"' .. timestamp .. '"')
if place then
  local members
  members, version = replacing_members(place, message, number)
  json = with_members(json, members)
  history_mark_replaced(place, number, true)
end
redis.call('RPUSH', PENDING, json)
redis.call('HSET', IDS, id, 'p')
count('accepted')
count_waiting(1)
redis.call('HSET', SESSION, 'last_activity', now)
if length == 0 then
  add_wake_up(session_id)
  keep_alive(0)
end
return {'queued', next_rev(), position(length), timestamp, version}
