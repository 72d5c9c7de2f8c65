package sharing

// Break breaks a rule.
func (w *World) Break() { w.violate("X1", "broken by hand") }
