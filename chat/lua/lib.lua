-- Functions that the scripts share; put in front of each of them.
--
-- Every script about a session gets the same KEYS, so that one place knows their order:
local SESSION, PENDING, REPLY, HISTORY, IDS = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local STREAM, COUNTERS, DEAD_LETTERS, FAILED, SENDERS = KEYS[6], KEYS[7], KEYS[8], KEYS[9], KEYS[10]

-- The invariant that every script keeps: a session with a non-empty mailbox has exactly one wake-up in the
-- stream, waiting or delivered, and its entry id is in the session's `wake`; one with an empty mailbox has none.

-- The server's clock, in ms. No script trusts the clock of a web process or a worker.
local function clock()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- A time in ms as ISO 8601 UTC (the days-to-date arithmetic is Howard Hinnant's civil_from_days).
local function iso(ms)
  local floor = math.floor
  local days, rest = floor(ms / 86400000), ms % 86400000
  local z = days + 719468
  local era = floor(z / 146097)
  local doe = z - era * 146097
  local yoe = floor((doe - floor(doe / 1460) + floor(doe / 36524) - floor(doe / 146096)) / 365)
  local doy = doe - (365 * yoe + floor(yoe / 4) - floor(yoe / 100))
  local mp = floor((5 * doy + 2) / 153)
  local month = mp < 10 and mp + 3 or mp - 9
  local year = yoe + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02dT%02d:%02d:%02d.%03dZ', year, month,
    doy - floor((153 * mp + 2) / 5) + 1, floor(rest / 3600000), floor(rest / 60000) % 60,
    floor(rest / 1000) % 60, rest % 1000)
end

-- A JSON object's text with more members; `members` is JSON without the braces.
local function with_members(json, members)
  return string.sub(json, 1, -2) .. ',' .. members .. '}'
end

-- The history comes in two forms, chosen when the session is made and kept in its hash: a native JSON
-- document, or a list with one JSON text per message.
local function has_document()
  return redis.call('HGET', SESSION, 'form') == 'json'
end

local function history_length()
  if has_document() then
    return redis.call('JSON.ARRLEN', HISTORY, '$.messages')[1] or 0
  end
  return redis.call('LLEN', HISTORY)
end

-- Append messages; returns the new length.
local function history_append(...)
  if has_document() then
    return redis.call('JSON.ARRAPPEND', HISTORY, '$.messages', ...)[1]
  end
  return redis.call('RPUSH', HISTORY, ...)
end

-- The last `count` messages as the text of a JSON array.
local function history_tail(count)
  if has_document() then
    return redis.call('JSON.GET', HISTORY, '$.messages[-' .. count .. ':]') or '[]'
  end
  return '[' .. table.concat(redis.call('LRANGE', HISTORY, -count, -1), ',') .. ']'
end

-- The messages from a place up to another one, without that, as the text of a JSON array.
local function history_slice(first, last)
  if has_document() then
    return redis.call('JSON.GET', HISTORY, '$.messages[' .. first .. ':' .. last .. ']') or '[]'
  end
  return last <= first and '[]' or '[' .. table.concat(redis.call('LRANGE', HISTORY, first, last - 1), ',') .. ']'
end

-- A tail with at least `count` messages that are not left out, as far as there are so many. A message is left
-- out by a member that marks it (`,"code":` of a failed one, `,"replaced":` of one answered again); a quote
-- inside a text is escaped, so these strings cannot come from a text. The caller drops what is left out.
local function visible_tail(count, length, marks)
  local size = math.min(count, length)
  while size > 0 do
    local tail = history_tail(size)
    local left_out = 0
    for _, mark in ipairs(marks) do
      left_out = left_out + select(2, string.gsub(tail, mark, ''))
    end
    if size - left_out >= count or size == length then
      return tail, size
    end
    size = math.min(length, size + math.max(left_out, count))
  end
  return '[]', 0
end

-- The message at a place of the history (0 is the oldest), or nil.
local function history_get(place)
  if has_document() then
    local found = redis.call('JSON.GET', HISTORY, '$.messages[' .. place .. ']')
    return found and found ~= '[]' and string.sub(found, 2, -2) or nil
  end
  return redis.call('LINDEX', HISTORY, place) or nil
end

-- Give a message of the history a member, or take it away again (nil). `value` is JSON: true, or a word in quotes.
local function history_set(place, name, value)
  if has_document() then
    local path = '$.messages[' .. place .. '].' .. name
    if value then
      redis.call('JSON.SET', HISTORY, path, value)
    else
      redis.call('JSON.DEL', HISTORY, path)
    end
    return
  end
  -- A quote inside a text is escaped, so this cannot come from a text.
  local message = string.gsub(redis.call('LINDEX', HISTORY, place), ',"' .. name .. '":[^,}]+', '')
  if value then
    message = with_members(message, '"' .. name .. '":' .. value)
  end
  redis.call('LSET', HISTORY, place, message)
end

-- Mark messages of the history as replaced, or take the marks away again.
local function history_mark_replaced(place, number, replaced)
  for index = place, place + number - 1 do
    history_set(index, 'replaced', replaced and 'true' or nil)
  end
end

-- A session lives for a while after its last activity, but not shorter than its messages wait: what was
-- accepted is answered first, however long that takes.
local function keep_alive(ttl_s)
  local waiting = redis.call('EXISTS', PENDING) == 1
  for _, key in ipairs({SESSION, HISTORY, IDS}) do
    if waiting then
      redis.call('PERSIST', key)
    else
      redis.call('EXPIRE', key, ttl_s)
    end
  end
end

local function add_wake_up(session_id)
  local entry = redis.call('XADD', STREAM, '*', 's', session_id)
  redis.call('HSET', SESSION, 'wake', entry)
  return entry
