//go:build !unix

package fleet

import (
	"errors"
	"os"
)

// signal stops a process, or lets it go on.
func signal(*os.Process, bool) error {
	return errors.New("processes cannot be stopped and continued on this system, only on Unix")
}
