package mtls_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/internal/mtls"
)

func serve(t *testing.T, a *certtest.Authority, h2 bool, handler http.HandlerFunc) *httptest.Server {
	s := httptest.NewUnstartedServer(handler)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.Issue(t, "server")}, ClientAuth: tls.RequestClientCert}
	s.EnableHTTP2 = h2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

func ask(t *testing.T, tr http.RoundTripper, url string) string {
	req, _ := http.NewRequest("GET", url, nil)
	resp, err := tr.RoundTrip(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return string(body)
}

func names(w http.ResponseWriter, r *http.Request) {
	if len(r.TLS.PeerCertificates) > 0 {
		fmt.Fprint(w, r.TLS.PeerCertificates[0].Subject.CommonName, " ", len(r.TLS.PeerCertificates))
	}
}

func TestAChainThatWasMendedIsShown(t *testing.T) {
	a := certtest.New(t)
	s := serve(t, a, false, names)
	p := mtls.NewPool(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}})
	defer p.CloseIdleConnections()
	one := a.Issue(t, "client")
	require.Equal(t, "client 1", ask(t, p.For(&one), s.URL))
	mended := one
	mended.Certificate = append([][]byte{one.Certificate[0]}, a.Issue(t, "intermediate").Certificate[0])
	require.Equal(t, "client 2", ask(t, p.For(&mended), s.URL))
}

func TestAResumedSessionShowsTheNewCertificate(t *testing.T) {
	a := certtest.New(t)
	s := serve(t, a, false, names)
	p := mtls.NewPool(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool(), ClientSessionCache: tls.NewLRUClientSessionCache(0)}})
	defer p.CloseIdleConnections()
	one, two := a.Issue(t, "first"), a.Issue(t, "second")
	require.Equal(t, "first 1", ask(t, p.For(&one), s.URL))
	require.Equal(t, "second 1", ask(t, p.For(&two), s.URL))
}

type connections struct {
	mu   sync.Mutex
	open map[net.Conn]bool
}

func (c *connections) note(conn net.Conn, state http.ConnState) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open[conn] = true
	if state == http.StateClosed {
		delete(c.open, conn)
	}
}

func (c *connections) count() int { c.mu.Lock(); defer c.mu.Unlock(); return len(c.open) }

func (c *connections) none() bool { return c.count() == 0 }

func watched(t *testing.T, a *certtest.Authority, h2 bool, handler http.HandlerFunc) (*httptest.Server, *connections) {
	c := &connections{open: map[net.Conn]bool{}}
	s := httptest.NewUnstartedServer(handler)
	s.Config.ConnState = c.note
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.Issue(t, "server")}, ClientAuth: tls.RequestClientCert}
	s.EnableHTTP2 = h2
	s.StartTLS()
	t.Cleanup(s.Close)
	return s, c
}

func TestConnectionsInUseWhenTheCertificateChangesEndWithTheirRequests(t *testing.T) {
	for _, h2 := range []bool{false, true} {
		t.Run(fmt.Sprint("h2=", h2), func(t *testing.T) {
			a := certtest.New(t)
			arrived, release := make(chan bool, 1), make(chan bool)
			s, conns := watched(t, a, h2, func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/slow" {
					arrived <- true
					<-release
				}
			})
			p := mtls.NewPool(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}, ForceAttemptHTTP2: h2})
			one, two := a.Issue(t, "first"), a.Issue(t, "second")
			old := p.For(&one)
			defer old.CloseIdleConnections()
			done := make(chan string)
			go func() { done <- ask(t, old, s.URL+"/slow") }()
			<-arrived
			ask(t, p.For(&two), s.URL)
			close(release)
			<-done
			p.CloseIdleConnections()
			require.Eventually(t, conns.none, 3*time.Second, 20*time.Millisecond)
		})
	}
}

func TestATransportThatIsUsedAfterTheSwitchKeepsNoConnection(t *testing.T) {
	a := certtest.New(t)
	s, conns := watched(t, a, false, names)
	p := mtls.NewPool(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}})
	one, two := a.Issue(t, "first"), a.Issue(t, "second")
	old := p.For(&one)
	defer old.CloseIdleConnections()
	p.For(&two)
	ask(t, old, s.URL)
	p.CloseIdleConnections()
	require.Eventually(t, conns.none, 2*time.Second, 20*time.Millisecond)
}

