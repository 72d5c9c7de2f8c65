package fleet

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/subprocess"
)

// Process is a process of a [Fleet].
type Process struct {
	name  string
	cmd   *exec.Cmd
	stdin io.WriteCloser
	said  notes // on standard error
	on    func(*Process, *Event)
	done  chan struct{} // closed when it has ended
	ended error         // how, once it has

	mu        sync.Mutex // orders come one after the other
	suspended bool
	ending    bool // it is meant to end

	state // guarded by the fleet's lock
}

// state is what is known of a process.
type state struct {
	ready, fetching, listening, heard bool

	began  time.Time // of its last publication without the store
	token  time.Time // when it last had a new token
	shared bool      // that came from the store
	at     time.Time // when it last heard something
	counts *Counts   // since they were asked for
	killed bool
}

// Name is what the API knows it by.
func (p *Process) Name() string { return p.name }

// PID is its number.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// prepared is a process that is not started yet.
func prepared(self, name string, on func(*Process, *Event)) (*Process, io.Reader, error) {
	p := &Process{name: name, on: on, done: make(chan struct{}), cmd: exec.Command(self, argument)}
	p.cmd.Stderr = &p.said
	stdin, err := p.cmd.StdinPipe()
	if err != nil {
		return nil, nil, err
	}
	p.stdin = stdin
	out, err := p.cmd.StdoutPipe()
	return p, out, err
}

// read reads what the process writes, until it has ended.
func (p *Process) read(out io.Reader) {
	defer close(p.done)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var e Event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			e = Event{Kind: Broken, Err: fmt.Sprintf("it wrote %q, which is no event", lines.Text())}
		}
		p.on(p, &e)
	}
	_, _ = io.Copy(io.Discard, out)
	p.ended = p.cmd.Wait()
	p.mu.Lock()
	ending := p.ending
	p.mu.Unlock()
	if !ending {
		p.on(p, &Event{Kind: Broken, Err: fmt.Sprintf("it has ended: %v: %s", p.ended, p.said.String())})
	}
}

// write sends a process something to read. One that has ended reads nothing, which is no error.
func (p *Process) write(message any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.stdin.Write(append(text, '\n')); err != nil {
		select {
		case <-p.done:
			return nil
		case <-time.After(patience):
			return fmt.Errorf("%s does not read: %w", p.name, err)
		}
	}
	return nil
}

// kill ends it at once, as a crash does.
func (p *Process) kill() {
	p.mu.Lock()
	p.ending = true
	p.mu.Unlock()
	_ = p.cmd.Process.Kill()
	<-p.done
	_ = p.stdin.Close()
}

// Suspend stops it, as SIGSTOP does, until Continue. It returns when the process has stopped.
func (p *Process) Suspend() error { return p.suspend(true, subprocess.Suspend) }

// Continue lets it go on.
func (p *Process) Continue() error { return p.suspend(false, subprocess.Continue) }

func (p *Process) suspend(on bool, do func(*os.Process) error) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.suspended == on {
		return nil
	}
	err := do(p.cmd.Process)
	if err == nil {
		p.suspended = on
	}
	return err
}

// end lets it end in order, and reports if it did not.
func (p *Process) end() error {
	_ = p.Continue()
	p.mu.Lock()
	p.ending = true
	p.mu.Unlock()
	_ = p.stdin.Close()
	select {
	case <-p.done:
	case <-time.After(3 * patience):
		p.kill()
		return fmt.Errorf("%s did not end with its standard input", p.name)
	}
	var exit *exec.ExitError
	if said := p.said.String(); said != "" || p.ended != nil && !errors.As(p.ended, &exit) || exit != nil {
		return fmt.Errorf("%s ended with %v: %s", p.name, p.ended, said)
	}
	return nil
}

// notes keeps the beginning of what is written to it.
type notes struct {
	mu   sync.Mutex
	text []byte
}

const longestNotes = 16 << 10

// Write keeps the first 16 KiB.
func (n *notes) Write(text []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.text = append(n.text, text[:min(len(text), longestNotes-len(n.text))]...)
	return len(text), nil
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return string(n.text)
}
