package transport

import (
	"context"

	"github.com/alf-go/alf/manager"
)

// Trace has the same fields as package alf's, which documents them.
type Trace struct {
	WaitStart  func()
	WaitDone   func(*manager.Token, error)
	Retry      func(*manager.Token)
	Outcome    func(manager.Outcome)
	Suppressed func(error)
	NotRetried func(error)
}

type traceKey struct{}

// WithTrace returns a context with a trace, whose functions are called before those of the trace that ctx may have
// already.
func WithTrace(ctx context.Context, trace *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, append(traces{trace}, traceOf(ctx)...))
}

// traces are those of a context, the innermost first.
type traces []*Trace

func traceOf(ctx context.Context) traces {
	found, _ := ctx.Value(traceKey{}).(traces)
	return found
}

func (ts traces) waitStart() {
	for _, t := range ts {
		if t.WaitStart != nil {
			t.WaitStart()
		}
	}
}

func (ts traces) waitDone(tok *manager.Token, err error) {
	for _, t := range ts {
		if t.WaitDone != nil {
			t.WaitDone(tok, err)
		}
	}
}

func (ts traces) retry(tok *manager.Token) {
	for _, t := range ts {
		if t.Retry != nil {
			t.Retry(tok)
		}
	}
}

func (ts traces) outcome(outcome manager.Outcome) {
	for _, t := range ts {
		if t.Outcome != nil {
			t.Outcome(outcome)
		}
	}
}

func (ts traces) suppressed(err error) {
	for _, t := range ts {
		if t.Suppressed != nil {
			t.Suppressed(err)
		}
	}
}

func (ts traces) notRetried(reason error) {
	for _, t := range ts {
		if t.NotRetried != nil {
			t.NotRetried(reason)
		}
	}
}

// ContextTrace returns one trace for all of a context's; nil if it has none.
func ContextTrace(ctx context.Context) *Trace {
	found := traceOf(ctx)
	if len(found) == 0 {
		return nil
	}
	return &Trace{
		WaitStart: found.waitStart, WaitDone: found.waitDone, Retry: found.retry, Outcome: found.outcome,
		Suppressed: found.suppressed, NotRetried: found.notRetried,
	}
}
