-- One command, from the state that is there to the reply. The message to those that watch comes last: whatever fails after it
-- would not take it back.

load()
if kind == 'look' then
	now = math.max(now, state.last)
	return push_message()
end
if now < 1 or now > LATEST then return { 'error', 'now' } end
if kind == 'hold' and command.hold_until > now + MAX_HOLD + HOLD_SLACK then return { 'error', 'Until' } end
if now < state.last - MAX_CLOCK_BACK then
	if not begin(state.epoch) then return { 'error', 'Seen' } end
else
	now = math.max(now, state.last)
end
if kind == 'acquire' or kind == 'offer' then
	-- A process that has seen more than the store has: data was lost, so nothing in the state can be relied upon.
	if state.epoch == 0 or less(state.epoch, state.gen, command.seen_epoch, command.seen_gen) or state.fence >= MAX_NUMBER then
		if not begin(math.max(state.epoch, command.seen_epoch)) then return { 'error', 'Seen' } end
	end
end
run[kind]()
if change ~= UNCHANGED then
	state.last = now
	save()
end
local out = written()
if change == PUSHED then redis.call('PUBLISH', channel, push_message()) end
return out
