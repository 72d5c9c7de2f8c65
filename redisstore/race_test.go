//go:build race

package redisstore_test

const sequences = 4
