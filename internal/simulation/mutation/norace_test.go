//go:build !race

package mutation_test

const raceDetector = false
