// Package doorkeeper runs Doorkeeper, an authorization server for Ruby on Rails, in an application of one file,
// together with an API that takes its tokens by Doorkeeper's own filter.
//
// What is particular about it: a wrong client is a 401 with a Bearer challenge, at the token endpoint; it takes id and
// secret from Basic as they are, without decoding them; and with reuse_access_token, which many turn on, it returns the
// same token until that has expired. It rounds expires_in then, so that the token seems to end up to half a second
// early, and comes back once more with expires_in 0.
package doorkeeper

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/ports"
)

// lifetime is how long tokens live. The server counts in whole seconds.
const lifetime = 6 * time.Second

// Server is a [lab.Server].
type Server struct {
	dir      string
	port     int
	reuse    bool
	lifetime time.Duration
	accounts []*lab.Account
	process  *child.Process
	lines    chan string
	running  bool
}

// New makes a server that keeps its database in dir, and returns a token again for as long as it is valid if reuse is
// set. It has to be started, and stopped and closed in the end.
func New(dir string, reuse bool) (*Server, error) {
	found, err := ports.Find(1)
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, port: found[0], reuse: reuse, lifetime: lifetime, lines: make(chan string, 10)}
	s.accounts = s.newAccounts()
	return s, nil
}

// Name is the server and its version.
func (s *Server) Name() string {
	name := "doorkeeper " + versions()["doorkeeper"]
	if s.reuse {
		name += ", reuse_access_token"
	}
	return name
}

// Start starts it. Tokens are opaque: instead of new keys it gets an empty table of tokens.
func (s *Server) Start(ctx context.Context, newKeys bool) error {
	first := s.process == nil
	if first {
		if err := s.load(); err != nil {
			return err
		}
	}
	if err := s.order(ctx, fmt.Sprint("start ", int(s.lifetime.Seconds())), "started"); err != nil {
		return err
	}
	s.running = true
	if first {
		for _, a := range s.accounts {
			if err := s.register(ctx, a.ID, a.Secret()); err != nil {
				return err
			}
		}
	}
	if newKeys {
		return s.control(ctx, "forget", nil)
	}
	return nil
}

// load starts Ruby, which loads Rails and waits for orders.
func (s *Server) load() error {
	_, file, _, _ := runtime.Caller(0)
	script := filepath.Join(filepath.Dir(file), "doorkeeper.rb")
	// go test notes which files were looked at, and runs the test again when one of them has changed.
	if _, err := os.Stat(script); err != nil {
		return err
	}
	args := []string{script, s.dir, strconv.Itoa(s.port)}
	if s.reuse {
		args = append(args, "reuse")
	}
	process, err := child.Start(exec.Command("ruby", args...), func(line string) {
		if line == "started" || line == "stopped" {
			s.lines <- line
		}
	})
	s.process = process
	return err
}

// order sends a command to the script and waits until it says that it is done.
func (s *Server) order(ctx context.Context, command, done string) error {
	if err := s.process.Write([]byte(command + "\n")); err != nil {
		return err
	}
	select {
	case line := <-s.lines:
		if line != done {
			return errors.New("doorkeeper says " + line + " and not " + done)
		}
		return nil
	case <-s.process.Done():
		return errors.New("doorkeeper has ended: " + s.process.Said())
	case <-ctx.Done():
		return fmt.Errorf("doorkeeper: %w: %s", context.Cause(ctx), s.process.Said())
	}
}

// SetLifetime implements [lab.Lasting].
func (s *Server) SetLifetime(d time.Duration) { s.lifetime = d }

// Stop kills it.
func (s *Server) Stop() {
	if s.running {
		s.running = false
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = s.order(ctx, "stop", "stopped")
	}
}

// Close ends Ruby.
func (s *Server) Close() error {
	if s.process != nil {
		s.process.Close()
	}
	return nil
}

// TokenRequests counts what arrived at the token endpoint: the script leaves a byte for each.
func (s *Server) TokenRequests() int {
	info, err := os.Stat(filepath.Join(s.dir, "requests"))
	if err != nil {
		return 0
	}
	return int(info.Size())
}

// Revoke revokes the tokens of all clients.
func (s *Server) Revoke(ctx context.Context) error { return s.control(ctx, "revoke", nil) }

// register makes secret the only one of a client.
func (s *Server) register(ctx context.Context, id, secret string) error {
	return s.control(ctx, "client", url.Values{"id": {id}, "secret": {secret}})
}

// control asks the script for what the protocol has no request for.
func (s *Server) control(ctx context.Context, action string, form url.Values) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url("/control/"+action), strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusNoContent {
		body, _ := io.ReadAll(resp.Body)
		return fmt.Errorf("doorkeeper: %s: %s %s", action, resp.Status, body)
	}
	return nil
}

func (s *Server) url(path string) string { return fmt.Sprintf("http://127.0.0.1:%d%s", s.port, path) }
