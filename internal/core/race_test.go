//go:build race

package core_test

// raceDetector makes everything ten times as slow.
const raceDetector = true
