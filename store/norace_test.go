//go:build !race

package store_test

// seeds is how many random worlds are run.
const seeds = 120
