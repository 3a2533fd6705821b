"""The steps that are atomic in Redis: one Lua script for each operation, with Redis's own clock.

The algorithms are those of ``jackfield.policy.limits``, statement by statement; the tests hold both to the same
promises. Several keys are read in one script, so all of them must be on one server: a cluster is not supported.
"""

from __future__ import annotations

_CLOCK = """
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local TICK = 0.000001
local function hold(key, seconds) redis.call('PEXPIRE', key, math.ceil(seconds * 1000) + 1000) end
local function text(number) return string.format('%.17g', number) end
local function get(key, field, default) return tonumber(redis.call('HGET', key, field) or default) end
"""

_SLIDING = """
local function slots(limit) return math.min(math.max(60, 2 * math.ceil(limit)), 7200) end
local function expired(key, window)
  local gone = redis.call('ZRANGEBYSCORE', key, '-inf', text(now - window))
  for _, slot in ipairs(gone) do
    redis.call('HINCRBYFLOAT', key .. ':n', 'used', text(-get(key .. ':n', slot, 0)))
    redis.call('HDEL', key .. ':n', slot)
    redis.call('ZREM', key, slot)
  end
  if redis.call('ZCARD', key) == 0 then redis.call('HDEL', key .. ':n', 'used') end
end
local function sliding_wait(key, window, missing)
  local kept = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  for place = 1, #kept, 2 do
    missing = missing - get(key .. ':n', kept[place], 0)
    if missing <= 0 then return tonumber(kept[place + 1]) + window - now + TICK end
  end
  return -1
end
local function sliding_take(key, want)
  local slot = string.format('%.0f', math.floor(now / (want.window / slots(want.limit))))
  redis.call('ZADD', key, text(now), slot)
  redis.call('HINCRBYFLOAT', key .. ':n', slot, want.cost)
  redis.call('HINCRBYFLOAT', key .. ':n', 'used', want.cost)
  hold(key, want.window)
  hold(key .. ':n', want.window)
  return slot
end
local function sliding_check(key, want)
  expired(key, want.window)
  local left = want.limit - get(key .. ':n', 'used', 0)
  if want.cost <= left then return 0, left - want.cost, true end
  return sliding_wait(key, want.window, want.cost - left), math.max(left, 0), false
end
local function sliding_give(key, mark, delta)
  if redis.call('ZSCORE', key, mark) then
    redis.call('HINCRBYFLOAT', key .. ':n', mark, text(delta))
    redis.call('HINCRBYFLOAT', key .. ':n', 'used', text(delta))
  end
end
"""

_ADAPTIVE = """
local function bounded(value, base) return math.min(math.max(value, math.max(1, math.floor(base / 10))), base * 10) end
local function turned(key, want)
  local state = key .. ':a'
  local limit = get(state, 'limit', want.limit)
  local ends = get(state, 'ends', 0)
  if ends == 0 then
    redis.call('HSET', state, 'limit', text(limit), 'ends', text(now + want.window), 'base', want.limit, 'window', want.window)
  elseif now >= ends then
    local share = get(state, 'taken', 0) / limit
    limit = bounded(limit * (share > 0.8 and 0.9 or share < 0.5 and 1.1 or 1), want.limit)
    redis.call('HSET', state, 'limit', text(limit), 'ends', text(now + want.window), 'taken', 0)
  end
  return limit
end
"""

