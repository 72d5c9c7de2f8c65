package sim_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strconv"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

// Whatever address a request is for, by name or by number, with or without TLS, it comes here.
func TestTransport_LeadsHere(t *testing.T) {
	for _, started := range []bool{false, true} {
		server := sim.New(sim.Options{})
		if started {
			require.NoError(t, server.Start())
		}
		transport := server.Transport()
		for _, address := range []string{"http://stock.example.com", "https://stock.example.com:8443", "http://10.0.0.7:8080", "https://[::1]", "https://10.0.0.7"} {
			if started && address != "http://10.0.0.7:8080" && address[8] != 's' && address[7] != 's' {
				continue // a socket does not know which address a client has in mind
			}
			req, err := http.NewRequest(http.MethodPost, address+"/items", http.NoBody)
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+server.Issue(time.Hour))
			got := do(&http.Client{Transport: transport}, req)
			require.NoError(t, got.err, address)
			require.Equal(t, http.StatusOK, got.status, address)
		}
		transport.CloseIdleConnections()
		server.Close()
		_, err := transport.RoundTrip(mustGet(t, "https://stock.example.com"))
		require.ErrorIs(t, err, syscall.ECONNREFUSED)
	}
}

func mustGet(t *testing.T, url string) *http.Request {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, url, nil)
	require.NoError(t, err)
	return req
}

// The port of a started server serves both schemes, and Options.TLS says which one its addresses have.
func TestStart_ServesBothSchemes(t *testing.T) {
	for _, o := range []sim.Options{{}, {TLS: true}} {
		server := sim.New(o)
		require.NoError(t, server.Start())
		host := server.APIURL()[len("http://"):]
		scheme := "http"
		if o.TLS {
			host, scheme = server.APIURL()[len("https://"):], "https"
		}
		require.Equal(t, scheme+"://"+host, server.APIURL())
		require.Equal(t, server.APIURL(), server.Issuer())
		base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: server.RootCAs()}}
		for _, s := range []string{"http", "https"} {
			require.Equal(t, http.StatusUnauthorized, do(&http.Client{Transport: base}, mustGet(t, s+"://"+host)).status)
		}
		c := &configured{t, server}
		require.Equal(t, http.StatusOK, c.get(c.started(server.Config()), server.APIURL()))
		base.CloseIdleConnections()
		server.Close()
	}
}

// A client that has connected and says nothing does not keep Close waiting, over a socket and in memory.
func TestClose_EndsSilentConnections(t *testing.T) {
	server := sim.New(sim.Options{})
	memory, err := server.Transport().DialContext(t.Context(), "tcp", "stock.example.com:443")
	require.NoError(t, err)
	require.NoError(t, server.Start())
	conn, err := net.Dial("tcp", server.APIURL()[len("http://"):])
	require.NoError(t, err)
	server.Close()
	for _, c := range []net.Conn{memory, conn} {
		_, err = io.ReadAll(c)
		require.NoError(t, err)
		require.NoError(t, c.Close())
	}
}

// A connection in memory is one for a bubble: waits are of its time, and nothing is left when the client has gone.
func TestTransport_InABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{Latency: time.Hour, APILatency: time.Hour})
		client := http.Client{Transport: server.Transport()}
		defer client.CloseIdleConnections()
		began := time.Now()
		require.Equal(t, http.StatusUnauthorized, do(&client, mustGet(t, "https://stock.example.com")).status)
		require.Equal(t, time.Hour, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		require.ErrorIs(t, do(&client, mustGet(t, "https://stock.example.com").WithContext(ctx)).err, context.DeadlineExceeded)
		require.Equal(t, time.Hour+time.Minute, time.Since(began))
	})
}

func TestUnavailable_RespondsWith503UntilItIsOver(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.Unavailable(0)
		got := p.ask()
		require.NoError(p, got.err)
		require.Equal(p, http.StatusServiceUnavailable, got.status)
		require.Empty(p, got.header.Get("Retry-After"))
		p.Up()
		p.fetch()
		p.Client("client-1").Unavailable(0)
		require.Equal(p, http.StatusServiceUnavailable, p.ask().status)
		p.GoDown(0)
		require.Equal(p, http.StatusServiceUnavailable, p.ask().status, "that of the client comes first")
		p.Up()
		p.Client("client-1").Up()
		p.fetch()
	})
}

func TestUnavailable_IsOverAfterItsTime(t *testing.T) {
	onMocks(t, sim.Options{}, func(p *place) {
		p.Unavailable(tick)
		require.Equal(p, http.StatusServiceUnavailable, p.ask().status)
		p.pass(tick)
		p.fetch()
	})
}

func TestRevokeLast_LeavesTheOthers(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.RevokeLast() // there is none
		first, last := p.fetch().Token, p.fetch().Token
		p.RevokeLast()
		p.wantStatus(first, http.StatusOK)
		p.wantStatus(last, http.StatusUnauthorized)
		require.Equal(p, map[sim.Refusal]int{sim.Revoked: 1}, p.Refusals())
	})
}

// A request says when it was sent, and is not refused because it came late.
func TestRequestTime_DecidesAboutExpiry(t *testing.T) {
	const header = "X-Sent"
	o := sim.Options{Lifetime: time.Hour, RequestTime: func(r *http.Request) time.Time {
		at, err := strconv.ParseInt(r.Header.Get(header), 10, 64)
		if err != nil {
			return time.Time{}
		}
		return time.Unix(0, at)
	}}
	everywhere(t, o, func(p *place) {
		token := p.fetch().Token
		for after, want := range map[time.Duration]int{0: 200, 59 * time.Minute: 200, 61 * time.Minute: 401} {
			req := p.getRequest(p.Context(), token)
			req.Header.Set(header, strconv.FormatInt(p.clock.Now().Add(after).UnixNano(), 10))
			require.Equal(p, want, p.do(req).status, after)
		}
		p.wantStatus(token, http.StatusOK)
	})
}

// A proof without a Registration that requires one binds the token all the same, and nonces can be demanded later.
func TestSetNonces_AreDemandedFromThenOn(t *testing.T) {
	p := startFor(t, sim.Registration{ClientID: "me", AuthStyle: 2, Secret: "s"}, sim.Options{})
	key := newKey(t)
	got := p.bind(signProof(t, key, proofClaims("POST", p.kit.TokenURL(), "")))
	require.Equal(t, "DPoP", got.TokenType)
	require.Empty(t, got.nonce)
	p.kit.SetNonces(time.Minute, 0)
	got = p.bind(signProof(t, key, proofClaims("POST", p.kit.TokenURL(), "")))
	require.Equal(t, "use_dpop_nonce", got.Error)
	got = p.bind(signProof(t, key, proofClaims("POST", p.kit.TokenURL(), got.nonce)))
	require.Equal(t, "DPoP", got.TokenType)
	require.Equal(t, "Bearer", p.bind().TokenType)
}
