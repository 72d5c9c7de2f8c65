package draining

// Kind is what happened.
type Kind uint8

// The kinds of inputs.
const (
	// Elapsed: nothing but time.
	Elapsed Kind = iota
	// Opened: the listeners accept connections.
	Opened
	// Usable: the configuration can serve, because tokens were obtained.
	Usable
	// Reloaded: a new configuration is to take the place of the current one, as the next generation. See
	// Effects.Refused.
	Reloaded
	// Terminated: a signal or a request has asked for the end, or a listener has failed.
	Terminated
	// Quiet: since draining began, the last connection on which a request could begin was closed. Upgraded connections
	// are not among them: no request begins there.
	Quiet
	// Unused: no request uses the generation, and none will. It is sent when the last request of a former generation
	// has ended, or of the current one after Quiet; sending it again does no harm.
	Unused
)

// Input is one thing that happened.
type Input struct {
	Kind       Kind
	Policy     Policy     // of Reloaded
	Generation Generation // of Unused
}
