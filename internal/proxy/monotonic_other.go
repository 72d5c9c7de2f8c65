//go:build !linux

package proxy

import "time"

func monotonic() (time.Duration, bool) { return 0, false }
