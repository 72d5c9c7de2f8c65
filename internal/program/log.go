package program

import (
	"context"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/manager"
)

// eventLog is the log of --verbose on standard error; nil if that was not asked for. The client's events come from a
// goroutine of its own, which Close does not wait for, so the log says when the last of them was written.
type eventLog struct {
	slog.Handler
	ended chan struct{}
	once  sync.Once
}

func (p *program) eventLog(cmd *cli.Command) *eventLog {
	if !cmd.Bool("verbose") {
		return nil
	}
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	return &eventLog{Handler: slog.NewTextHandler(p.stderr, options), ended: make(chan struct{})}
}

// logger is what the client logs to; nil if there is no log.
func (l *eventLog) logger() *slog.Logger {
	if l == nil {
		return nil
	}
	return slog.New(l)
}

// Handle writes a record, and notices the last one of a client.
func (l *eventLog) Handle(ctx context.Context, r slog.Record) error {
	err := l.Handler.Handle(ctx, r)
	if r.Message == "alf: "+string(manager.Closed) {
		l.once.Do(func() { close(l.ended) })
	}
	return err
}

// response logs how a request ended.
func (l *eventLog) response(resp *http.Response, method string, took time.Duration) {
	if l == nil {
		return
	}
	l.logger().Info("alf: response", "method", method, "url", resp.Request.URL.Redacted(), "status", resp.StatusCode, "duration", took)
}

// flush waits until a client that was closed has written everything, but not forever: a log is no reason to hang.
func (l *eventLog) flush() {
	if l == nil {
		return
	}
	select {
	case <-l.ended:
	case <-time.After(time.Second):
	}
}
