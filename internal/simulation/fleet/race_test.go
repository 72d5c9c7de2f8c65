//go:build race

package fleet_test

// raceDetector makes everything ten times as slow.
const raceDetector = true
