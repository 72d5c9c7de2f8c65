//go:build !race

package alf_test

const raceDetector = false
