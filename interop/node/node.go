// Package node runs the servers of this folder, which are written for Node and use packages of npm.
package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/alf-go/alf/interop/child"
)

// Process is a script that runs and takes commands.
type Process struct {
	process *child.Process
	replies chan reply
}

// message is a line that a script prints: that something happened, or the reply to a command.
type message struct {
	Event string `json:"event"`
	reply
}

type reply struct {
	Done  bool   `json:"done"`
	Error string `json:"error"`
}

// Start runs a script of this folder with a configuration, which it takes as JSON, and waits until it is ready. From
// then on event is called with the name of each event, on one goroutine.
func Start(ctx context.Context, script string, config any, event func(name string)) (*Process, error) {
	scripts, err := filepath.Glob(filepath.Join(folder(), "*.mjs"))
	if err != nil {
		return nil, err
	}
	for _, name := range scripts {
		// go test notes who was looked at, and runs the test again when one of them has changed.
		if _, err := os.Stat(name); err != nil {
			return nil, err
		}
	}
	p := &Process{replies: make(chan reply, 1)}
	p.process, err = child.Start(exec.Command(Interpreter(), filepath.Join(folder(), script)), func(line string) {
		var m message
		if !strings.HasPrefix(line, "{") || json.Unmarshal([]byte(line), &m) != nil {
			return // a library's chatter
		}
		if m.Event != "" {
			event(m.Event)
		} else {
			p.replies <- m.reply
		}
	})
	if err != nil {
		return nil, err
	}
	if err := p.Do(ctx, config); err != nil {
		p.Kill()
		return nil, fmt.Errorf("%s does not start: %w\n%s", script, err, p.process.Said())
	}
	return p, nil
}

// Do has the script carry out a command, and waits for that. All events before it have been reported then. Commands
// come one at a time, and none after one whose context ended.
func (p *Process) Do(ctx context.Context, command any) error {
	var line bytes.Buffer
	if err := json.NewEncoder(&line).Encode(command); err != nil {
		return err
	}
	if err := p.process.Write(line.Bytes()); err != nil {
		return err
	}
	select {
	case r := <-p.replies:
		if r.Error != "" {
			return errors.New(r.Error)
		}
		return nil
	case <-p.process.Done():
		return errors.New("node: the script has ended: " + p.process.Said())
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Kill ends the script as a crash does. Its events have all been reported then.
func (p *Process) Kill() { p.process.Kill() }

// folder is where the scripts are.
func folder() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Dir(file)
}
