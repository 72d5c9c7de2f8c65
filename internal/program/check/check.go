// Package check goes through a configuration step by step, and reports for each step that fails a cause and a remedy.
package check

import (
	"context"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// Subject is what is checked.
type Subject struct {
	// Err is why there is no configuration. Its text has a line for each problem.
	Err error
	// Config is the configuration. Its HTTPClient's Transport is an *http.Transport.
	Config *alf.Config
	// From says where its credentials come from.
	From settings.Sources
	// Warnings are about settings that can be meant, but seldom are.
	Warnings []settings.Warning
	// Names are what messages call its fields.
	Names settings.Names
	// Timeout bounds each step. 0: none.
	Timeout time.Duration
	// TestAPI says that an API is to be tested, with the request API if that is not nil.
	TestAPI bool
	API     *http.Request
}

// checkup is what the steps find out, each from what those before it did.
type checkup struct {
	Subject
	fetcher  *fetcher.Fetcher
	route    *route
	metadata *fetcher.Metadata // nil: there is no issuer
	token    *oauth2.Token
	jwt      *jwt // nil: the token is none

	upstream *upstream // nil: the server of the client is reached
	secrets  []string  // what nothing that is printed may hold
}

// Run checks a subject and writes the findings as they come, with marks in UTF-8 or in ASCII. Its error has the exit
// code of the step that failed.
func Run(ctx context.Context, s Subject, out io.Writer, utf8 bool) error {
	c := &checkup{Subject: s}
	defer c.close()
	return c.run(ctx, newWriter(out, utf8))
}

// run takes the steps until one fails, and names the others.
func (c *checkup) run(ctx context.Context, out *writer) error {
	var failed error
	for _, step := range steps {
		if step.applies != nil && !step.applies(c) {
			continue
		}
		found := finding{mark: skipped, text: "not done"}
		if failed == nil {
			found = step.take(c, ctx)
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
		found.complete(step.otherwise)
		if found.mark == crossed {
			failed = exit.Failf(found.code, "the check failed: %s", step.name)
		}
		if err := out.write(step.name, found); err != nil {
			return exit.Failf(exit.Broken, "writing the findings: %w", err)
		}
	}
	return failed
}

// limited bounds a step.
func (c *checkup) limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.Timeout == 0 {
		return ctx, func() {}
	}
	return context.WithTimeoutCause(ctx, c.Timeout, exit.TimedOut(c.Timeout))
}

func (c *checkup) close() {
	if c.fetcher != nil {
		c.fetcher.CloseIdleConnections()
	}
}
