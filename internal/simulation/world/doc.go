// Package world runs the token manager's own core, the code that decides in production, through whole worlds in virtual
// time: token endpoints that fail in every way, APIs that reject, callers that give up, clocks that jump, machines that
// sleep. Everything in a world, its faults included, is drawn from one seed, so a world can be run again exactly.
//
// A world has one heap of events ordered by time and sequence, and no goroutine. While it runs, every step of every
// core is held against the rules of PROMISES.md (see checker.go); the first one that is broken ends it. In the end the
// faults end, and then every caller must be served again.
package world
