package sharing

// everDown reports whether the endpoint was ever down. The worlds of scripts set it directly.
func (e *endpoint) everDown() bool { return e.wasDown || e.down }

// checkAgreement: after the faults have ended, all processes have the same token (D11).
func (w *World) checkAgreement() {
	if w.violation != nil {
		return
	}
	tokens := map[int]int{}
	for _, p := range w.processes {
		if !p.dead && p.token != 0 {
			tokens[p.token]++
		}
	}
	if len(tokens) > 1 {
		// A successor may be on its way right now.
		w.run(w.Now + agreement)
		tokens = map[int]int{}
		for _, p := range w.processes {
			if !p.dead && p.token != 0 {
				tokens[p.token]++
			}
		}
	}
	if len(tokens) > 1 {
		w.violate("D11", "the processes do not agree after the faults have ended: %v", tokens)
	}
	for _, p := range w.processes {
		if !p.dead && p.token == 0 && len(p.waiting) > 0 {
			p.get(0)
		}
	}
}
