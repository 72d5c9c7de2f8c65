//go:build race

package endpoint_test

const slower = 10
