// Package mutation shows that the worlds of package world find faults: its tests plant bugs in the core, one at a time,
// as patches of its source that only that build sees, and each must be caught. The production code has no switch for
// it.
package mutation
