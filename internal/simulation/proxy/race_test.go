//go:build race

package proxy_test

// raceDetector makes everything ten times as slow.
const raceDetector = true
