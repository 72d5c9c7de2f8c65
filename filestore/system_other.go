//go:build !linux && !darwin && !freebsd && !windows

package filestore

import (
	"context"
	"errors"
	"io/fs"
	"os"
)

// supported says that files can be shared safely on this system. As it is not, New makes no store, and nothing of
// what follows is ever called.
const supported = false

func isFull(error) bool                            { return false }
func isReadOnly(error) bool                        { return false }
func notOurs(string, fs.FileInfo) string           { return "" }
func lockFile(*os.File) (bool, error)              { return false, errors.ErrUnsupported }
func replace(_ context.Context, _, _ string) error { return errors.ErrUnsupported }
func flush(string)                                 {}
func network(string) (string, bool)                { return "", false }
func bootID() string                               { return "" }
