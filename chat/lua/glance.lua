-- Read what a list of conversations shows of several sessions.
-- KEYS  of each session: session, pending, history; sessions that share a slot
-- Gives for each: {} when there is none, or {title given by the visitor, name, session_start, last activity in ms,
--       rev of the last outcome, messages that wait, the beginning of the first message ('' before it)}
local MAX_BYTES = 400
local MAX_LOOKS = 100

-- The beginning of a text, without the half of a character.
local function beginning(text)
  if #text <= MAX_BYTES then
    return text
  end
  return (string.gsub(string.sub(text, 1, MAX_BYTES), '[\192-\255]?[\128-\191]*$', ''))
end

-- The oldest message that was not replaced; one that waits when nothing was answered yet.
local function first_text(waiting)
  for place = 0, MAX_LOOKS - 1 do
    local json = history_get(place)
    if not json then
      break
    end
    local message = cjson.decode(json)
    if not message.replaced then
      return message.text
    end
  end
  return waiting > 0 and cjson.decode(redis.call('LINDEX', PENDING, 0)).text or ''
end

local found = {}
for index = 1, #KEYS, 3 do
  SESSION, PENDING, HISTORY = KEYS[index], KEYS[index + 1], KEYS[index + 2]
  local head = redis.call('HMGET', SESSION, 'title', 'name', 'session_start', 'last_activity', 'heard')
  if head[2] then
    local waiting = redis.call('LLEN', PENDING)
    found[#found + 1] = {head[1] or '', head[2], head[3], tonumber(head[4]), tonumber(head[5] or 0), waiting,
      beginning(first_text(waiting))}
  else
    found[#found + 1] = {}
  end
end
return found
