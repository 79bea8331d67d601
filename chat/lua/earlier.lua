-- Read what was said before a message.
-- KEYS  those of the session (lib.lua)
-- ARGV  SHA-256 of the presented secret ('' for a caller that has checked already), id of a human message of the
--       history, messages at most
-- Gives nil without the session, or {place of the first message or -1 for an unknown id, the messages as a JSON array}
--       The caller drops those that were replaced.
local session = redis.call('HMGET', SESSION, 'name', 'token', 'old_token', 'old_until')
if not session[1] then
  return nil
end
if ARGV[1] ~= '' and ARGV[1] ~= session[2]
    and not (ARGV[1] == session[3] and clock() < tonumber(session[4])) then
  return nil
end
local place, count = tonumber(redis.call('HGET', IDS, ARGV[2])), tonumber(ARGV[3])
if not place then
  return {-1, '[]'}
end
local size, first, messages = count
repeat
  first = math.max(0, place - size)
  messages = history_slice(first, place)
  local left_out = select(2, string.gsub(messages, ',"replaced":', ''))
  local enough = place - first - left_out >= count
  size = size + math.max(left_out, count)
until enough or first == 0
return {first, messages}