_KINDS = """
local kinds = {}
kinds.sliding = {check = sliding_check, take = sliding_take, give = sliding_give}
kinds.adaptive = {
  check = function(key, want)
    local base = want.limit
    want.limit = turned(key, want)
    local wait, left, held = sliding_check(key, want)
    want.limit = base
    return wait, left, held
  end,
  take = function(key, want)
    redis.call('HINCRBYFLOAT', key .. ':a', 'taken', want.cost)
    return sliding_take(key, want)
  end,
  give = function(key, mark, delta)
    redis.call('HINCRBYFLOAT', key .. ':a', 'taken', text(delta))
    sliding_give(key, mark, delta)
  end,
}
kinds.fixed = {
  check = function(key, want)
    local number = math.floor(now / want.window)
    if get(key, 'number', -1) ~= number then redis.call('HSET', key, 'number', number, 'used', 0) end
    local left = want.limit - get(key, 'used', 0)
    if want.cost <= left then return 0, left - want.cost, true end
    return want.cost > want.limit and -1 or (number + 1) * want.window - now + TICK, math.max(left, 0), false
  end,
  take = function(key, want)
    redis.call('HINCRBYFLOAT', key, 'used', want.cost)
    hold(key, want.window)
    return redis.call('HGET', key, 'number')
  end,
  give = function(key, mark, delta)
    if redis.call('HGET', key, 'number') == mark then redis.call('HINCRBYFLOAT', key, 'used', text(delta)) end
  end,
}
kinds.token_bucket = {
  check = function(key, want)
    local rate = want.limit / want.window
    local size = want.burst > 0 and want.burst or want.limit
    local free = math.min(size, get(key, 'free', size) + (now - get(key, 'at', now)) * rate)
    redis.call('HSET', key, 'free', text(free), 'at', text(now), 'size', size, 'rate', text(rate))
    hold(key, size / rate)
    if want.cost <= free then return 0, free - want.cost, true end
    return want.cost > size and -1 or (want.cost - free) / rate + TICK, math.max(free, 0), false
  end,
  take = function(key, want)
    redis.call('HINCRBYFLOAT', key, 'free', -want.cost)
    return ''
  end,
  give = function(key, mark, delta)
    local free = redis.call('HGET', key, 'free')
    if free then redis.call('HSET', key, 'free', text(math.min(get(key, 'size', 0), tonumber(free) - delta))) end
  end,
}
kinds.leaky_bucket = {
  check = function(key, want)
    local rate = want.limit / want.window
    local turn = math.max(now, get(key, 'free_at', 0))
    local level = (turn - now) * rate
    if level + want.cost <= want.limit then return turn - now, want.limit - level - want.cost, true end
    if want.cost > want.limit then return -1, 0, false end
    return (level + want.cost - want.limit) / rate + TICK, math.max(0, want.limit - level), false
  end,
  take = function(key, want)
    local turn = math.max(now, get(key, 'free_at', 0))
    local free_at = turn + want.cost * want.window / want.limit
    redis.call('HSET', key, 'free_at', text(free_at), 'each', text(want.window / want.limit))
    hold(key, free_at - now)
    return text(free_at)
  end,
  give = function(key, mark, delta)
    local free_at = get(key, 'free_at', 0)
    if free_at > 0 and (delta > 0 or text(free_at) == mark) then
      redis.call('HSET', key, 'free_at', text(free_at + delta * get(key, 'each', 0)))
    end
  end,
}
kinds.concurrent = {
  check = function(key, want)
    redis.call('ZREMRANGEBYSCORE', key, '-inf', text(now))
    local left = want.limit - redis.call('ZCARD', key)
    if want.cost <= left then return 0, left - 1, true end
    return want.cost > want.limit and -1 or 0.05, left, false
  end,
  take = function(key, want)
    redis.call('ZADD', key, text(now + want.lease), want.hold)
    hold(key, want.lease)
    return want.hold
  end,
  give = function(key, mark, delta) redis.call('ZREM', key, mark) end,
}
"""

# A want that stands before another may be of the same key only where the first has been taken: so each is
# checked and taken in turn, and what was taken is given back where a later one refuses.
_TAKE = """
local wants, marks, longest, least = cjson.decode(ARGV[1]), {}, 0, math.huge
for place, want in ipairs(wants) do
  local key, kind = KEYS[place], kinds[want.algorithm]
  local wait, left, held = kind.check(key, want)
  if not held then
    for before = 1, place - 1 do
      kinds[wants[before].algorithm].give(KEYS[before], marks[before], -wants[before].cost)
    end
    return {place, text(wait), text(left)}
  end
  marks[place] = kind.take(key, want)
  longest, least = math.max(longest, wait), math.min(least, left)
end
return {0, text(longest), text(least), unpack(marks)}
"""

_GIVE = """
for place, given in ipairs(cjson.decode(ARGV[1])) do
  kinds[given.algorithm].give(KEYS[place], given.mark, given.delta)
end
return 1
"""

_COMPLAIN = """
for _, key in ipairs(KEYS) do
  local state = key .. ':a'
  local window = get(state, 'window', 0)
  if window > 0 and now - get(state, 'complained', 0) >= window / 60 then
    local base = get(state, 'base', 0)
    local limit = bounded(get(state, 'limit', base) * 0.7, base)
    redis.call('HSET', state, 'limit', text(limit), 'complained', text(now))
  end
end
return 1
"""

