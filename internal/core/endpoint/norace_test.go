//go:build !race

package endpoint_test

// slower is how many times slower than normal code runs.
const slower = 1
