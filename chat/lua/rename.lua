-- Give a conversation a title of its own.
-- KEYS  those of the session (lib.lua)
-- ARGV  title; '': the first message is the title again
-- Gives 1, or 0 when there is no such session
if redis.call('EXISTS', SESSION) == 0 then
  return 0
end
if ARGV[1] == '' then
  redis.call('HDEL', SESSION, 'title')
else
  redis.call('HSET', SESSION, 'title', ARGV[1])
end
return 1
