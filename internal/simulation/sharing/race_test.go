//go:build race

package sharing_test

// raceDetector makes everything ten times as slow.
const raceDetector = true
