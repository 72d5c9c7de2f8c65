package node

import (
	"context"
	"os"
	"sync/atomic"
)

// Service is a script that serves tokens. It can crash and be started again. Its methods are called by one goroutine at
// a time, while requests are on their way.
type Service struct {
	// Script is its name in this folder. It reports each token request as an event, before it responds, and knows the
	// commands revoke and flush.
	Script string
	// Settings is what it is given whenever it starts.
	Settings any
	// State is the file that it keeps its keys in, and all that hangs on them.
	State string

	requests atomic.Int64
	process  *Process
}

// Start starts the script, or starts it again after Stop. What it knew is still there, unless it is to have new keys.
func (s *Service) Start(ctx context.Context, newKeys bool) error {
	if newKeys {
		if err := os.Remove(s.State); err != nil && !os.IsNotExist(err) {
			return err
		}
	}
	process, err := Start(ctx, s.Script, s.Settings, func(string) { s.requests.Add(1) })
	if err != nil {
		return err
	}
	s.process = process
	return nil
}

// Stop kills the script.
func (s *Service) Stop() {
	if s.process != nil {
		s.process.Kill()
		s.process = nil
	}
}

// Do has the script carry out a command.
func (s *Service) Do(ctx context.Context, command map[string]any) error {
	return s.process.Do(ctx, command)
}

// Revoke revokes every token: those that the server remembers one by one, those that it does not (JWTs) by a change of
// its keys.
func (s *Service) Revoke(ctx context.Context) error {
	return s.Do(ctx, map[string]any{"do": "revoke"})
}

// TokenRequests is how many requests have arrived at the token endpoint since the Service was made.
func (s *Service) TokenRequests() int {
	if s.process != nil {
		// A request is reported before it gets its response; when this command has its reply, the report has been read.
		_ = s.Do(context.Background(), map[string]any{"do": "flush"})
	}
	return int(s.requests.Load())
}
