-- Begin to answer the head of a session's mailbox, with a new fencing token.
-- KEYS  those of the session (lib.lua)
-- ARGV  session id, entry id of the wake-up, worker, fencing token, reply id, context size, max_attempts, ttl_s,
--       members that mark a message as given up
-- Gives {'claimed', rev, the message's JSON, context as a JSON array, attempt, ms that the message waited}
--       {'gave_up', rev, message id}   it killed too many workers; it is in the history as failed now
--       {'gone'}  {'stale'}            no such session; another wake-up is the session's. The entry is removed
local session_id, entry, worker, token, reply_id = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

local wake = redis.call('HGET', SESSION, 'wake')
if wake ~= entry then
  redis.call('XACK', STREAM, 'workers', entry)
  redis.call('XDEL', STREAM, entry)
  return {redis.call('EXISTS', SESSION) == 0 and 'gone' or 'stale'}
end

local human = redis.call('LINDEX', PENDING, 0)
local id = message_id(human)
local reply = redis.call('HMGET', REPLY, 'to', 'token', 'attempt', 'rev', 'waited')

local attempt, rev
-- From when its turn came, which is when the wake-up was added; not again for a work that was taken over.
local waited = reply[1] == id and tonumber(reply[5]) or nil
if reply[2] == token then
  -- The answer to this very claim was lost and the worker asks again. It gets the rev of the beginning: another
  -- event may have taken the session's newest one since.
  attempt, rev = tonumber(reply[3]), tonumber(reply[4])
else
  attempt = reply[1] == id and tonumber(reply[3]) + 1 or 1
  if attempt > tonumber(ARGV[7]) then
    local letter = redis.call('XADD', DEAD_LETTERS, 'MAXLEN', '~', 10000, '*', 'session', session_id, 'message', human,
      'reason', 'gave_up', 'attempts', attempt - 1)
    -- For the end of the session, which takes them along.
    redis.call('HSET', SESSION, 'letters', (redis.call('HGET', SESSION, 'letters') or '') .. letter .. ' ')
    local failed_rev = settle(session_id, ARGV[8], clock(), 'failed:gave_up', waited, ARGV[9], nil)
    return {'gave_up', failed_rev, id}
  end
  rev = next_rev()
  local now = clock()
  waited = waited or math.max(0, now - tonumber(string.match(entry, '^%d+')))
  redis.call('DEL', REPLY)
  redis.call('HSET', REPLY, 'id', reply_id, 'to', id, 'text', '', 'size', 0, 'worker', worker, 'token', token,
    'attempt', attempt, 'rev', rev, 'started', now, 'waited', waited)
end

local context = '[]'
if tonumber(ARGV[6]) > 0 then
  context = visible_tail(tonumber(ARGV[6]), history_length(), {',"code":', ',"replaced":'})
end
return {'claimed', rev, human, context, attempt, waited or 0}
