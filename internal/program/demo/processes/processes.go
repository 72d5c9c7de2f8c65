// Package processes shows what a store saves: it runs the program itself as many processes that share one token, and
// beside them as many that each have their own, while tokens are revoked, a process that fetches is killed or stopped,
// the store is deleted and the token endpoint is down. All figures are measured, by the servers and the processes.
//
//	script.go, acts.go                what happens, in which order
//	fleet.go, process.go, moment.go   the processes and their servers, as seen from here
//	child.go, callers.go              what runs in each process
//	messages.go, credentials.go       what passes between the two
//	report.go, promises.go            the table; what has to be so
package processes

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/internal/program/demo/narrator"
)

// Options is how large the demonstration is.
type Options struct {
	// Processes is how many share a token, and how many have their own beside them.
	Processes int
	// Callers is how many goroutines of each process send requests, and Every how long each waits from one to the next
	// on average.
	Callers int
	Every   time.Duration
	// Lifetime is how long those tokens live that the outage falls upon, in whole seconds. All others live an hour.
	Lifetime time.Duration

	// AuthStyle is how the processes authenticate to the token endpoint.
	AuthStyle alf.AuthStyle
	// DPoP binds their tokens to a key, which all of them have.
	DPoP bool
	// Discover has them find the token endpoint in the authorization server's metadata.
	Discover bool

	// Command starts a process, whose main function is [Main].
	Command []string

	// Progress receives what happens while it happens, and what the processes write to standard error. Live says that
	// it is a terminal, on which a line may be rewritten.
	Progress io.Writer
	Live     bool
}

const (
	mostProcesses = 200
	mostCallers   = 20_000 // of all processes
	minLifetime   = 3 * time.Second
)

// styles are the ways to authenticate of which the processes can have the same credentials, and a token the same use.
var styles = []alf.AuthStyle{alf.AuthBasic, alf.AuthBasicRaw, alf.AuthPost, alf.AuthSecretJWT, alf.AuthPrivateKeyJWT}

// Validate reports what [Run] would refuse, by name.
func (o Options) Validate() error {
	var problems []error
	bad := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if o.Processes < 2 || o.Processes > mostProcesses {
		bad("--processes is %d: must be from 2 to %d", o.Processes, mostProcesses)
	}
	if most := mostCallers / max(o.Processes, 1); o.Callers < 1 || o.Callers > most {
		bad("--callers is %d: with --processes %d, of which each has so many, it must be from 1 to %d", o.Callers, o.Processes, most)
	}
	if o.Every < time.Millisecond || o.Every > time.Second {
		bad("--every is %v: must be from 1ms to 1s", o.Every)
	}
	if o.Lifetime < minLifetime || o.Lifetime > time.Minute || o.Lifetime%time.Second != 0 {
		bad("--lifetime is %v: with --processes it must be whole seconds, from %v to 1m", o.Lifetime, minLifetime)
	}
	if _, err := o.AuthStyle.MarshalText(); err != nil {
		bad("--auth-style: %w", err)
	} else if !slices.Contains(styles, o.AuthStyle) {
		bad("--auth-style %v does not go with --processes, which share a token and the credentials for it: leave one of them out, or use one of %v",
			o.AuthStyle, styles)
	}
	return errors.Join(problems...)
}

// Run plays the script and reports what was measured. When ctx ends it stops early, with what it has so far. The error
// is about the demonstration itself: what it demonstrates is in the report.
func Run(ctx context.Context, o Options) (*Report, error) {
	if err := o.Validate(); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "alf-demo-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	tokens := filepath.Join(dir, "tokens")
	if err := try(tokens); err != nil {
		return nil, err
	}
	o.Progress = &lockedWriter{out: o.Progress}
	s := &script{options: o, narrator: narrator.New(o.Progress, o.Live)}
	defer s.close()
	for _, of := range []struct {
		name  string
		size  int
		store string
		to    **fleet
	}{
		{"with the store", o.Processes, tokens, &s.shared},
		{"without a store", o.Processes, "", &s.separate},
		{"one process", 1, "", &s.single},
	} {
		if *of.to, err = newFleet(o, of.name, of.size, of.store); err != nil {
			return nil, err
		}
	}
	return s.play(ctx)
}

// try finds out whether a directory can be a store, before twenty processes say that it cannot.
func try(dir string) error {
	s, err := filestore.New(dir)
	if err != nil {
		return err
	}
	return s.Close()
}
