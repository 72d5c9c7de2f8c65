package processes

import (
	"context"

	"github.com/alf-go/alf/internal/subprocess"
)

// StartTwo starts two processes, and stops the second one.
func StartTwo(o Options) error {
	f, err := newFleet(o, "two", 2, "")
	if err != nil {
		return err
	}
	if err := f.startAll(context.Background()); err != nil {
		return err
	}
	if err := f.beginAll(); err != nil {
		return err
	}
	return subprocess.Suspend(f.present()[1].cmd.Process)
}
