package alf_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// observant is a source with the optional methods. Its current token may be withheld.
type observant struct {
	fakeSource
	withheld bool // from the hot path
	observes bool

	asked    []string // origins of TokenFor
	outcomes []alf.Outcome
}

func (o *observant) Current() *alf.Token {
	if o.withheld {
		return nil
	}
	return o.current()
}

func (o *observant) TokenFor(_ context.Context, origin string) (*alf.Token, error) {
	o.asked = append(o.asked, origin)
	return o.current(), nil
}

func (o *observant) Token(context.Context) (*alf.Token, error) { panic("every caller names an origin") }

func (o *observant) ObservesOutcomes() bool { return o.observes }

func (o *observant) ReportOutcome(outcome alf.Outcome) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.outcomes = append(o.outcomes, outcome)
}

func TestM21_TheTransportNamesTheOriginThatTheTokenIsFor(t *testing.T) {
	source := &observant{}
	client := over(t, source, script(200))
	get(t, client, apiURL)
	require.Empty(t, source.asked, "the current token may go anywhere")

	source.withheld = true
	get(t, client, "https://API.example.com/v1/things?key=value")
	_, err := client.GetRequestMetadata(t.Context(), "https://grpc.example.com/package.Service")
	require.NoError(t, err)
	require.Len(t, source.asked, 2)
	require.True(t, strings.HasPrefix(source.asked[0], "https://api.example.com:443"), source.asked[0])
	require.Equal(t, "https://grpc.example.com:443/package.Service", source.asked[1])
}

func TestM13_OutcomeOfEveryRetryIsReported(t *testing.T) {
	for second, accepted := range map[int]bool{200: true, 404: true, 500: true, 401: false} {
		source := &observant{}
		get(t, over(t, source, script(401, second)), apiURL)
		require.Len(t, source.outcomes, 1)
		outcome := source.outcomes[0]
		require.Equal(t, "token-2", outcome.Token.Value())
		require.True(t, strings.HasPrefix(outcome.Origin, "https://api.example.com:443"))
		require.True(t, outcome.Retry)
		require.Equal(t, accepted, outcome.Accepted, second)
		require.False(t, outcome.Sent.IsZero())
	}
}

func TestM13_OutcomesOfFirstSendsAreReportedOnlyWhileTheyAreWanted(t *testing.T) {
	source := &observant{}
	client := over(t, source, script(200))
	get(t, client, apiURL)
	require.Empty(t, source.outcomes)
	source.observes = true
	before := time.Now()
	get(t, client, apiURL)
	require.Len(t, source.outcomes, 1)
	outcome := source.outcomes[0]
	require.False(t, outcome.Retry)
	require.True(t, outcome.Accepted)
	require.Equal(t, "token-1", outcome.Token.Value())
	require.False(t, outcome.Sent.Before(before))

	get(t, over(t, source, script(503)), apiURL)
	require.Len(t, source.outcomes, 1, "an error of the server says nothing about the token")
	source.replace = func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, alf.ErrSuppressed }
	get(t, over(t, source, script(401)), apiURL)
	require.Len(t, source.outcomes, 1, "a rejection is reported by Replace")
}

// tracing notes the calls of a trace.
func tracing(name string, calls *[]string) *alf.Trace {
	note := func(format string, args ...any) { *calls = append(*calls, name+fmt.Sprintf(format, args...)) }
	return &alf.Trace{
		WaitStart:  func() { note("wait") },
		WaitDone:   func(tok *alf.Token, err error) { note("got %s %v", tok.Value(), err) },
		Retry:      func(tok *alf.Token) { note("retry %s", tok.Value()) },
		Outcome:    func(o alf.Outcome) { note("outcome %s %t %t", o.Token.Value(), o.Retry, o.Accepted) },
		Suppressed: func(err error) { note("suppressed %v", err) },
		NotRetried: func(err error) { note("not retried: %v", err) },
	}
}

func TestM13_TraceReportsWhatHappens(t *testing.T) {
	until := &manager.SuppressedError{Until: time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)}
	suppressed := &observant{fakeSource: fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, until }}}
	same := &observant{fakeSource: fakeSource{replace: func(_ context.Context, tok *alf.Token, _ string) (*alf.Token, error) { return tok, nil }}}
	broken := &fakeSource{token: func(context.Context) (*alf.Token, error) { return nil, errors.New("broken") }}
	for name, tc := range map[string]struct {
		source alf.Source
		base   http.RoundTripper
		body   io.Reader
		want   []string
	}{
		"nothing":           {&observant{}, script(200), nil, nil},
		"wait":              {&observant{withheld: true}, script(200), nil, []string{"wait", "got token-1 <nil>"}},
		"failed wait":       {broken, script(200), nil, []string{"wait", "got  broken"}},
		"accepted retry":    {&observant{}, script(401, 200), nil, []string{"outcome token-1 false false", "retry token-2", "outcome token-2 true true"}},
		"rejected retry":    {&observant{}, script(401), nil, []string{"outcome token-1 false false", "retry token-2", "outcome token-2 true false"}},
		"suppressed":        {suppressed, script(401), nil, []string{"outcome token-1 false false", "suppressed " + until.Error()}},
		"the same token":    {same, script(401), nil, []string{"outcome token-1 false false", "not retried: alf: the authorization server returned the rejected token again"}},
		"body not repeated": {&observant{}, script(401), hide(filler(100 << 10)), []string{"outcome token-1 false false", "not retried: alf: the request cannot be sent again, because its body is not available any more"}},
	} {
		var calls, outer []string
		ctx := alf.WithTrace(t.Context(), tracing("", &outer))
		ctx = alf.WithTrace(ctx, tracing("", &calls))
		ctx = alf.WithTrace(ctx, &alf.Trace{}) // with nothing set
		resp, err := over(t, tc.source, tc.base).PostContext(ctx, apiURL, "", tc.body)
		if err == nil {
			readAll(t, resp)
		}
		require.Equal(t, tc.want, calls, name)
		require.Equal(t, tc.want, outer, name)
	}
}