end

local function remove_wake_up()
  local entry = redis.call('HGET', SESSION, 'wake')
  if entry then
    redis.call('XACK', STREAM, 'workers', entry)
    redis.call('XDEL', STREAM, entry)
    redis.call('HDEL', SESSION, 'wake')
  end
end

local function next_rev()
  return redis.call('HINCRBY', SESSION, 'rev', 1)
end

local function message_id(json)
  return string.match(json, '^{"id":"([^"]*)"')
end

-- Counting. Each message that was accepted is counted once more, under its outcome:
--   accepted = answered + stopped + failed:<code> + cancelled + ended + waiting
-- A histogram has a field for each bucket that something fell into, and the sum of all.
local function count(name, by)
  redis.call('HINCRBY', COUNTERS, name, by or 1)
end

-- The messages that wait: of all sessions, and of those that were begun from the same address.
local function count_waiting(by)
  count('waiting', by)
  local sender = redis.call('HGET', SESSION, 'sender')
  if sender and redis.call('HINCRBY', SENDERS, sender, by) <= 0 then
    redis.call('HDEL', SENDERS, sender)
  end
end

-- Is there room for one more message: of all sessions, and of this session's sender? Gives nil, or the limit that
-- it is counted under.
local function is_full(max_queue, max_of_sender)
  if tonumber(redis.call('HGET', COUNTERS, 'waiting') or 0) >= max_queue then
    return 'busy'
  end
  local sender = redis.call('HGET', SESSION, 'sender')
  if sender and tonumber(redis.call('HGET', SENDERS, sender) or 0) >= max_of_sender then
    return 'messages_per_address'
  end
end

-- The upper bounds of the buckets; chat/counters.py has the same.
local BOUNDS_MS = {10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 120000}

local function observe(name, ms)
  ms = math.max(0, math.floor(ms))
  local bucket = 'inf'
  for _, bound in ipairs(BOUNDS_MS) do
    if ms <= bound then
      bucket = bound
      break
    end
  end
  count(name .. ':' .. bucket)
  count(name .. ':sum', ms)
end

-- Sessions whose last message failed, by the time of it; so many at most.
local FAILED_AT_MOST = 10000

-- The human message that can be answered anew: one that failed, by its id, or the last one, by its id or its
-- reply's, while nothing has come after it. Returns its place in the history, the message, and how many messages
-- its next answer replaces (with its reply: 2); or nil.
local function replaceable(id)
  local length = history_length()
  local known = redis.call('HGET', IDS, id)
  local place = tonumber(known)
  -- Only a reply's id is not known there. The last message may be one that waits to be answered again.
  if not known and length > 1 and message_id(history_get(length - 1)) == id then
    place = length - 2
  end
  if not place then
    return nil
  end
  local message = cjson.decode(history_get(place))
  local number = message.code and 1 or 2
  if message.replaced or (number == 2 and (place ~= length - 2 or redis.call('EXISTS', PENDING) == 1)) then
    return nil
  end
  return place, message, number
end

-- The members of a message that will take the place of others, and its version: how many replies there will be.
local function replacing_members(place, message, number)
  local version = (message.version or 1) + number - 1
  local members = string.format('"retry_of":%d,"retried":%d', place, number)
  if version > 1 then
    members = members .. ',"version":' .. version
  end
  return members, version
end

-- The head of the mailbox has come to its end. `outcome`: how it is counted; `waited`: ms until it was claimed,
-- as the reply in progress tells. `human_members`: what to add to its JSON ('' for none);
-- `bot`: the reply's JSON or nil. Takes the head out, stores it, replaces the wake-up, voids the token.
-- Returns the new rev and the head's id.
local function settle(session_id, ttl_s, now, outcome, waited, human_members, bot)
  local human = redis.call('LPOP', PENDING)
  local id = message_id(human)
  if human_members ~= '' then
    human = with_members(human, human_members)
  end
  local length
  if bot then
    length = history_append(human, bot)
    redis.call('HSET', IDS, id, length - 2)
  else
    length = history_append(human)
    redis.call('HSET', IDS, id, length - 1)
  end
  count_waiting(-1)
  count(outcome)
  observe('queue_wait', tonumber(waited) or 0)
  if bot then
    redis.call('ZREM', FAILED, session_id)
  else
    redis.call('ZADD', FAILED, now, session_id)
    redis.call('ZREMRANGEBYRANK', FAILED, 0, -FAILED_AT_MOST - 1)
  end
  redis.call('DEL', REPLY)
  remove_wake_up()
  if redis.call('EXISTS', PENDING) == 1 then
    add_wake_up(session_id)
  else
    keep_alive(ttl_s)
  end
  local rev = next_rev()
  -- `heard`: what a visitor must have seen to know of the last outcome.
  redis.call('HSET', SESSION, 'last_activity', now, 'messages', length, 'heard', rev)
  return rev, id
end

-- What a token bucket holds now. Its level, and when that was, are in two fields of a hash.
local function bucket_level(key, name, capacity, fill_ms, now)
  local state = redis.call('HMGET', key, name, name .. '_ms')
  local since = math.max(0, now - tonumber(state[2] or now))
  return math.min(capacity, tonumber(state[1] or capacity) + since * capacity / fill_ms)
end

-- Take one token from the bucket in a hash. Returns 0, or the ms after which one is there.
local function take_token(key, capacity, per_minute, now)
  local level = bucket_level(key, 'bucket', capacity, capacity * 60000 / per_minute, now)
  local wait = 0
  if level < 1 then
    wait = math.ceil((1 - level) * 60000 / per_minute)
  else
    level = level - 1
  end
  redis.call('HSET', key, 'bucket', level, 'bucket_ms', now)
  return wait
end
