-- What an origin that rejects tokens may cause (M13).

local ALLOWANCE_KEPT = 4
local FIRST_GUARD_WAIT, MAX_GUARD_WAIT = 2000, 60000
local EVIDENCE_MEMORY = 60000

local function copy(g)
	local c = {}
	for name, value in pairs(g) do c[name] = value end
	return c
end

-- guard returns a copy of what is remembered of an origin, and whether that is anything.
local function guard(origin)
	for _, g in ipairs(state.guards) do
		if g.origin == origin and now - g.last <= GUARD_MEMORY then return copy(g), true end
	end
	return {
		origin = origin, last = now, awaited = false, trial = false, reports = false, suspect = '', since = 0, on = false,
		whole = 0, level = 0, note = '',
	}, false
end

-- mention lets the caller know of the guard on an origin.
local function mention(origin)
	local g = guard(origin)
	if g.on then reply.guarded, reply.note = true, g.note end
end

-- same reports whether two guards of one origin differ in nothing but the time and the note of the last rejection.
local function same(g, h)
	return g.awaited == h.awaited and g.trial == h.trial and g.reports == h.reports and g.suspect == h.suspect
		and g.since == h.since and g.on == h.on and g.whole == h.whole and g.level == h.level
end

-- remember replaces what is remembered of an origin. One that is not remembered takes the place of one that is forgotten, or
-- else of the one that has been quiet for the longest. Nothing is written where only the time and the note have changed, and
-- the time by less than a second: a thousand processes may report the same.
local function remember(g)
	local old, known = guard(g.origin)
	if known and g.last - old.last < 1000 and same(old, g) then return end
	changed()
	local list = {}
	for _, other in ipairs(state.guards) do
		if other.origin ~= g.origin and now - other.last <= GUARD_MEMORY then table.insert(list, other) end
	end
	if #list >= MAX_GUARDS then
		local quietest = 1
		for i, other in ipairs(list) do
			if other.last < list[quietest].last then quietest = i end
		end
		table.remove(list, quietest)
	end
	local at = 1
	while at <= #list and list[at].origin < g.origin do at = at + 1 end
	table.insert(list, at, g)
	state.guards = list
end

-- spend_one uses up one of the allowance.
local function spend_one(g, good)
	g.whole = math.max(g.whole, now) + ALLOWANCE_EVERY
	if not good then g.level = math.min(g.level + 1, MAX_GUARD_LEVEL) end
end

-- raise puts the guard up. A lease that is in force for the origin is the first of its allowance.
local function raise(g)
	g.last, g.trial, g.suspect, g.since, g.on, g.whole, g.level = now, false, '', 0, true, now, 0
	if g.awaited and now < state.lease_until then spend_one(g, false) end
end

-- report notes that an origin has rejected a token.
local function report(g)
	g.last = now
	if #command.note > 0 then g.note = command.note end
	if command.guarded and not g.on then raise(g) end
end

-- heard notes a rejection that proves nothing, except that the origin is not quiet.
local function heard()
	local g, known = guard(command.origin)
	if known or command.guarded then
		report(g)
		remember(g)
	end
end

local function is_contested(digest)
	for _, other in ipairs(state.contested) do
		if other == digest then return true end
	end
	return false
end

-- contest notes that a token is rejected.
local function contest(digest)
	if is_contested(digest) then return end
	while #state.contested >= MAX_CONTESTED do table.remove(state.contested, 1) end
	table.insert(state.contested, digest)
	changed()
end

-- rejected notes that an origin has rejected the caller's token, which is the latest there is, on a first send. Unless the
-- origin is guarded, it contests the token (M21).
local function rejected()
	local c = command
	local g = guard(c.origin)
	report(g)
	local on_trial = g.trial and c.rejected == state.digest
	if g.on then
		-- it has no say
	elseif g.suspect ~= '' and g.suspect ~= c.rejected and not (on_trial and g.reports) then
		raise(g) -- the successor of a token of which a retry was rejected
	elseif on_trial then
		-- No outcome was reported of the token that was fetched for this origin: its retry counts as rejected. The next one is
		-- not waited for.
		g.trial, g.reports = false, false
		if g.suspect == '' then g.suspect, g.since = c.rejected, now end
	end
	remember(g)
	if not g.on then contest(c.rejected) end
end

-- retry_rejected notes that an origin has rejected a token that was fetched for it. Of a token that was replaced meanwhile it
-- proves nothing.
local function retry_rejected(current)
	local g = guard(command.origin)
	report(g)
	g.reports = true
	if current and not g.on then
		g.trial = false
		if g.suspect == '' then
			g.suspect, g.since = command.digest, now
		elseif g.suspect ~= command.digest then
			raise(g)
		end
	end
	remember(g)
end

-- accepted notes that an origin accepts the record's token. Only a request that was sent after the rejection proves anything
-- about it: the token may have been revoked in between.
local function accepted()
	local g, known = guard(command.origin)
	if not known or g.on then return end
	g.reports = true
	if g.suspect ~= command.digest then
		g.trial, g.suspect, g.since = false, '', 0 -- the successor is accepted: the token was to blame
	elseif command.age <= EVIDENCE_MEMORY and now - command.age >= g.since then
		raise(g) -- one and the same token is rejected and accepted
	end
	remember(g)
end

-- arrived passes a new record on to all origins. again says that it is the token that was there before: where an origin waits
-- for another one, that counts as a rejected retry. offered says that it was not fetched for any of them.
local function arrived(again, offered)
	for _, g in ipairs(state.guards) do
		local awaited = g.awaited and not offered and now - g.last <= GUARD_MEMORY
		g.awaited = false
		if g.on then
			-- it is known
		elseif not again then
			g.trial = awaited
		elseif awaited and g.suspect == '' then
			g.suspect, g.since = state.digest, now
		elseif awaited then
			raise(g)
		end
	end
end

-- entitled is when a rejection may lead to a fetch. A path that has accepted a token, and whose last retry was not rejected, may
-- use all of the allowance at once. All others leave half of it, and wait for a while after the record's arrival.
local function entitled()
	local g = guard(command.origin)
	if not g.on then return 0 end
	if command.good then return g.whole - (ALLOWANCE - 1) * ALLOWANCE_EVERY end
	local pause = math.min(FIRST_GUARD_WAIT * 2 ^ g.level, MAX_GUARD_WAIT)
	return math.max(g.whole - (ALLOWANCE - ALLOWANCE_KEPT - 1) * ALLOWANCE_EVERY, state.published + pause)
end

-- await notes that the lease in force is also for an origin.
local function await(origin)
	local g = guard(origin)
	g.awaited = true
	remember(g)
end

-- spend notes that a lease was granted for an origin.
local function spend()
	local g = guard(command.origin)
	g.awaited = true
	if g.on then spend_one(g, command.good) end
	remember(g)
end
