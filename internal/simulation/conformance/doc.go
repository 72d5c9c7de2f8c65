// Package conformance holds the real thing against the simulated one. Its tests run the client, its HTTP, the owner's
// loop and the fetcher, inside a testing/synctest bubble and over the in-memory transport of package sim, through the
// very worlds that package world runs the bare core through: the same parameters, the same actions, the same draws.
// Whatever can be seen from outside has to come out the same, to the microsecond: every event of the manager in its
// order, every 401, every caller's end.
//
// What a bubble cannot do is left out: clocks that are stepped or drift, machines that sleep, and several processes.
package conformance
