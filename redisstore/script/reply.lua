-- The command, and the reply that is being made.

local command = {
	owner = ARGV[3], lease = tonumber(ARGV[4]), seen_epoch = tonumber(ARGV[5]), seen_gen = tonumber(ARGV[6]),
	rejected = ARGV[7], origin = ARGV[8], good = ARGV[9] == '1', guarded = ARGV[10] == '1', urgent = ARGV[11] == '1',
	manual = ARGV[12] == '1', grant_epoch = tonumber(ARGV[13]), grant_gen = tonumber(ARGV[14]), digest = ARGV[15],
	expires = tonumber(ARGV[16]), sealed = ARGV[17], offered = ARGV[18] == '1', class = tonumber(ARGV[19]),
	hold_until = tonumber(ARGV[20]), behind = ARGV[21] == '1', failures = tonumber(ARGV[22]), accepted = ARGV[23] == '1',
	age = tonumber(ARGV[24]), note = ARGV[25],
}

local reply = { kind = '', grant_epoch = 0, grant_gen = 0, at = 0, guarded = false, note = '' }

local function less(epoch, gen, than_epoch, than_gen)
	return epoch < than_epoch or epoch == than_epoch and gen < than_gen
end

-- is_news reports whether the record is newer than what the caller has seen.
local function is_news() return less(command.seen_epoch, command.seen_gen, state.epoch, state.gen) end

-- usable reports whether there is a record that has not expired.
local function usable() return state.gen > 0 and now < state.expires end

-- with_record replies with the record, without its sealed part if the caller has seen it.
local function with_record(kind_of_reply, whole)
	reply.kind, reply.record, reply.whole = kind_of_reply, true, whole
end

local function with_hold() reply.hold = true end

local function wait(at) reply.kind, reply.at = 'wait', at end

-- written is the reply as it is sent: words of numbers and names, and what is not text.
local function written()
	local s = state
	local r, h = reply.record and s or empty(), reply.hold and s or empty()
	local out = { reply.kind }
	for _, n in ipairs({
		now, s.epoch, s.gen, r.gen, r.expires, r.published, reply.grant_epoch, reply.grant_gen, reply.at,
		h.hold_fence, h.hold_until, h.hold_class, h.hold_behind, h.hold_failures, flag(reply.guarded),
	}) do table.insert(out, string.format('%d', n)) end
	table.insert(out, r.digest)
	table.insert(out, reply.record and reply.whole and sealed() or '')
	table.insert(out, h.hold_note)
	table.insert(out, reply.note)
	return out
end
