// Package fleet simulates many tokens at one token endpoint: token cores and an endpoint core, which send each other
// messages that take time, in worlds drawn from seeds. In half of them the tokens are in a pool: each is for a target
// of its own, is created by its first caller, and leaves when it is not used or has to make room, while callers are on
// their way to it. Every decision of the endpoint is held against an idea of E1, E2 and E3, and every one of the pool
// against an idea of P1, P2 and P4, that were written independently of them; in the end all faults stop, and every
// caller must be served.
package fleet
