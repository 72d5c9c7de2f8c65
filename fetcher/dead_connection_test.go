package fetcher_test

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/certtest"
)

// pipes is a network in memory, whose connections can go silent: what is written to them is lost, and neither end
// notices.
type pipes struct {
	accepted chan net.Conn
	closed   chan struct{}
	closing  sync.Once
	silent   *atomic.Bool // of the connections made from now on
	dials    int
	all      []net.Conn
}

func newPipes() *pipes {
	return &pipes{accepted: make(chan net.Conn), closed: make(chan struct{}), silent: new(atomic.Bool)}
}

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	p.dials++
	p.all = append(p.all, client, server)
	select {
	case p.accepted <- silencable{server, p.silent}:
		return silencable{client, p.silent}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// goSilent silences the connections made so far.
func (p *pipes) goSilent() {
	p.silent.Store(true)
	p.silent = new(atomic.Bool)
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.accepted:
		return conn, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.closing.Do(func() { close(p.closed) })
	for _, conn := range p.all {
		_ = conn.Close()
	}
	return nil
}

func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 443} }

type silencable struct {
	net.Conn
	silent *atomic.Bool
}

func (c silencable) Write(b []byte) (int, error) {
	if c.silent.Load() {
		return len(b), nil
	}
	return c.Conn.Write(b)
}

// replaceDefault puts another http.DefaultTransport in place for a test.
func replaceDefault(t *testing.T, rt http.RoundTripper) {
	t.Helper()
	before := http.DefaultTransport
	http.DefaultTransport = rt
	t.Cleanup(func() { http.DefaultTransport = before })
}

// A load balancer that forgot a connection costs one attempt, over HTTP/2 as over HTTP/1.1.
func TestC9_ADeadConnectionCostsOneAttempt(t *testing.T) {
	for _, protocol := range []string{"h2", "http/1.1"} {
		t.Run(protocol, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				authority := certtest.New(t)
				network := newPipes()
				server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					require.Equal(t, protocol == "h2", r.ProtoMajor == 2)
					_, _ = io.WriteString(w, good)
				})}
				config := &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, "idp.example.com")}, NextProtos: []string{protocol}}
				if protocol == "h2" {
					server.TLSConfig = config
					go func() { _ = server.ServeTLS(network, "", "") }()
				} else {
					go func() { _ = server.Serve(tls.NewListener(network, config)) }()
				}
				t.Cleanup(func() { _, _ = server.Close(), network.Close() })
				standard := &http.Transport{
					DialContext: network.dial, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second,
					TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), ServerName: "127.0.0.1"},
				}
				replaceDefault(t, standard)
				cfg := configWithoutTransport()
				f := newFetcher(t, cfg)
				attempt := func() error {
					ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
					defer cancel()
					_, err := f.Fetch(ctx)
					return err
				}
				require.NoError(t, attempt())
				network.goSilent()
				require.Error(t, attempt(), "nothing shows that it is dead")
				for range 17 {
					time.Sleep(time.Second)
					require.NoError(t, attempt())
				}
				require.Equal(t, 2, network.dials)
			})
		})
	}
}

// Without any request, a dead connection is noticed by pings.
func TestC9_ADeadIdleConnectionIsNoticed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		authority := certtest.New(t)
		network := newPipes()
		server := &http.Server{
			Handler:   http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, good) }),
			TLSConfig: &tls.Config{Certificates: []tls.Certificate{authority.Issue(t, "idp.example.com")}},
		}
		go func() { _ = server.ServeTLS(network, "", "") }()
		t.Cleanup(func() { _, _ = server.Close(), network.Close() })
		replaceDefault(t, &http.Transport{
			DialContext: network.dial, ForceAttemptHTTP2: true, IdleConnTimeout: 90 * time.Second,
			TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), ServerName: "127.0.0.1"},
		})
		f := newFetcher(t, configWithoutTransport())
		_, err := f.Fetch(t.Context())
		require.NoError(t, err)
		network.goSilent()
		time.Sleep(30 * time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		_, err = f.Fetch(ctx)
		require.NoError(t, err)
	})
}

// nameserver responds to every question with the same IPv4 addresses.
type nameserver struct {
	net.Conn
	addresses []string
	mu        sync.Mutex
	pending   []byte
}

func (n *nameserver) Write(query []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	length := len(query)
	question := query[2:] // the length of a message over TCP
	end := 12
	for question[end] != 0 {
		end += int(question[end]) + 1
	}
	isA := question[end+2] == 1
	response := slices.Clone(question[:end+5])
	response[2], response[3] = 0x81, 0x80
	clear(response[6:12])
	if isA {
		response[7] = byte(len(n.addresses))
		for _, address := range n.addresses {
			ip := netip.MustParseAddr(address).As4()
			response = append(response, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4)
			response = append(response, ip[:]...)
		}
	}
	n.pending = append(binary.BigEndian.AppendUint16(n.pending, uint16(len(response))), response...)
	return length, nil
}

func (n *nameserver) Read(b []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	read := copy(b, n.pending)
	n.pending = n.pending[read:]
	return read, nil
}

func (n *nameserver) Close() error                     { return nil }
func (n *nameserver) SetDeadline(time.Time) error      { return nil }
func (n *nameserver) SetReadDeadline(time.Time) error  { return nil }
func (n *nameserver) SetWriteDeadline(time.Time) error { return nil }

// Of several addresses, the first ones drop packets: the next is tried within the time of one attempt.
func TestC9_AnAddressThatDropsPacketsDoesNotUseUpTheAttempt(t *testing.T) {
	server := serve(t, respond(200, good))
	resolver := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return &nameserver{addresses: []string{"127.0.0.2", "127.0.0.3", "127.0.0.1"}}, nil
	}}
	t.Cleanup(func() { net.DefaultResolver = resolver })
	standard := http.DefaultTransport.(*http.Transport).Clone()
	standard.DialContext = (&net.Dialer{Timeout: 30 * time.Second, ControlContext: func(ctx context.Context, _, address string, _ syscall.RawConn) error {
		if !strings.HasPrefix(address, "127.0.0.1:") {
			<-ctx.Done() // as if its packets were dropped
			return ctx.Err()
		}
		return nil
	}}).DialContext
	replaceDefault(t, standard)
	cfg := configWithoutTransport()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.URL, "http://"), ":")
	cfg.TokenURL, cfg.AllowHTTP = "http://idp.example.com:"+port+"/token", []string{"*"}
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
	defer cancel()
	_, err := newFetcher(t, cfg).Fetch(ctx)
	require.NoError(t, err)
}

// A program that replaces http.DefaultTransport, before or after the fetcher is made, wants to see every request.
func TestC10_AReplacedDefaultTransportCarriesTokenRequests(t *testing.T) {
	for _, before := range []bool{true, false} {
		s := issuingAt(oauthPath, document(nil))
		cfg := discovering(s)
		cfg.TokenRequest.Transport = nil
		if before {
			replaceDefault(t, s)
		}
		f := newFetcher(t, cfg)
		if !before {
			replaceDefault(t, s)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		_, err := f.Fetch(ctx)
		cancel()
		require.NoError(t, err, before)
		require.Len(t, s.asked, 2)
	}
}
