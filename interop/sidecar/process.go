// Package sidecar runs the program alf as a proxy beside the programs under test: a process of its own, whose
// upstream is an API that verifies tokens.
package sidecar

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/alf-go/alf/interop/child"
)

// Build builds the command alf into dir, and returns its path. root is the main module's directory.
func Build(ctx context.Context, root, dir string) (string, error) {
	path := filepath.Join(dir, "alf")
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/alf")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	return path, nil
}

// Config is the content of a configuration file, by its keys: docs/proxy.md.
type Config map[string]any

// Process is a proxy. Its methods are called by one goroutine at a time.
type Process struct {
	// File is the configuration file, and Dir where it is.
	File, Dir string

	// Admin is the path of the admin socket, or HOST:PORT of the admin listener.
	Admin string

	// Flags describe one route in place of the file. There is no admin socket then.
	Flags []string

	binary string
	child  *child.Process // nil: it does not run
}

// New makes a proxy with a directory of its own; it is not started.
func New(binary, dir string) *Process {
	return &Process{binary: binary, Dir: dir, File: filepath.Join(dir, "proxy.json"), Admin: filepath.Join(dir, "admin.sock")}
}

// Write writes the configuration file.
func (p *Process) Write(config Config) error {
	text, err := json.MarshalIndent(config, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(p.File, text, 0o600)
}

// startTime is how long a proxy may take to be ready, on a busy machine.
const startTime = 2 * time.Minute

// Start starts it, and returns when it has a token for each route. The configuration has to have the admin socket.
func (p *Process) Start() error { return p.start(true) }

// StartWithoutToken starts it, and returns when it serves.
func (p *Process) StartWithoutToken() error { return p.start(false) }

func (p *Process) start(ready bool) error {
	args := []string{"proxy", "--config", p.File}
	if p.Flags != nil {
		args = append(args[:1], p.Flags...)
	}
	var err error
	if p.child, err = child.Start(exec.Command(p.binary, args...), func(string) {}); err != nil {
		return err
	}
	for deadline := time.Now().Add(startTime); ; time.Sleep(20 * time.Millisecond) {
		metrics, err := p.Metrics()
		if err == nil && (metrics["alf_proxy_ready"] == 1 || !ready) || p.Flags != nil && strings.Contains(p.Log(), "proxy started") {
			return nil
		}
		select {
		case <-p.child.Done():
			err, said := p.child.Wait(), p.Log()
			p.child = nil
			return fmt.Errorf("alf proxy has ended: %w\n%s", err, said)
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("alf proxy is not ready after %s: %w\n%s", startTime, err, p.Log())
		}
	}
}

// Reload sends SIGHUP, and returns when the proxy has counted one more reload of that outcome: "succeeded" or
// "failed".
func (p *Process) Reload(outcome string) error {
	of := fmt.Sprintf("alf_proxy_reloads_total{outcome=%q}", outcome)
	before, err := p.Metrics()
	if err != nil {
		return err
	}
	if err := p.child.Signal(syscall.SIGHUP); err != nil {
		return err
	}
	for deadline := time.Now().Add(startTime); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if now, err := p.Metrics(); err == nil && now[of] > before[of] {
			return nil
		}
	}
	return fmt.Errorf("alf proxy has not reloaded: %s\n%s", outcome, p.Log())
}

// Stop sends SIGTERM, and returns when the process has ended by itself.
func (p *Process) Stop() error {
	if p.child == nil {
		return nil
	}
	running := p.child
	p.child = nil
	if err := running.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-running.Done():
		return running.Wait()
	case <-time.After(startTime):
		running.Kill()
		return errors.New("alf proxy did not end after SIGTERM\n" + running.Said())
	}
}

// Log is the end of what the process has printed.
func (p *Process) Log() string {
	if p.child == nil {
		return ""
	}
	return p.child.Said()
}

// Metrics are the samples of /metrics, by name and labels as they are written there.
func (p *Process) Metrics() (map[string]float64, error) {
	client := http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			network := "tcp"
			if filepath.IsAbs(p.Admin) {
				network = "unix"
			}
			return new(net.Dialer).DialContext(ctx, network, p.Admin)
		},
	}}
	response, err := client.Get("http://localhost/metrics")
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	samples := make(map[string]float64)
	for line := range strings.Lines(string(text)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), " ")
		if cut := strings.LastIndex(line, "} "); cut >= 0 {
			name, value = line[:cut+1], strings.TrimSpace(line[cut+2:])
		}
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		if samples[name], err = strconv.ParseFloat(value, 64); err != nil {
			return nil, fmt.Errorf("/metrics: %q: %w", line, err)
		}
	}
	return samples, nil
}
