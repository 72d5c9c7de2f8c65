package processes

import "context"

// CanPause says that processes can be stopped here, as on Unix.
const CanPause = canPause

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
	return pause(f.present()[1].cmd.Process)
}
