package sharing

import "time"

// endpoint is the token endpoint and the registry of what it has issued. A token's value is its place, from 1.
type endpoint struct {
	w       *World
	down    bool
	wasDown bool // at some time
	tokens  []issued
}

type issued struct {
	expires time.Duration // in true time
	revoked bool
}

func (e *endpoint) issue() int {
	if e.w.parameters.OneActive {
		e.revoke()
	}
	e.tokens = append(e.tokens, issued{expires: e.w.Now + e.w.parameters.Lifetime})
	return len(e.tokens)
}

func (e *endpoint) revoke() {
	for i := len(e.tokens) - 1; i >= 0 && !e.tokens[i].revoked; i-- {
		e.tokens[i].revoked = true
	}
}
