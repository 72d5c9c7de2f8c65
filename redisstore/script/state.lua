-- The state of one ID, as a hash. Numbers are written with %d, because tostring keeps 14 digits only. The sealed record
-- stays where it is until a reply needs it.

local key, channel, kind = KEYS[1], ARGV[1], ARGV[2]

local MAX_NUMBER, MAX_SEALED, MAX_NOTE = 9007199254740991, 65536, 128
local MAX_GUARDS, MAX_CONTESTED, MAX_GUARD_LEVEL = 64, 16, 5
local MAX_LEASE, MAX_TENURE = 60000, 60000
local MAX_HOLD, HOLD_SLACK, MAX_FAILURES = 600000, 60000, 1000
local ALLOWANCE, ALLOWANCE_EVERY = 8, 60000
local GUARD_MEMORY = 60000

local state
-- UNCHANGED: nothing has to be written. PUSHED: others wait for what has changed.
local UNCHANGED, CHANGED, PUSHED = 0, 1, 2
local change = UNCHANGED
local rewrite = false -- the hash begins again

local function changed() if change == UNCHANGED then change = CHANGED end end
local function pushed() change = PUSHED end

local NUMBERS = {
	'epoch', 'last', 'fence', 'granted', 'replaced', 'gen', 'expires', 'published', 'lease_since', 'lease_until',
	'hold_fence', 'hold_until', 'hold_class', 'hold_behind', 'hold_failures',
}
local TEXTS = { 'digest', 'lease_owner', 'trouble', 'hold_note', 'contested', 'guards' }

local function empty()
	local s = { contested = {}, guards = {} }
	for _, name in ipairs(NUMBERS) do s[name] = 0 end
	for _, name in ipairs(TEXTS) do s[name] = s[name] or '' end
	return s
end

-- number is what %d has written; nil if it is something else.
local function number(text)
	if text and #text <= 16 and (text == '0' or string.find(text, '^[1-9]%d*$')) then
		local n = tonumber(text)
		if n <= MAX_NUMBER then return n end
	end
	return nil
end

local function is_digest(text) return #text == 32 and string.find(text, '^[0-9a-f]*$') ~= nil end
local function is_owner(text) return #text >= 1 and #text <= 64 and string.find(text, '^[%w_-]*$') ~= nil end

local function flag(b) return b and 1 or 0 end

local function parse_contested(text)
	local list = {}
	if #text % 32 ~= 0 or #text > 32 * MAX_CONTESTED then return nil end
	for at = 1, #text, 32 do
		local digest = string.sub(text, at, at + 31)
		if not is_digest(digest) then return nil end
		table.insert(list, digest)
	end
	return list
end

-- A guard is a line of words, and then its note, whose length is the last of them.
local GUARD = '^(%x+) (%d+) ([01]) ([01]) ([01]) ([%x-]+) (%d+) ([01]) (%d+) (%d+) (%d+)\n()'

local function parse_guards(text)
	local list, at = {}, 1
	while at <= #text do
		local origin, last, awaited, trial, reports, suspect, since, on, whole, level, length, note =
			string.match(text, GUARD, at)
		if not origin then return nil end
		local g = {
			origin = origin, last = number(last), awaited = awaited == '1', trial = trial == '1', reports = reports == '1',
			suspect = suspect == '-' and '' or suspect, since = number(since), on = on == '1', whole = number(whole),
			level = number(level),
		}
		length = number(length)
		if not (g.last and g.since and g.whole and g.level and length) then return nil end
		g.note = string.sub(text, note, note + length - 1)
		if #g.note ~= length then return nil end
		table.insert(list, g)
		at = note + length
	end
	return list
end

local function write_guards(list)
	local all = {}
	for _, g in ipairs(list) do
		table.insert(all, string.format(
			'%s %d %d %d %d %s %d %d %d %d %d\n', g.origin, g.last, flag(g.awaited), flag(g.trial), flag(g.reports),
			g.suspect == '' and '-' or g.suspect, g.since, flag(g.on), g.whole, g.level, #g.note
		) .. g.note)
	end
	return table.concat(all)
end

