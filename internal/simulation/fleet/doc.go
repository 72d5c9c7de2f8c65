// Package fleet simulates many tokens at one token endpoint: token cores and an endpoint core, which send each other
// messages that take time, in worlds drawn from seeds. Every decision of the endpoint is held against an idea of E1, E2
// and E3 that was written independently of it; in the end all faults stop, and every caller must be served.
package fleet
