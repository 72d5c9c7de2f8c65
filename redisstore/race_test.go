//go:build race

package redisstore_test

import "time"

const (
	sequences      = 8
	chaosProcesses = 4
	chaosDefault   = 3 * time.Second
)
