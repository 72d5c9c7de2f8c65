//go:build !linux

package tuning

import "time"

// usedByAll is not known here.
func usedByAll() (used time.Duration, processors int, known bool) { return 0, 0, false }