func TestM13_TraceOfCallsThatWait(t *testing.T) {
	var calls []string
	ctx := alf.WithTrace(t.Context(), tracing("", &calls))
	_, err := over(t, &fakeSource{}, script(200)).Token(ctx)
	require.NoError(t, err)
	require.Equal(t, []string{"wait", "got token-1 <nil>"}, calls)
}

func TestM13_APanicInATraceLeavesNoConnectionOpen(t *testing.T) {
	base, body := tracked(1 << 20)
	ctx := alf.WithTrace(t.Context(), &alf.Trace{Suppressed: func(error) { panic("the trace's own") }})
	source := &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, alf.ErrSuppressed }}
	require.PanicsWithValue(t, "the trace's own", func() { _, _ = over(t, source, base).GetContext(ctx, apiURL) })
	require.True(t, body.closed.Load())
}

func TestM20_ReplaceByHand(t *testing.T) {
	auth := startAuth(t)
	client := newClient(t, auth.config())
	first, err := client.Token(t.Context())
	require.NoError(t, err)
	second, err := client.Replace(t.Context(), first, "https://grpc.example.com:443")
	require.NoError(t, err)
	require.Equal(t, "issued-2", second.Value())
	again, err := client.Replace(t.Context(), first, "https://grpc.example.com:443")
	require.NoError(t, err)
	require.True(t, again.Same(second), "a late rejection costs nothing")
	require.Equal(t, 2, auth.count())
	_, err = client.Replace(t.Context(), nil, "x")
	require.ErrorContains(t, err, "pass the one that was rejected")
	require.NoError(t, client.Close())
	_, err = client.Replace(t.Context(), second, "x")
	require.ErrorIs(t, err, alf.ErrClosed)

	empty := over(t, &fakeSource{replace: func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, nil }}, script(200))
	_, err = empty.Replace(t.Context(), first, "x")
	require.ErrorContains(t, err, "neither a token nor an error")
}

// lasting is a source with tokens for a while.
type lasting struct{ fakeSource }

func (*lasting) TokenValidFor(_ context.Context, min time.Duration) (*alf.Token, error) {
	return namedToken("for " + min.String()), nil
}

func TestM20_TokenWithAMinimumRemainingLifetime(t *testing.T) {
	_, err := over(t, &fakeSource{}, script(200)).TokenValidFor(t.Context(), time.Minute)
	require.ErrorIs(t, err, errors.ErrUnsupported)
	client := over(t, &lasting{}, script(200))
	tok, err := client.TokenValidFor(t.Context(), time.Minute)
	require.NoError(t, err)
	require.Equal(t, "for 1m0s", tok.Value())
	require.NoError(t, client.Close())
	_, err = client.TokenValidFor(t.Context(), time.Minute)
	require.ErrorIs(t, err, alf.ErrClosed)
}

func TestConfig_WrapFetcherWrapsTheBuiltInOne(t *testing.T) {
	auth := startAuth(t)
	var mu sync.Mutex
	fetches := 0
	cfg := auth.config()
	cfg.WrapFetcher = func(built alf.Fetcher) alf.Fetcher {
		return alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			mu.Lock()
			defer mu.Unlock()
			fetches++
			return built.Fetch(ctx)
		})
	}
	client := newClient(t, cfg)
	tok, err := client.Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, "issued-1", tok.Value())
	require.Equal(t, 1, fetches)

	cfg.WrapFetcher = func(alf.Fetcher) alf.Fetcher { return nil }
	_, err = alf.New(cfg)
	require.Equal(t, "WrapFetcher", alf.FieldErrors(err)[0].Field)
	for by, cfg := range map[string]alf.Config{"Fetcher": {Fetcher: constantFetcher(time.Hour)}, "Manager": {Manager: &fakeSource{}}} {
		cfg.WrapFetcher = func(f alf.Fetcher) alf.Fetcher { return f }
		require.ErrorContains(t, cfg.Validate(), "WrapFetcher: excluded by "+by)
	}
}
