// Package proxy is the worlds of alf proxy. Small worlds of a draining process and its reloads are visited in every
// order of events ([Explore]). The tests have whole days of the proxy itself, in a synctest bubble: callers, upstreams,
// an authorization server, and all that happens to them.
package proxy
