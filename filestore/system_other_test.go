//go:build !linux && !darwin && !freebsd

package filestore_test

import "os"

// pipe makes a folder: there are no named pipes among the files here.
func pipe(path string) error { return os.Mkdir(path, 0o700) }

// stop is no signal here.
var stop os.Signal
