import { exactCharges } from "./sliding-window.js";

const entries = `local function whole(number) return string.format('%.0f', number) end
local function entry(key, index)
  local text = redis.call('HGET', key, whole(index))
  local at, amount = string.match(text or '0:0', '^(%d+):(%d+)$')
  return tonumber(at), tonumber(amount)
end`;

/**
 * Counts as `SlidingWindow` does, for several limits in one go: all checks first, then all charges, and nothing else runs in Redis
 * between.
 *
 * KEYS: a limit each. ARGV: the time in milliseconds ("": Redis' own), "1" to charge or "0" to look, and for each limit its limit,
 * windowMs, burst (-1: none) and how much is to be charged. Answers for each limit: whether it is exceeded, what remains, when it is whole
 * again, when such a call could pass (-1: never), and of its charge: the entry (-1: none), and since when there is this log.
 *
 * A limit is a hash: t, what is used; h and n, the first and the next entry; l, the newest entry's time; b, when the burst is back; o, when
 * it would be without the entries; g, since when there is this log; and each entry by its number, as time:amount. All of it is forgotten
 * when nothing in it counts any more.
 */
export const takeScript = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
${entries}
local limits, fits = {}, true
for index, key in ipairs(KEYS) do
  local arg = 2 + (index - 1) * 4
  local one = { key = key, limit = tonumber(ARGV[arg + 1]), window = tonumber(ARGV[arg + 2]), burst = tonumber(ARGV[arg + 3]),
    amount = tonumber(ARGV[arg + 4]) }
  local held = redis.call('HMGET', key, 't', 'h', 'n', 'l', 'b', 'o', 'g')
  one.total, one.head, one.next = tonumber(held[1]) or 0, tonumber(held[2]) or 0, tonumber(held[3]) or 0
  one.newest, one.back, one.old = tonumber(held[4]) or 0, tonumber(held[5]) or 0, tonumber(held[6]) or 0
  one.now = math.max(now, one.newest)
  one.since = tonumber(held[7]) or one.now
  one.each = one.window / one.limit
  while one.head < one.next do
    local at, amount = entry(key, one.head)
    if at + one.window > one.now then break end
    one.total = one.total - amount
    if one.burst >= 0 and amount > 0 then one.old = math.max(one.old, at) + amount * one.each end
    redis.call('HDEL', key, whole(one.head))
    one.head = one.head + 1
    one.changed = true
  end
  one.most = one.limit
  one.taken = 0
  if one.burst >= 0 then
    one.most = math.min(one.limit, one.burst)
    one.taken = math.min(math.max(0, one.back - one.now), one.burst * one.each)
  end
  one.entry = -1
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
    one.entry = last
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
      'b', string.format('%.3f', one.back), 'o', string.format('%.3f', one.old), 'g', whole(one.since))
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
  answer[#answer + 1] = one.entry
  answer[#answer + 1] = one.since
end
return answer
`;

/**
 * Takes charges out of the log again, as if they had not been made: what came after them keeps its time, and the burst is reckoned anew from
 * all that is left. Where the log keeps several charges as one, what is left of the burst is at least what it was. What is not in the log any more is
 * left: it counts no more, or Redis was emptied.
 *
 * KEYS: a limit each. ARGV: for each limit its limit, windowMs, burst (-1: none), how much was charged, and what taking it has answered of
 * the charge.
 */
export const giveBackScript = `
${entries}
for index, key in ipairs(KEYS) do
  local arg = (index - 1) * 6
  local each, burst, amount = tonumber(ARGV[arg + 2]) / tonumber(ARGV[arg + 1]), tonumber(ARGV[arg + 3]), tonumber(ARGV[arg + 4])
  local place, since = tonumber(ARGV[arg + 5]), tonumber(ARGV[arg + 6])
  local held = redis.call('HMGET', key, 't', 'h', 'n', 'l', 'b', 'o', 'g')
  local total, head, next, newest = tonumber(held[1]), tonumber(held[2]), tonumber(held[3]), tonumber(held[4])
  if tonumber(held[7]) == since and place >= head and place < next then
    local at, used = entry(key, place)
    if used >= amount then
      total = total - amount
      redis.call('HSET', key, whole(place), whole(at) .. ':' .. whole(used - amount))
      while next > head do
        local time, last = entry(key, next - 1)
        newest = time
        if last > 0 then break end
        next = next - 1
        redis.call('HDEL', key, whole(next))
      end
      redis.call('HSET', key, 't', whole(total), 'n', whole(next), 'l', whole(newest))
      if burst >= 0 then
        local back = tonumber(held[6])
        for left = head, next - 1 do
          local time, counted = entry(key, left)
          if counted > 0 then back = math.max(back, time) + counted * each end
        end
        redis.call('HSET', key, 'b', string.format('%.3f', math.min(back, tonumber(held[5]))))
      end
    end
  end
end
return 0
`;
