//go:build !unix

package http1

import "errors"

// available is whether this system can read and write without waiting. Otherwise everything is sent by the base.
const available = false

func readNow(uintptr, []byte) (int, error)  { return 0, errors.ErrUnsupported }
func writeNow(uintptr, []byte) (int, error) { return 0, errors.ErrUnsupported }
