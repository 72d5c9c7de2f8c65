//go:build !race

package redisstore_test

// sequences is how many of each kind are compared.
const sequences = 20
