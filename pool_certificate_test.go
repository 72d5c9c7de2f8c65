package alf_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/certtest"
)

// pool makes a pool whose certificate is in files of dir.
func (c *certifying) pool(t *testing.T, dir string) *alf.Pool {
	certificatePath, keyPath := certtest.Write(t, dir, c.authority.Issue(t, "first"))
	pool, err := alf.NewPool(alf.PoolConfig{Config: c.config(alf.CertificateFiles(certificatePath, keyPath))})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	return pool
}

func audience(i int) alf.Target { return alf.Target{Audience: []string{fmt.Sprint(i)}} }

// A rotation is no reason for a 401 of any token, however many there are.
func TestF4_EachTokenOfAPoolKeepsItsCertificate(t *testing.T) {
	servers, dir := startCertifying(t), t.TempDir()
	pool := servers.pool(t, dir)
	const tokens = 20
	values := make(map[int]string)
	for i := range tokens {
		_, values[i] = get(t, pool.Client(audience(i)), servers.URL+"/api")
	}
	certtest.Write(t, dir, servers.authority.Issue(t, "second"))
	for i := range 10 {
		_, err := pool.Client(audience(i)).Refresh(t.Context())
		require.NoError(t, err)
	}
	for i := range tokens {
		_, value := get(t, pool.Client(audience(i)), servers.URL+"/api")
		require.Equal(t, i >= 10, values[i] == value, i)
	}
	require.NotContains(t, servers.seen, "401")
	require.Equal(t, tokens+10, servers.asked)
}

// Between the fetch that brings a token and its publication, the token in use is still the one before.
func TestF4_ATokenOfAPoolKeepsItsCertificateUntilTheNextOneIsPublished(t *testing.T) {
	servers, dir := startCertifying(t), t.TempDir()
	certificatePath, keyPath := certtest.Write(t, dir, servers.authority.Issue(t, "first"))
	cfg := servers.config(alf.CertificateFiles(certificatePath, keyPath))
	fetched, publish := make(chan bool), make(chan bool)
	waits := false
	cfg.WrapFetcher = func(f alf.Fetcher) alf.Fetcher {
		return alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
			token, err := f.Fetch(ctx)
			if waits {
				fetched <- true
				<-publish
			}
			return token, err
		})
	}
	pool, err := alf.NewPool(alf.PoolConfig{Config: cfg})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pool.Close()) })
	client := pool.Client(alf.Target{})
	_, first := get(t, client, servers.URL+"/api")
	certtest.Write(t, dir, servers.authority.Issue(t, "second"))
	waits = true
	refreshed := make(chan error)
	go func() {
		_, err := client.Refresh(t.Context())
		refreshed <- err
	}()
	<-fetched
	_, again := get(t, client, servers.URL+"/api")
	close(publish)
	require.NoError(t, <-refreshed)
	require.Equal(t, first, again)
	_, second := get(t, client, servers.URL+"/api")
	require.NotEqual(t, first, second)
	require.NotContains(t, servers.seen, "401")
}

// A server may repeat a token until it expires (M5): that is bound to what it first came with.
func TestF4_ATokenOfAPoolThatIsRepeatedKeepsItsCertificate(t *testing.T) {
	servers, dir := startCertifying(t), t.TempDir()
	servers.repeats = true
	pool := servers.pool(t, dir)
	client := pool.Client(alf.Target{})
	get(t, client, servers.URL+"/api")
	certtest.Write(t, dir, servers.authority.Issue(t, "second"))
	_, err := client.Refresh(t.Context())
	require.NoError(t, err)
	_, body := get(t, client, servers.URL+"/api")
	require.Equal(t, "token-1", body)
	require.Equal(t, []string{"200", "200"}, servers.seen)
}

// The connections that CloseIdleConnections closes are the pool's, whatever they present, and no other's.
func TestP1_APoolClosesItsOwnIdleConnections(t *testing.T) {
	for name, change := range map[string]func(*alf.Config){
		"with a certificate":          func(*alf.Config) {},
		"with a transport of its own": func(c *alf.Config) { c.HTTPClient = nil },
		"with one of the caller's":    func(c *alf.Config) { c.AuthStyle, c.Certificate, c.ClientSecret = 0, nil, alf.Secret("x") },
	} {
		t.Run(name, func(t *testing.T) {
			servers := startCertifying(t)
			var conns, others dialing
			api := httptest.NewUnstartedServer(http.NotFoundHandler())
			api.Listener = &counting{api.Listener, &conns}
			api.Start()
			t.Cleanup(api.Close)
			cfg := servers.config(alf.Certificate(servers.authority.Issue(t, "client")))
			change(&cfg)
			pool, err := alf.NewPool(alf.PoolConfig{Config: cfg})
			require.NoError(t, err)
			defer pool.Close()
			get(t, pool.Client(alf.Target{}), api.URL)
			conns.requireOpen(t, 1)
			other := &http.Client{Transport: http.DefaultTransport}
			elsewhere := httptest.NewUnstartedServer(http.NotFoundHandler())
			elsewhere.Listener = &counting{elsewhere.Listener, &others}
			elsewhere.Start()
			t.Cleanup(elsewhere.Close)
			resp, err := other.Get(elsewhere.URL)
			require.NoError(t, err)
			readAll(t, resp)
			pool.CloseIdleConnections()
			conns.requireOpen(t, 0)
			others.requireOpen(t, 1)
		})
	}
}

// counting counts the connections that a server has.
type counting struct {
	net.Listener
	of *dialing
}

func (l *counting) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.of.open.Add(1)
	return &counted{Conn: conn, of: l.of}, nil
}
