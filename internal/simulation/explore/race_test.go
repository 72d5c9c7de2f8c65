//go:build race

package explore_test

// raceDetector makes everything ten times as slow.
const raceDetector = true
