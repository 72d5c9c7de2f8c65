//go:build !unix

package tuning

import "time"

// usedCPU is not known here, and so the number of processors stays.
func usedCPU() (time.Duration, bool) { return 0, false }