-- valid reports whether the commands below could have made the state. What lies ahead lies within fixed limits of the last
-- change, so that no lease and no hold lasts forever.
local function valid(s, sealed)
	local function past(t) return t <= s.last end
	local function ahead(t, limit) return t <= s.last + limit end
	local function optional(text) return text == '' or is_digest(text) end
	local function owner(text) return text == '' or is_owner(text) end
	local record = s.gen > 0
	if not (s.epoch >= 1 and s.last >= 1 and past(s.granted) and past(s.replaced) and owner(s.trouble)
			and s.gen <= s.fence and is_digest(s.digest) == record and optional(s.digest) and (s.expires > 0) == record
			and past(s.published) and (sealed > 0) == record and sealed <= MAX_SEALED
			and owner(s.lease_owner) and (s.lease_owner ~= '' or s.lease_since == 0 and s.lease_until == 0)
			and past(s.lease_since) and ahead(s.lease_until, MAX_LEASE) and s.lease_until <= s.lease_since + MAX_TENURE
			and s.hold_fence <= s.fence and ahead(s.hold_until, MAX_HOLD + HOLD_SLACK) and s.hold_class <= 2
			and (s.hold_class > 0) == (s.hold_failures > 0) and s.hold_behind <= 1 and s.hold_failures <= MAX_FAILURES
			and #s.hold_note <= MAX_NOTE and #s.guards <= MAX_GUARDS) then
		return false
	end
	for i, g in ipairs(s.guards) do
		if not (is_digest(g.origin) and (i == 1 or s.guards[i - 1].origin < g.origin) and past(g.last) and optional(g.suspect)
				and past(g.since) and ahead(g.whole, ALLOWANCE * ALLOWANCE_EVERY) and g.level <= MAX_GUARD_LEVEL
				and #g.note <= MAX_NOTE) then
			return false
		end
	end
	return true
end

-- load reads the state. Data that was not written by the function below counts as missing.
local function load()
	state = empty()
	rewrite = true
	local fields = { 'alf' }
	for _, name in ipairs(NUMBERS) do table.insert(fields, name) end
	for _, name in ipairs(TEXTS) do table.insert(fields, name) end
	local got = redis.pcall('HMGET', key, unpack(fields))
	if got.err or got[1] ~= '1' then return end
	local s = {}
	for i, name in ipairs(NUMBERS) do
		s[name] = number(got[1 + i])
		if not s[name] then return end
	end
	for i, name in ipairs(TEXTS) do
		s[name] = got[1 + #NUMBERS + i]
		if not s[name] then return end
	end
	s.contested, s.guards = parse_contested(s.contested), parse_guards(s.guards)
	if s.contested and s.guards and valid(s, redis.call('HSTRLEN', key, 'sealed')) then
		state, rewrite = s, false
	end
end

-- sealed reads the sealed record.
local function sealed() return state.sealed or redis.call('HGET', key, 'sealed') end

-- keep is for how long the state has to be kept, in milliseconds: ten years at most, because more is not a time for every
-- program that asks.
local LONGEST = 315360000000

local function keep()
	local s = state
	local at = math.max(s.expires, s.lease_until, s.hold_until) + MAX_HOLD
	for _, g in ipairs(s.guards) do at = math.max(at, g.last + GUARD_MEMORY) end
	return math.min(math.max(at - now, MAX_HOLD), LONGEST)
end

local function save()
	local s = state
	local fields = { 'alf', '1' }
	for _, name in ipairs(NUMBERS) do
		table.insert(fields, name)
		table.insert(fields, string.format('%d', s[name]))
	end
	local texts = { contested = table.concat(s.contested), guards = write_guards(s.guards) }
	for _, name in ipairs(TEXTS) do
		table.insert(fields, name)
		table.insert(fields, texts[name] or s[name])
	end
	if s.sealed then
		table.insert(fields, 'sealed')
		table.insert(fields, s.sealed)
	end
	if rewrite then redis.call('DEL', key) end
	redis.call('HSET', key, unpack(fields))
	redis.call('PEXPIRE', key, string.format('%d', keep()))
end

-- push_message is what others wait for: a line of words, then the hold's note and the sealed record.
local function push_message()
	local s = state
	local held, busy = now < s.hold_until, now < s.lease_until
	local secret = s.gen > 0 and sealed() or ''
	local note = held and s.hold_note or ''
	return string.format(
		'1 %d %d %d %s %d %d %d %d %d %d %d %d %d %d\n', now, s.epoch, s.gen, s.gen > 0 and s.digest or '-', s.expires, s.published,
		held and s.hold_fence or 0, held and s.hold_until or 0, held and s.hold_class or 0, held and s.hold_behind or 0,
		held and s.hold_failures or 0, busy and s.lease_until or 0, #note, #secret
	) .. note .. secret
end
