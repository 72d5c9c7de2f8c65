//go:build race

package mutation_test

// raceDetector makes everything ten times as slow.
const raceDetector = true
