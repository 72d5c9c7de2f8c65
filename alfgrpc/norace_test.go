//go:build !race

package alfgrpc_test

const raceEnabled = false
