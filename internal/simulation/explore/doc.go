// Package explore visits every state that a small world can get into: every order in which callers ask, give up and
// reject, fetches end this way or that, timers fire and the manager is closed, at every moment at which something is
// due. Nothing is sampled. At each step and in each state the rules of PROMISES.md are checked; the shortest path to
// the first broken one is the result.
//
// The decisions are those of the manager's own core, the code that runs in production. What stands around it there (the
// published snapshot with its flags, timers, running fetches, those who wait) is modelled in as little as it takes, in
// the order in which the manager applies effects. Two states from which the same must follow count as one, because the
// core and what is around it are compared in a canonical form: times from now, ids renumbered, what cannot matter any
// more dropped. That is what makes an end of the search possible.
//
// Time moves from one moment at which something is due to the next and stands still in between, while everything else
// may happen in any order. A timer that has fired is received before time moves on; that it may be heard of late is
// what a world with clock steps adds.
package explore
