package sharing

// checkAgreement: after the faults have ended, all processes have the same token (D11).
func (w *World) checkAgreement() {
	if w.violation != nil {
		return
	}
	tokens := w.published()
	if len(tokens) > 1 {
		w.run(w.Now + agreement) // a successor may be on its way right now
		tokens = w.published()
	}
	if len(tokens) > 1 {
		w.violate("D11", "the processes do not agree after the faults have ended: %v", tokens)
	}
}

// checkCallers: in the end no caller waits that came before the faults had ended (D4).
func (w *World) checkCallers() {
	for _, p := range w.processes {
		if !p.dead && len(p.waiting) > 0 && p.waiting[0].since < w.Now-recovery {
			w.violate("D4", "a caller of process %d waits since %v", p.id, p.waiting[0].since)
		}
	}
}

// published is how many processes have each token.
func (w *World) published() map[int]int {
	tokens := map[int]int{}
	for _, p := range w.processes {
		if !p.dead && p.token != 0 {
			tokens[p.token]++
		}
	}
	return tokens
}
