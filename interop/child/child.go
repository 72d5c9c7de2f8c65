// Package child runs servers as child processes that cannot outlive their parent.
package child

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
)

// Process is a running child.
type Process struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	done  chan struct{}

	mu   sync.Mutex
	said []string
}

// remembered is how many lines of output a Process keeps for errors.
const remembered = 50

// Start runs a command and calls line with each line that it prints, standard error included, on one goroutine. The
// command is one that ends when its standard input does: that happens however its parent ends.
func Start(cmd *exec.Cmd, line func(string)) (*Process, error) {
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	// One pipe for both, so that nothing has to put them in order; and one of our own, because only its end says that
	// the command's children are gone as well.
	output, input, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	cmd.Stdout, cmd.Stderr = input, input
	err = cmd.Start()
	_ = input.Close()
	if err != nil {
		_ = output.Close()
		return nil, err
	}
	p := &Process{cmd: cmd, stdin: stdin, done: make(chan struct{})}
	go p.read(output, line)
	return p, nil
}

// read takes in the output to its end.
func (p *Process) read(output *os.File, line func(string)) {
	defer close(p.done)
	defer func() { _ = output.Close() }()
	lines := bufio.NewReader(output)
	for {
		text, err := lines.ReadString('\n')
		if text = strings.TrimRight(text, "\n"); text != "" {
			p.remember(text)
			line(text)
		}
		if err != nil {
			return
		}
	}
}

func (p *Process) remember(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.said = append(p.said, text); len(p.said) > remembered {
		p.said = p.said[1:]
	}
}

// Said is the last lines that the child printed.
func (p *Process) Said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.said, "\n")
}

// Write writes to the child's standard input.
func (p *Process) Write(text []byte) error {
	_, err := p.stdin.Write(text)
	return err
}

// Done is closed when the child has ended and all that it printed has been read.
func (p *Process) Done() <-chan struct{} { return p.done }

// Signal sends a signal to the child.
func (p *Process) Signal(s os.Signal) error { return p.cmd.Process.Signal(s) }

// Wait waits for the child, and returns how it ended, as exec.Cmd.Wait does. It is for one call.
func (p *Process) Wait() error {
	<-p.done
	_ = p.stdin.Close()
	return p.cmd.Wait()
}

// Kill ends the child at once, as a crash does, and waits for it.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.Wait()
}

// Close ends the child through its standard input, and waits for it.
func (p *Process) Close() {
	_ = p.stdin.Close()
	_ = p.Wait()
}
