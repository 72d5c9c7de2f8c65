//go:build !race

package redisstore_test

import "time"

const (
	sequences      = 20 // of each kind that are compared
	chaosProcesses = 8
	chaosDefault   = 5 * time.Second
)
