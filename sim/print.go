package sim

import "fmt"

// Format prints the server's name, whatever the verb.
func (s *Server) Format(f fmt.State, _ rune) {
	name := "nil"
	if s != nil && s.state != nil {
		name = s.name
	}
	fmt.Fprintf(f, "sim.Server(%s)", name)
}

// Format prints all but the secret, whatever the verb.
func (o Options) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sim.Options{Name:%q Lifetime:%v Latency:%v APILatency:%v ClientID:%q REDACTED}",
		o.Name, o.Lifetime, o.Latency, o.APILatency, o.ClientID)
}
