//go:build !race

package redisstore_test

const (
	sequences      = 40 // of each kind that are compared
	chaosProcesses = 8
)
