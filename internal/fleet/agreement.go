package fleet

// Served reports whether each process was served by a server with a token that was issued after the n-th.
func (f *Fleet) Served(by *Server, n int) bool {
	tokens := f.tokens(by)
	for token := range tokens {
		if token <= n {
			return false
		}
	}
	return len(tokens) > 0
}

// Agreed reports whether that is the same token for all of them.
func (f *Fleet) Agreed(by *Server, n int) bool { return len(f.tokens(by)) == 1 && f.Served(by, n) }

// tokens is how many processes were served last with each token. Zero is none.
func (f *Fleet) tokens(by *Server) map[int]int {
	latest, tokens := by.Latest(), map[int]int{}
	for _, p := range f.Processes() {
		tokens[latest[p.Name()]]++
	}
	return tokens
}
