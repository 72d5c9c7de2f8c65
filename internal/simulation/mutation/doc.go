// Package mutation shows that the worlds of packages world, fleet and sharing find faults: its tests plant bugs in the
// core, one at a time, as patches of its source that only that build sees, and each must be caught. Bugs of code that
// no world runs must be caught by the tests of its package. The production code has no switch for it.
package mutation
