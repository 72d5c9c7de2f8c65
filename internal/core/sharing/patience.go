package sharing

// watchTheTime counts the store as failed once its time to reply is over (D4). Only time in which this process runs
// counts: on a machine where hundreds of them start at once, the command may not have been sent yet, or the reply not
// read. Were it counted, each would fetch a token of its own, and make the machine busier.
func (s *step) watchTheTime(in Input) {
	o := &s.op
	if !o.on || s.elapsed < o.look || (in.Kind == Replied || in.Kind == Failed) && in.Op == o.id {
		return
	}
	o.looks++
	if s.elapsed-o.look <= tooLate {
		o.onTime++
	}
	if o.onTime >= fullTime || o.looks >= maxLooks {
		s.storeFailed()
		return
	}
	o.look = s.elapsed + OpTimeout/fullTime
}