_BUDGET = """
local function whole(number) return string.format('%.0f', number) end
local function ended(key, id, spent)
  local amount = redis.call('HGET', key .. ':h', id)
  if not amount then return nil end
  redis.call('HDEL', key .. ':h', id)
  redis.call('ZREM', key .. ':x', id)
  local sent = redis.call('SREM', key .. ':s', id) == 1
  redis.call('HINCRBY', key, 'held', '-' .. amount)
  amount = tonumber(amount)
  if spent == 'expired' then spent = sent and amount or 0 elseif spent == 'all' then spent = amount end
  if spent > 0 then redis.call('HINCRBY', key, 'settled', whole(spent)) end
  if spent > amount then redis.call('HINCRBY', key, 'overrun', whole(spent - amount)) end
  return spent - amount
end
local function tick(key)
  for _, id in ipairs(redis.call('ZRANGEBYSCORE', key .. ':x', '-inf', text(now))) do ended(key, id, 'expired') end
end
local function reached(found, place, key, limit, refused)
  local settled = get(key, 'settled', 0)
  local spent = (refused or settled >= limit) and 100 or settled * 10 >= limit * 9 and 90 or 0
  local told = get(key, 'alerted', 0)
  for _, share in ipairs({90, 100}) do
    if told < share and share <= spent then
      found[#found + 1] = place
      found[#found + 1] = share
    end
  end
  if spent > told then redis.call('HSET', key, 'alerted', spent) end
end
local function kept(key, seconds)
  if seconds > 0 then
    for _, name in ipairs({key, key .. ':h', key .. ':x', key .. ':s'}) do hold(name, seconds) end
  end
end
"""

_RESERVE = """
local id, lasts, wants = ARGV[1], tonumber(ARGV[2]), cjson.decode(ARGV[3])
local over, found = {}, {}
for place, want in ipairs(wants) do
  local key = KEYS[place]
  tick(key)
  if redis.call('HEXISTS', key .. ':h', id) == 0 then
    local left = want.limit - get(key, 'settled', 0) - get(key, 'held', 0)
    if want.amount > left and not want.soft then
      for before = 1, place - 1 do if not wants[before].had then ended(KEYS[before], id, 0) end end
      reached(found, place, key, want.limit, true)
      return {place, whole(math.max(0, left)), {}, found}
    end
    if want.amount > left then over[#over + 1] = place end
    redis.call('HSET', key .. ':h', id, whole(want.amount))
    redis.call('ZADD', key .. ':x', text(now + lasts), id)
    redis.call('HINCRBY', key, 'held', whole(want.amount))
    kept(key, want.keep)
  else
    want.had = true
  end
end
return {0, '0', over, found}
"""

_SETTLE = """
local id, actual, limits = ARGV[1], ARGV[2], cjson.decode(ARGV[3])
local over, found = {}, {}
for place, key in ipairs(KEYS) do
  local beyond = ended(key, id, actual == 'all' and actual or tonumber(actual))
  if beyond and beyond > 0 then over[#over + 1] = place end
  if actual ~= '0' then reached(found, place, key, limits[place], false) end
end
return {0, '0', over, found}
"""

_SENT = """
for _, key in ipairs(KEYS) do
  if redis.call('HEXISTS', key .. ':h', ARGV[1]) == 1 then redis.call('SADD', key .. ':s', ARGV[1]) end
end
return 1
"""

_NOTED = """
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', text(now))
local found = redis.call('ZRANGE', KEYS[1], 0, 999, 'WITHSCORES')
for place = 2, #found, 2 do found[place] = text(tonumber(found[place]) - now) end
return found
"""

_NOTE = """
if tonumber(ARGV[2]) > 0 then
  redis.call('ZADD', KEYS[1], text(now + tonumber(ARGV[2])), ARGV[1])
else
  redis.call('ZREM', KEYS[1], ARGV[1])
end
return 1
"""

_LIMITS = _CLOCK + _SLIDING + _ADAPTIVE + _KINDS

SCRIPTS = {
    "take": _LIMITS + _TAKE,
    "give": _LIMITS + _GIVE,
    "complain": _LIMITS + _COMPLAIN,
    "reserve": _CLOCK + _BUDGET + _RESERVE,
    "settle": _CLOCK + _BUDGET + _SETTLE,
    "sent": _CLOCK + _SENT,
    "note": _CLOCK + _NOTE,
    "noted": _CLOCK + _NOTED,
}
