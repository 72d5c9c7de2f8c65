package program

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

// memory is a network of pipes, so that time is virtual in a bubble.
type memory struct {
	accepted chan net.Conn
	closed   chan struct{}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case c := <-m.accepted:
		return c, nil
	case <-m.closed:
		return nil, errors.New("closed")
	}
}

func (m *memory) Close() error   { close(m.closed); return nil }
func (m *memory) Addr() net.Addr { return &net.TCPAddr{} }

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case m.accepted <- server:
		return client, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// inBubble runs a test in which every request goes to a handler over pipes.
func inBubble(t *testing.T, handler http.HandlerFunc, test func(t *testing.T)) {
	synctest.Test(t, func(t *testing.T) {
		m := &memory{make(chan net.Conn), make(chan struct{})}
		server := &http.Server{Handler: handler}
		done := make(chan struct{})
		go func() { defer close(done); _ = server.Serve(m) }()
		before := http.DefaultTransport
		base := &http.Transport{DialContext: m.dial}
		http.DefaultTransport = base
		defer func() {
			http.DefaultTransport = before
			base.CloseIdleConnections()
			_ = server.Close()
			<-done
		}()
		test(t)
	})
}

// What --timeout allows, the token request has as well, and its error names the setting.
func TestTimeout_ReachesTheTokenRequest(t *testing.T) {
	env := map[string]string{"ALF_TOKEN_URL": "http://127.0.0.1/token", "ALF_CLIENT_ID": "me", "ALF_CLIENT_SECRET": theSecret}
	for name, c := range map[string]struct {
		responds time.Duration // 0: never
		args     []string
		want     result
		after    time.Duration
	}{
		"a slow endpoint":          {20 * time.Second, []string{"--timeout", "60s"}, result{exit.OK, "slow\n", ""}, 20 * time.Second},
		"by default":               {20 * time.Second, nil, result{exit.OK, "slow\n", ""}, 20 * time.Second},
		"a silent endpoint":        {0, []string{"--timeout", "60s"}, result{exit.Unreachable, "", "alf: no response within 1m0s: allow more by --timeout\n"}, 60 * time.Second},
		"a silent one, by default": {0, nil, result{exit.Unreachable, "", "alf: no response within 30s: allow more by --timeout\n"}, 30 * time.Second},
		"less than an attempt has": {0, []string{"--timeout", "3s"}, result{exit.Unreachable, "", "alf: no response within 3s: allow more by --timeout\n"}, 3 * time.Second},
		"forever":                  {2 * time.Hour, []string{"--timeout", "0"}, result{exit.OK, "slow\n", ""}, 2 * time.Hour},
	} {
		for _, command := range [][]string{{"token"}, {"get", "http://127.0.0.1/api"}, {"curl", "http://127.0.0.1/api"}} {
			t.Run(name+" "+command[0], func(t *testing.T) {
				inBubble(t, func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path != "/token" {
						io.WriteString(w, "slow\n")
						return
					}
					io.Copy(io.Discard, r.Body)
					if c.responds == 0 {
						<-r.Context().Done()
						return
					}
					select {
					case <-time.After(c.responds):
					case <-r.Context().Done():
						return
					}
					io.WriteString(w, `{"access_token":"slow","token_type":"Bearer","expires_in":60}`)
				}, func(t *testing.T) {
					start := time.Now()
					require.Equal(t, c.want, alfIn(t, invocation{env: env}, append(command, c.args...)...))
					require.Equal(t, c.after, time.Since(start).Round(time.Second))
				})
			})
		}
	}
}
