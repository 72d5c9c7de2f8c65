package sim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

func TestSetLatency_DelaysTheResponseButNotTheTokensLifetime(t *testing.T) {
	everywhere(t, sim.Options{Latency: time.Hour}, func(p *place) {
		p.SetLatency(tick)
		p.SetLifetime(tick)
		var token string
		took := p.while(func() { token = p.fetch().Token })
		require.GreaterOrEqual(p, took, tick)
		p.wantStatus(token, http.StatusUnauthorized)
		require.Equal(p, sim.Expired, p.lastRequest().Refusal)
	})
}

func TestSetAPILatency_TheTokenIsLookedAtAfterwards(t *testing.T) {
	everywhere(t, sim.Options{APILatency: time.Hour}, func(p *place) {
		p.SetAPILatency(tick)
		token := p.Issue(time.Hour)
		took := p.while(func() { p.wantStatus(token, http.StatusOK) })
		require.GreaterOrEqual(p, took, tick)
		token = p.Issue(tick)
		p.while(func() { p.wantStatus(token, http.StatusUnauthorized) })
	})
}

func TestSetAPILatency_LeavesTheBodyWhole(t *testing.T) {
	everywhere(t, sim.Options{APILatency: tick}, func(p *place) {
		for _, size := range []int{1, 64 << 10, 200_000} {
			body := filler(size)
			req := p.post(p.Issue(time.Hour), body)
			var got reply
			p.while(func() { got = p.do(req) })
			require.NoError(p, got.err)
			require.True(p, body == got.body, "%d bytes became %d", size, len(got.body))
		}
	})
}

// Whatever a request waits for, it stops when no caller waits for its response, and nothing of it stays behind.
func TestWaits_EndWithTheRequestsContext(t *testing.T) {
	for name, wait := range map[string]func(*place) (asked func() bool, req func(context.Context) *http.Request){
		"latency": func(p *place) (func() bool, func(context.Context) *http.Request) {
			p.SetLatency(time.Hour)
			return p.tokenAsked, func(ctx context.Context) *http.Request { return p.tokenRequest(ctx, "tea.buy") }
		},
		"hang": func(p *place) (func() bool, func(context.Context) *http.Request) {
			p.Hang(0)
			return p.tokenAsked, func(ctx context.Context) *http.Request { return p.tokenRequest(ctx, "tea.buy") }
		},
		"API latency": func(p *place) (func() bool, func(context.Context) *http.Request) {
			p.SetAPILatency(time.Hour)
			return p.apiAsked, func(ctx context.Context) *http.Request { return p.post(p.Issue(time.Hour), "tea").WithContext(ctx) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, sim.Options{}, func(p *place) {
				asked, newRequest := wait(p)
				why := errors.New("enough")
				ctx, cancel := context.WithCancelCause(context.Background())
				req := newRequest(ctx)
				done := make(chan reply)
				go func() { done <- p.do(req) }()
				until(asked)
				cancel(why)
				require.ErrorIs(p, (<-done).err, why)
			})
		})
	}
}

func (p *place) tokenAsked() bool { return p.Stats().TokenRequests > 0 }
func (p *place) apiAsked() bool   { return p.Stats().Requests > 0 }

func TestGoDown_RefusesTokenRequestsForAWhile(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		token := p.fetch().Token
		p.GoDown(time.Hour)
		got := p.ask()
		require.Error(p, got.err)
		require.True(p, errors.Is(got.err, syscall.ECONNREFUSED) || errors.Is(got.err, io.EOF), got.err)
		p.wantStatus(token, http.StatusOK)
		require.Zero(p, p.lastTokenRequest().Status)
		require.Equal(p, 2, p.Stats().TokenRequests)

		p.GoDown(tick)
		p.pass(tick)
		p.fetch()
	})
}

func TestGoDown_InMemoryLooksLikeAClosedPort(t *testing.T) {
	visit(t, sim.Options{}, nil, inMemory, func(p *place) {
		p.GoDown(0)
		require.ErrorIs(p, p.ask().err, syscall.ECONNREFUSED)
	})
}

func TestUp_EndsAnOutageAndDropsQueuedResponses(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.Respond(9, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
		require.Equal(p, http.StatusTeapot, p.ask().status)
		p.GoDown(0)
		require.Error(p, p.ask().err)
		p.Up()
		p.fetch()
	})
}

func TestHang_RespondsWhenItIsOver(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		began := p.clock.Now()
		p.Hang(tick)
		p.while(func() { p.fetch() })
		require.GreaterOrEqual(p, p.clock.Since(began), tick)

		p.Hang(0)
		done := make(chan reply)
		go func() { done <- p.ask() }()
		until(func() bool { return p.Stats().TokenRequests == 2 })
		p.Up()
		p.parse(<-done)
	})
}

func TestHang_CanBecomeAnOutage(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.Hang(0)
		done := make(chan reply)
		go func() { done <- p.ask() }()
		until(p.tokenAsked)
		p.GoDown(0)
		require.Error(p, (<-done).err)
	})
}

func TestClose_EndsEveryWaitAndRefusesTheRest(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.Hang(0)
		p.SetAPILatency(time.Hour)
		done := make(chan reply)
		token := p.Issue(time.Hour)
		req := p.getRequest(context.Background(), token)
		go func() { done <- p.ask() }()
		go func() { done <- p.do(req) }()
		until(func() bool { return p.tokenAsked() && p.apiAsked() })
		p.Close()
		p.Close()
		require.Error(p, (<-done).err)
		require.Error(p, (<-done).err)
		require.Error(p, p.get(token).err)
		require.Error(p, p.ask().err)
	})
}
