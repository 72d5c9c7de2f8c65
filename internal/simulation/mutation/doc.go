// Package mutation shows that the worlds of package world bite: its tests plant bugs in the core, one at a time, as patches of
// its source that only the build of the day sees, and each must be caught. The production code has no switch for it.
package mutation
