package fleet

import "time"

// Usage is what a process uses, by the system's count.
type Usage struct {
	// Private is the memory that it shares with no other process, in bytes.
	Private int
	// CPU is the processor time that its threads have used.
	CPU time.Duration
}
