import { exactCharges } from "./sliding-window.js";

/**
 * Counts as `SlidingWindow` does, for several limits in one go: all checks first, then all charges, and nothing else runs in Redis
 * between.
 *
 * KEYS: a limit each. ARGV: the time in milliseconds ("": Redis' own), "1" to charge or "0" to look, and for each limit its limit,
 * windowMs, burst (-1: none) and how much is to be charged. Answers four numbers for each limit: whether it is exceeded, what remains, when
 * it is whole again, and when such a call could pass (-1: never).
 *
 * A limit is a hash: t, what is used; h and n, the first and the next entry; l, the newest entry's time; b, when the burst is back; and each
 * entry by its number, as time:amount. All of it is forgotten when nothing in it counts any more.
 */
export const takeScript = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function whole(number) return string.format('%.0f', number) end
local function entry(key, index)
  local text = redis.call('HGET', key, whole(index))
  local at, amount = string.match(text or '0:0', '^(%d+):(%d+)$')
  return tonumber(at), tonumber(amount)
end
local limits, fits = {}, true
for index, key in ipairs(KEYS) do
  local arg = 2 + (index - 1) * 4
  local one = { key = key, limit = tonumber(ARGV[arg + 1]), window = tonumber(ARGV[arg + 2]), burst = tonumber(ARGV[arg + 3]),
    amount = tonumber(ARGV[arg + 4]) }
  local held = redis.call('HMGET', key, 't', 'h', 'n', 'l', 'b')
  one.total, one.head, one.next = tonumber(held[1]) or 0, tonumber(held[2]) or 0, tonumber(held[3]) or 0
  one.newest, one.back = tonumber(held[4]) or 0, tonumber(held[5]) or 0
  one.now = math.max(now, one.newest)
  while one.head < one.next do
    local at, amount = entry(key, one.head)
    if at + one.window > one.now then break end
    one.total = one.total - amount
    redis.call('HDEL', key, whole(one.head))
    one.head = one.head + 1
    one.changed = true
  end
  one.each = one.window / one.limit
  one.most = one.limit
  one.taken = 0
  if one.burst >= 0 then
    one.most = math.min(one.limit, one.burst)
    one.taken = math.min(math.max(0, one.back - one.now), one.burst * one.each)
  end
  one.fits = one.total + one.amount <= one.limit
    and (one.burst < 0 or one.taken + one.amount * one.each <= one.burst * one.each + 0.001)
  fits = fits and one.fits
  limits[index] = one
end
local charges = fits and ARGV[2] == '1'
local answer = {}
for _, one in ipairs(limits) do
  local retry = one.now
  if not one.fits then
    if one.amount > one.most then retry = -1 else
      local total, at, index = one.total, 0, one.head
      while index < one.next and total + one.amount > one.limit do
        local amount
        at, amount = entry(one.key, index)
        total = total - amount
        retry = at + one.window
        index = index + 1
      end
      if one.burst >= 0 then retry = math.max(retry, one.now + one.taken + (one.amount - one.burst) * one.each) end
    end
  end
  if charges and one.amount > 0 then
    local last, amount = one.next - 1, one.amount
    local before, used = 0, 0
    if one.next > one.head then before, used = entry(one.key, last) end
    local part = ${exactCharges} / one.window
    if one.next - one.head >= ${exactCharges} and math.floor(before * part) == math.floor(one.now * part) then
      amount = amount + used
    else
      last = one.next
      one.next = one.next + 1
    end
    redis.call('HSET', one.key, whole(last), whole(one.now) .. ':' .. whole(amount))
    one.total = one.total + one.amount
    one.newest = one.now
    if one.burst >= 0 then
      one.taken = one.taken + one.amount * one.each
      one.back = one.now + one.taken
    end
    one.changed = true
  end
  if one.changed then
    redis.call('HSET', one.key, 't', whole(one.total), 'h', whole(one.head), 'n', whole(one.next), 'l', whole(one.newest),
      'b', string.format('%.3f', one.back))
    redis.call('PEXPIRE', one.key, whole(one.window))
  end
  local left = one.limit - one.total
  if one.burst >= 0 then left = math.min(left, math.floor(one.burst - one.taken / one.each + 0.001)) end
  local reset = one.now
  if one.total > 0 then reset = one.newest + one.window end
  answer[#answer + 1] = one.fits and 0 or 1
  answer[#answer + 1] = math.max(0, left)
  answer[#answer + 1] = math.ceil(reset)
  answer[#answer + 1] = math.ceil(retry - 0.001)
end
return answer
`;
