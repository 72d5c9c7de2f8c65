package alf_test

import (
	"context"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// Code that sends requests itself names their origin, as the transport does.
func TestM21_TokenForNamesTheOrigin(t *testing.T) {
	source := &observant{withheld: true}
	client := newClient(t, alf.Config{Manager: source})
	const target = "https://stock.example.com:443/stock.Stock/Get"
	tok, err := client.TokenFor(t.Context(), target)
	require.NoError(t, err)
	require.Equal(t, "token-1", tok.Value())
	require.Equal(t, []string{target}, source.asked)

	source.withheld = false
	_, err = client.TokenFor(t.Context(), target)
	require.NoError(t, err)
	require.Len(t, source.asked, 1, "the current token may go anywhere")
	require.NoError(t, client.Close())
	_, err = client.TokenFor(t.Context(), target)
	require.ErrorIs(t, err, alf.ErrClosed)
}

// An origin that rejected the token waits for the successor, and no other does.
func TestM21_TokenForWithholdsARejectedToken(t *testing.T) {
	server := sim.New(sim.Options{Clock: clock.NewMock()})
	cfg := server.Config()
	cfg.Policy.Attempts = 1
	client := newClient(t, cfg)
	const rejecting, other = "https://stock.example.com:443", "https://orders.example.com:443"
	tok, err := client.TokenFor(t.Context(), rejecting)
	require.NoError(t, err)
	server.GoDown(time.Hour)
	require.NoError(t, client.Invalidate(tok, rejecting+"/stock.Stock/Get"))
	_, err = client.TokenFor(t.Context(), rejecting+"/stock.Stock/List")
	var noToken *alf.TokenError
	require.ErrorAs(t, err, &noToken)
	same, err := client.TokenFor(t.Context(), other)
	require.NoError(t, err)
	require.True(t, same.Same(tok))
}

// Config.Origins is the whole set for other code as well.
func TestC6_TokenForKeepsToTheListedOrigins(t *testing.T) {
	client := newClient(t, alf.Config{Manager: &observant{}, Origins: []string{"https://Stock.example.com", "https://[::1]:8443"}})
	for _, listed := range []string{
		"https://stock.example.com", "https://stock.example.com:443", "https://stock.example.com:443/stock.Stock/Get",
		"https://STOCK.example.com/x", "https://[::1]:8443/x",
	} {
		_, err := client.TokenFor(t.Context(), listed)
		require.NoError(t, err, listed)
	}
	for _, unlisted := range []string{
		"", "stock", "https://stock.example.com:4430", "https://stock.example.com:443.example.org", "http://stock.example.com",
		"https://orders.example.com", "https://stock.example.com:443@example.org/", "://",
	} {
		_, err := client.TokenFor(t.Context(), unlisted)
		require.ErrorIs(t, err, alf.ErrRefused, unlisted)
	}
}

func TestM13_ReportOutcomeReachesTheManagerAndIsCounted(t *testing.T) {
	source := &observant{}
	client := newClient(t, alf.Config{Manager: source})
	require.False(t, client.ObservesOutcomes())
	source.observes = true
	require.True(t, client.ObservesOutcomes())

	outcome := alf.Outcome{Token: namedToken("token-1"), Origin: "https://stock.example.com:443/x", Sent: client.Now()}
	client.ReportOutcome(outcome) // which Replace or Invalidate reports
	require.Empty(t, source.outcomes)
	retry, accepted, first := outcome, outcome, outcome
	retry.Retry, accepted.Retry, accepted.Accepted, first.Accepted = true, true, true, true
	for _, o := range []alf.Outcome{retry, accepted, first} {
		client.ReportOutcome(o)
	}
	require.Equal(t, []alf.Outcome{retry, accepted, first}, source.outcomes)
	stats := client.Stats()
	require.EqualValues(t, []uint64{1, 2, 1}, []uint64{stats.Unauthorized, stats.Retried, stats.RetrySucceeded})

	plain := newClient(t, alf.Config{Manager: &fakeSource{}})
	plain.ReportOutcome(accepted)
	require.False(t, plain.ObservesOutcomes())
	require.NoError(t, client.Close())
	client.ReportOutcome(retry)
	require.Len(t, source.outcomes, 3)
}

func TestM17_NowIsTheTimeOfTheManager(t *testing.T) {
	mock := clock.NewMock()
	mock.Set(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC))
	require.Equal(t, mock.Now(), newClient(t, sim.New(sim.Options{Clock: mock}).Config()).Now())
}

