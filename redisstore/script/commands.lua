-- The commands; see package store, whose function Step this does again.

local MAX_CLOCK_BACK, SPACING = 1000, 1000
local LATEST = MAX_NUMBER - 3600000

-- begin starts an epoch after the given one, without a record. It reports false if there is none.
local function begin(after)
	if after >= MAX_NUMBER then return false end
	state = empty()
	state.epoch = math.max(now, after + 1)
	rewrite = true
	changed()
	return true
end

local function end_lease() state.lease_owner, state.lease_since, state.lease_until = '', 0, 0 end

local function end_hold()
	local s = state
	s.hold_fence, s.hold_until, s.hold_class, s.hold_behind, s.hold_failures, s.hold_note = 0, 0, 0, 0, 0, ''
end

-- prolong lets the lease last from now, and replies.
local function prolong()
	local s = state
	local at = math.min(now + command.lease, s.lease_since + MAX_TENURE)
	if at > s.lease_until then
		s.lease_until = at
		changed()
	end
	reply.kind, reply.at, reply.grant_epoch, reply.grant_gen = 'fetch', s.lease_until, s.epoch, s.fence
end

-- grant gives the caller the lease: a new one, or the one that it has.
local function grant()
	local s = state
	if now >= s.lease_until or s.lease_owner ~= command.owner then
		s.fence, s.granted = s.fence + 1, now
		s.lease_owner, s.lease_since, s.lease_until = command.owner, now, 0
	end
	prolong()
end

-- binding reports whether the hold keeps the caller from fetching. One after a failed refresh behind a usable token ends with
-- that token, and with its rejection (M8, M9, M21).
local function binding()
	local lifted = state.hold_behind == 1 and (command.urgent or command.rejected ~= '')
	return now < state.hold_until and not command.manual and not lifted
end

-- earliest is when the next lease may begin.
local function earliest(replaces)
	local s, at = state, 0
	if replaces and s.replaced > 0 then at = s.replaced + SPACING end
	if s.gen > 0 and s.expires <= s.published then
		at = math.max(at, s.granted + SPACING) -- the last token was expired on arrival (M6)
	end
	return at
end

local run = {}

function run.acquire()
	local c, s = command, state
	local newer = usable() and is_news() and s.digest ~= c.rejected and not c.manual
	if c.rejected ~= '' then
		if newer then
			heard() -- old news: the token is replaced already
		else
			rejected()
		end
		mention(c.origin)
	end
	if newer then return with_record('have', true) end
	-- A process that still has a token fetches because that was rejected; one that has none fetches anyway.
	local replaces = c.rejected ~= '' and not c.urgent
	if now < s.lease_until then
		if s.lease_owner == c.owner then
			grant() -- it asks again because the reply was lost
			return with_hold()
		end
		if replaces then await(c.origin) end
		return wait(s.lease_until)
	end
	if binding() then
		reply.kind, reply.at = 'held', s.hold_until
		return with_hold()
	end
	if replaces then
		local at = entitled()
		if now < at then
			reply.kind, reply.at = 'suppressed', at
			return
		end
	end
	local at = earliest(replaces)
	if now < at then return wait(at) end
	grant()
	with_hold()
	if replaces then
		s.replaced = now
		spend()
	end
end

-- offer is for a process that holds a token of which the store may not know. A token that another process fetches comes first:
-- it is the newer one.
function run.offer()
	local c, s = command, state
	local useless = now >= c.expires or is_contested(c.digest)
	local as_good = usable() and s.expires >= c.expires
	if as_good and s.digest == c.digest or usable() and not is_contested(s.digest) and (as_good or useless) then
		with_record('have', is_news())
	elseif useless then
		reply.kind = 'refused'
	elseif now < s.lease_until and s.lease_owner ~= c.owner then
		wait(s.lease_until)
	else
		grant()
	end
end

-- leased reports whether the command comes from the process that was given the last lease, and replies if not. A lease that has
-- ended still counts while no other one was given out.
local function leased()
	local c, s = command, state
	if s.epoch > 0 and c.grant_epoch == s.epoch and c.grant_gen == s.fence and c.owner == s.lease_owner then return true end
	reply.kind = 'stale'
	if usable() then with_record('stale', true) end
	return false
end

function run.publish()
	local c, s = command, state
	if s.epoch > 0 and c.grant_epoch == s.epoch and c.grant_gen == s.gen and c.digest == s.digest then
		reply.kind = 'done' -- sent again because the reply was lost
		return
	end
	if not leased() then return end
	local again = c.digest == s.digest
	s.gen, s.digest, s.expires, s.published, s.sealed = s.fence, c.digest, c.expires, now, c.sealed
	arrived(again, c.offered)
	end_lease()
	if not c.offered then
		end_hold() -- the endpoint works
		s.trouble = ''
	end
	pushed()
	reply.kind = 'done'
end

function run.hold()
	local c, s = command, state
	if not leased() then return end
	end_lease()
	pushed()
	if c.class == 2 then
		local another = s.trouble ~= '' and s.trouble ~= c.owner
		s.trouble = c.owner
		if not another and s.hold_failures == 0 then
			reply.kind = 'done' -- so far, it may be this process's own network (D6)
			return
		end
	end
	s.hold_fence, s.hold_until, s.hold_class, s.hold_behind = s.fence, c.hold_until, c.class, flag(c.behind)
	s.hold_failures, s.hold_note = c.failures, c.note
	reply.kind, reply.at = 'held', c.hold_until
	with_hold()
end

function run.extend()
	if not leased() then return end
	prolong()
	if now >= state.lease_until then -- it has had its time
		reply.kind, reply.at, reply.grant_epoch, reply.grant_gen = 'stale', 0, 0, 0
	end
end

function run.release()
	if not leased() then return end
	end_lease()
	pushed()
	reply.kind = 'done'
end

function run.outcome()
	reply.kind = 'done'
	if state.epoch == 0 then return end
	local current = state.gen > 0 and command.digest == state.digest
	if not command.accepted then
		retry_rejected(current)
	elseif current then
		accepted()
	end
	mention(command.origin)
end
