package child

import (
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// supervisor runs a server until its input ends, which the server does not watch itself. It kills the group of
// processes that the server leads, if it leads one. It lets go of the output when the server has ended by itself, so
// that this is seen.
const supervisor = `exec 3<&0
"$@" 3<&- & server=$!
{ cat <&3; kill -9 -$server 2>/dev/null || kill -9 $server; } >/dev/null 2>&1 &
wait $server 2>/dev/null
exec >/dev/null 2>&1
wait`

// Serve runs a server that consists of one process and does not watch its input, and waits until it has printed a line
// with ready in it. It cannot outlive this process either.
func Serve(ctx context.Context, ready, server string, args ...string) (*Process, error) {
	return ServeLines(ctx, ready, func(string) {}, server, args...)
}

// ServeLines is Serve, with a function that is called with each line the server prints, on one goroutine.
func ServeLines(ctx context.Context, ready string, each func(string), server string, args ...string) (*Process, error) {
	isReady := make(chan struct{}, 1)
	cmd := exec.Command("sh", append([]string{"-c", supervisor, "sh", server}, args...)...)
	process, err := Start(cmd, func(line string) {
		each(line)
		if strings.Contains(line, ready) {
			select {
			case isReady <- struct{}{}:
			default:
			}
		}
	})
	if err != nil {
		return nil, err
	}
	select {
	case <-isReady:
		return process, nil
	case <-process.Done():
		err = fmt.Errorf("%s does not start: %s", filepath.Base(server), process.Said())
	case <-ctx.Done():
		err = fmt.Errorf("%s does not start: %w: %s", filepath.Base(server), context.Cause(ctx), process.Said())
	}
	process.Close()
	return nil, err
}
