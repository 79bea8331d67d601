-- Keep what the visitor thinks of a reply.
-- KEYS  those of the session (lib.lua)
-- ARGV  session id, id of the reply, id of the message that it answers, 'up', 'down' or '' (takes it back)
-- Gives {'rated', rev, 1 when that is new or 0}
--       {'expired'} {'not_found'}: there is no such reply, or it was replaced
local id, to, rating = ARGV[2], ARGV[3], ARGV[4]
if redis.call('EXISTS', SESSION) == 0 then
  return {'expired'}
end
local place = tonumber(redis.call('HGET', IDS, to))
local json = place and history_get(place + 1)
local message = json and cjson.decode(json)
if not message or message.id ~= id or message.replaced then
  return {'not_found'}
end
if (message.rating or '') == rating then
  return {'rated', tonumber(redis.call('HGET', SESSION, 'rev')), 0}
end
history_set(place + 1, 'rating', rating ~= '' and '"' .. rating .. '"' or nil)
return {'rated', next_rev(), 1}
