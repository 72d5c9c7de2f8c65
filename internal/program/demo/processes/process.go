package processes

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// process is one that was started, as seen from here.
type process struct {
	fleet *fleet
	name  string
	cmd   *exec.Cmd
	input io.WriteCloser
	ended chan struct{} // closed when it has ended and everything that it wrote was read

	// Guarded by fleet.mu.
	ready   bool
	leaving bool // it is to end, so that it may
	paused  bool
	token   string // fingerprint of the last one
	counts  counts
	counted time.Time // when
}

// start starts a process with the fleet's task. It waits for begin.
func (f *fleet) start(name string) (*process, error) {
	cmd := exec.Command(f.command[0], f.command[1:]...)
	cmd.Stderr = &lineWriter{to: f.stderr}
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := f.starter.Start(cmd); err != nil {
		return nil, err
	}
	p := &process{fleet: f, name: name, cmd: cmd, input: input, ended: make(chan struct{})}
	f.enter(p)
	go p.read(output)
	task := f.task
	task.Name = name
	if err := json.NewEncoder(input).Encode(task); err != nil {
		return nil, fmt.Errorf("process %s does not take its task: %w", name, err)
	}
	return p, nil
}

// begin lets it begin.
func (p *process) begin() error {
	if _, err := io.WriteString(p.input, "{}\n"); err != nil {
		return fmt.Errorf("process %s cannot begin: %w", p.name, err)
	}
	return nil
}

// read takes note of what the process reports, until it ends.
func (p *process) read(output io.Reader) {
	defer close(p.ended)
	lines := bufio.NewScanner(output)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var n notice
		if err := json.Unmarshal(lines.Bytes(), &n); err != nil {
			p.fleet.fail(p, fmt.Errorf("process %s wrote %.100q: %w", p.name, lines.Bytes(), err))
			continue
		}
		p.fleet.note(p, &n)
	}
	_, _ = io.Copy(io.Discard, output)
	p.fleet.leave(p, p.cmd.Wait())
}

// kill ends it at once, as kill -9 does.
func (p *process) kill() error {
	p.fleet.expectEnd(p)
	if err := p.cmd.Process.Kill(); err != nil {
		return fmt.Errorf("process %s cannot be killed: %w", p.name, err)
	}
	<-p.ended
	return nil
}

// patience is how long a process may take to end when there is nothing more to read for it.
const patience = 5 * time.Second

// end lets it end, and sees to it that it does.
func (p *process) end() {
	p.fleet.expectEnd(p)
	_ = p.input.Close()
	if !p.fleet.isPaused(p) {
		select {
		case <-p.ended:
			return
		case <-time.After(patience):
		}
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
}
