//go:build !race

package sharing_test

const raceDetector = false
