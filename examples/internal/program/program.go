// Package program runs the examples for their tests: each as a process of its own, as its user would. The process is
// the test binary itself, which is main if a variable of the environment says so: nothing is built twice.
package program

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/subprocess"
	"github.com/alf-go/alf/sim"
)

const (
	// variable makes a test binary the program.
	variable = "EXAMPLE_RUNS_MAIN"
	// patience is for a machine that does something else for minutes; a test that has to wait for that long has failed.
	patience = 5 * time.Minute
)

// Main is called by TestMain of an example, with the main function of the program.
func Main(m *testing.M, main func()) {
	if os.Getenv(variable) != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// Process is a program that runs. It is killed at the end of the test, if it still runs then.
type Process struct {
	t       *testing.T
	command *exec.Cmd
	ended   chan struct{} // closed when it has ended; err is set then
	err     error

	mu      sync.Mutex
	output  bytes.Buffer
	changed chan struct{} // closed when there is more output
}

// Start starts the program with the environment of this process, and with env.
func Start(t *testing.T, env []string, args ...string) *Process {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	p := &Process{t: t, ended: make(chan struct{}), changed: make(chan struct{})}
	p.command = exec.CommandContext(ctx, self, args...)
	p.command.Env = append(append(os.Environ(), variable+"=1"), env...)
	p.command.Stdout, p.command.Stderr = p, p
	starter := subprocess.NewStarter() // ends it with this process, however that ends
	require.NoError(t, starter.Start(p.command))
	go func() {
		defer close(p.ended)
		p.err = p.command.Wait()
	}()
	t.Cleanup(func() {
		cancel()
		<-p.ended
		starter.Close()
		if t.Failed() {
			t.Logf("the program's output:\n%s", p.Output())
		}
	})
	return p
}

// Write is for the program's output.
func (p *Process) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	close(p.changed)
	p.changed = make(chan struct{})
	return p.output.Write(b)
}

// Output is what the program has written so far, to standard output and standard error.
func (p *Process) Output() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.output.String()
}

// Await waits until the output matches, and returns the first group of the pattern.
func (p *Process) Await(pattern string) string {
	p.t.Helper()
	expression := regexp.MustCompile(pattern)
	late := time.After(patience)
	for {
		p.mu.Lock()
		match, changed := expression.FindStringSubmatch(p.output.String()), p.changed
		p.mu.Unlock()
		if match != nil {
			return match[len(match)-1]
		}
		select {
		case <-changed:
		case <-p.ended:
			require.Regexp(p.t, expression, p.Output(), "the program has ended: %v", p.err)
		case <-late:
			require.Regexp(p.t, expression, p.Output(), "it does not come")
		}
	}
}

// Next returns what a server of the test notes next about the program, which must not have ended by then.
func Next[T any](p *Process, noted <-chan T) (next T) {
	p.t.Helper()
	select {
	case next = <-noted:
	case <-p.ended:
		require.Fail(p.t, "the program has ended", "%v", p.err)
	}
	return next
}

// Wait waits for the end of the program and returns its exit code.
func (p *Process) Wait() int {
	<-p.ended
	var exit *exec.ExitError
	if p.err != nil && !errors.As(p.err, &exit) {
		require.NoError(p.t, p.err)
	}
	return p.command.ProcessState.ExitCode()
}

// Interrupt ends the program as Ctrl-C does, and returns its exit code.
func (p *Process) Interrupt() int {
	require.NoError(p.t, p.command.Process.Signal(os.Interrupt))
	return p.Wait()
}

// Kit starts a kit on a socket, for a program whose environment it returns: where the token endpoint is, and what
// authenticates the client.
func Kit(t *testing.T, o sim.Options) (kit *sim.Server, env []string) {
	t.Helper()
	o.ClientID, o.ClientSecret = "orders", "a secret of the example"
	kit = sim.New(o)
	require.NoError(t, kit.Start())
	t.Cleanup(kit.Close)
	secret := filepath.Join(t.TempDir(), "secret")
	require.NoError(t, os.WriteFile(secret, []byte(o.ClientSecret+"\n"), 0o600))
	return kit, []string{"TOKEN_URL=" + kit.TokenURL(), "CLIENT_ID=" + o.ClientID, "CLIENT_SECRET_FILE=" + secret}
}
