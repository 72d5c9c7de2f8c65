//go:build race

package world_test

// raceDetector makes everything ten times as slow.
const raceDetector = true
