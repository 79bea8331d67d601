-- Read all that was said in the place of one message: it was asked again, or edited.
-- KEYS  those of the session (lib.lua)
-- ARGV  SHA-256 of the presented secret ('' for a caller that has checked already), id of the human message that
--       stands in the place now, versions at most
-- Gives nil, or {{the human message's JSON, its reply's JSON ('' when it failed)}, …}, the newest first; the
--       present one is among them once it has its outcome
local session = redis.call('HMGET', SESSION, 'token', 'old_token', 'old_until')
if not session[1] then
  return nil
end
if ARGV[1] ~= '' and ARGV[1] ~= session[1]
    and not (ARGV[1] == session[2] and clock() < tonumber(session[3])) then
  return nil
end

local known = redis.call('HGET', IDS, ARGV[2])
local place = tonumber(known)
if known == 'p' then
  for _, json in ipairs(redis.call('LRANGE', PENDING, 0, -1)) do
    if message_id(json) == ARGV[2] then
      place = cjson.decode(json).retry_of
    end
  end
end
local found = {}
while place and #found < tonumber(ARGV[3]) do
  local json = history_get(place)
  local human = cjson.decode(json)
  found[#found + 1] = {json, human.code and '' or history_get(place + 1)}
  -- Each one names the place of the one before it.
  place = human.retry_of
end
return found
