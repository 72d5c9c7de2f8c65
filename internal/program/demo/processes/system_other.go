//go:build !unix

package processes

import (
	"errors"
	"os"
	"os/exec"
)

// canPause says that no process can be stopped here in the middle of what it does.
const canPause = false

func pause(*os.Process) error  { return errors.ErrUnsupported }
func resume(*os.Process) error { return errors.ErrUnsupported }

func separate(*exec.Cmd) {}
