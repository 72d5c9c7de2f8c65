//go:build race

package alfgrpc_test

// The race detector makes everything many times slower.
const raceEnabled = true
