//go:build race

package alf_test

// raceDetector makes everything ten times as slow.
const raceDetector = true
