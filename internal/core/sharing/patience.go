package sharing

// watchTheTime counts the store as failed once its time to reply is over (D4). A look at the time that itself comes
// late shows that this process did not run, as on a machine where hundreds start at once: the reply may have come
// meanwhile without having been read, so the store gets another look. To give up at once would have every process of a
// busy machine fetch a token of its own.
func (s *step) watchTheTime(in Input) {
	o := &s.op
	if !o.on || s.elapsed < o.until || (in.Kind == Replied || in.Kind == Failed) && in.Op == o.id {
		return
	}
	if s.elapsed-o.until > tooLate && o.late < maxLooks {
		o.late++
		o.until = s.elapsed + secondLook
		return
	}
	s.storeFailed()
}
