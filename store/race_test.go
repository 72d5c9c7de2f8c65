//go:build race

package store_test

// seeds is how many random worlds are run: the race detector makes each ten times as slow, and there is no race.
const seeds = 15