func TestThePoolLeavesItsTemplateAlone(t *testing.T) {
	a := certtest.New(t)
	trust := &tls.Config{RootCAs: a.Pool()}
	template := &http.Transport{TLSClientConfig: trust}
	p := mtls.NewPool(template)
	defer p.CloseIdleConnections()
	template.MaxIdleConns = 7
	one, two := a.Issue(t, "one"), a.Issue(t, "two")
	again := one
	first := p.For(&one)
	require.NotSame(t, template, first)
	require.Zero(t, first.MaxIdleConns, "what becomes of the template later is of no consequence")
	require.Same(t, first, p.For(&again), "the same certificate, read again")
	second := p.For(&two)
	require.NotSame(t, first, second)
	require.Nil(t, trust.GetClientCertificate)
	for transport, want := range map[*http.Transport]*tls.Certificate{first: &one, second: &two} {
		got, err := transport.TLSClientConfig.GetClientCertificate(nil)
		require.NoError(t, err)
		require.Equal(t, want.Certificate, got.Certificate)
	}
	require.Nil(t, p.For(nil).TLSClientConfig.GetClientCertificate)
}

func TestWhatACertificateCannotBeShownThrough(t *testing.T) {
	dial := func(context.Context, string, string) (net.Conn, error) { return nil, io.EOF }
	pair := certtest.SelfSigned(t, "x")
	for want, base := range map[string]http.RoundTripper{
		"is no *http.Transport":                                   http.NewFileTransport(http.Dir(".")),
		"makes its TLS connections itself":                        &http.Transport{DialTLSContext: dial},
		"has a client certificate in its TLSClientConfig already": &http.Transport{TLSClientConfig: &tls.Config{Certificates: []tls.Certificate{pair}}},
	} {
		require.Contains(t, mtls.Obstacle(base), want)
	}
	require.Empty(t, mtls.Obstacle(&http.Transport{TLSClientConfig: &tls.Config{}}))
}

// HTTP/2 that was configured by hand keeps its connections in a place that copies share.
func TestCopiesShareNoHTTP2Connections(t *testing.T) {
	a := certtest.New(t)
	s := serve(t, a, true, names)
	shared := func(string, *tls.Conn) http.RoundTripper { t.Error("shared"); return nil }
	p := mtls.NewPool(&http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: a.Pool()},
		TLSNextProto:    map[string]func(string, *tls.Conn) http.RoundTripper{"h2": shared},
	})
	defer p.CloseIdleConnections()
	one, two := a.Issue(t, "first"), a.Issue(t, "second")
	require.Equal(t, "first 1", ask(t, p.For(&one), s.URL))
	require.Equal(t, "second 1", ask(t, p.For(&two), s.URL))
}

func TestThePoolHoldsNoMoreThanAFew(t *testing.T) {
	a := certtest.New(t)
	s, conns := watched(t, a, false, names)
	p := mtls.NewPool(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}})
	for i := range 10 {
		certificate := a.Issue(t, fmt.Sprint(i))
		require.Equal(t, fmt.Sprint(i, " 1"), ask(t, p.For(&certificate), s.URL))
	}
	require.Eventually(t, func() bool { return conns.count() == 1 }, 3*time.Second, 10*time.Millisecond)
	p.CloseIdleConnections()
	require.Eventually(t, conns.none, 3*time.Second, 10*time.Millisecond)
}

// HTTP/2 keeps a connection beyond its last request.
func TestConnectionsOfFormerCertificatesCanBeClosed(t *testing.T) {
	a := certtest.New(t)
	arrived, gate := make(chan struct{}), make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		arrived <- struct{}{}
		<-gate
	}))
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{a.Issue(t, "server")}, ClientAuth: tls.RequestClientCert}
	closed := make(chan struct{})
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateClosed {
			close(closed)
		}
	}
	s.StartTLS()
	t.Cleanup(s.Close)
	p := mtls.NewPool(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool()}, ForceAttemptHTTP2: true})
	first := a.Issue(t, "first")
	done := make(chan struct{})
	go func() {
		defer close(done)
		ask(t, p.For(&first), s.URL)
	}()
	<-arrived
	for range 10 {
		next := a.Issue(t, "next")
		p.For(&next)
	}
	close(gate)
	<-done
	p.CloseIdleConnections()
	<-closed
}