func TestM13_ContextTraceCallsAllTraces(t *testing.T) {
	require.Nil(t, alf.ContextTrace(t.Context()))
	var called []string
	ctx := alf.WithTrace(t.Context(), &alf.Trace{
		Retry:      func(*alf.Token) { called = append(called, "outer retry") },
		Suppressed: func(error) { called = append(called, "outer suppressed") },
	})
	ctx = alf.WithTrace(ctx, &alf.Trace{
		WaitStart:  func() { called = append(called, "wait") },
		WaitDone:   func(*alf.Token, error) { called = append(called, "waited") },
		Retry:      func(*alf.Token) { called = append(called, "inner retry") },
		Outcome:    func(alf.Outcome) { called = append(called, "outcome") },
		NotRetried: func(error) { called = append(called, "not retried") },
	})
	trace := alf.ContextTrace(ctx)
	trace.WaitStart()
	trace.WaitDone(nil, nil)
	trace.Retry(nil)
	trace.Outcome(alf.Outcome{})
	trace.Suppressed(nil)
	trace.NotRetried(nil)
	require.Equal(t, []string{"wait", "waited", "inner retry", "outer retry", "outcome", "outer suppressed", "not retried"}, called)
}

func TestC1_UsesDPoP(t *testing.T) {
	require.False(t, newClient(t, alf.Config{Manager: &fakeSource{}}).UsesDPoP())
	require.True(t, newClient(t, alf.Config{Manager: &fakeSource{}, DPoP: new(alf.DPoP)}).UsesDPoP())
}

// Other code gets the client of the target that a context or the table of origins names.
func TestP1_ClientForIsThatOfTheTarget(t *testing.T) {
	server := sim.New(sim.Options{Clock: clock.NewMock()})
	audienceOf := func(cfg alf.PoolConfig, ctx context.Context, origin string) ([]string, error) {
		pool, err := alf.NewPool(cfg)
		require.NoError(t, err)
		defer func() { require.NoError(t, pool.Close()) }()
		client, err := pool.ClientFor(ctx, origin)
		if err != nil {
			return nil, err
		}
		_, err = client.TokenFor(ctx, origin)
		require.NoError(t, err)
		requests := server.TokenRequests()
		return requests[len(requests)-1].Audience, nil
	}
	const stock = "https://stock.example.com:443/stock.Stock/Get"
	orders := alf.WithTarget(t.Context(), alf.Target{Audience: []string{"orders"}})
	plain := alf.PoolConfig{Config: server.Config()}
	audience, err := audienceOf(plain, orders, stock)
	require.NoError(t, err)
	require.Equal(t, []string{"orders"}, audience)
	audience, err = audienceOf(plain, t.Context(), "")
	require.NoError(t, err)
	require.Empty(t, audience)

	table := plain
	table.Origins = map[string]alf.Target{"https://stock.example.com": {Audience: []string{"stock"}}}
	audience, err = audienceOf(table, t.Context(), stock)
	require.NoError(t, err)
	require.Equal(t, []string{"stock"}, audience)
	for _, refused := range []struct {
		ctx    context.Context
		origin string
	}{{orders, stock}, {t.Context(), "https://orders.example.com:443"}, {t.Context(), ""}, {t.Context(), "%"}} {
		_, err = audienceOf(table, refused.ctx, refused.origin)
		require.ErrorIs(t, err, alf.ErrRefused, refused.origin)
	}
}
