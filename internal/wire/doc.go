// Package wire has the decisions about requests and responses that more than one package needs: which strings may
// travel as a token, which failures last, what a Retry-After asks for, and where plain http is tolerable. The fetcher
// and the manager do not know each other; what both must agree on lives here.
//
// Everything in it is a pure function, safe for concurrent use.
package wire
