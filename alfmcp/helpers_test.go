package alfmcp_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/modelcontextprotocol/go-sdk/oauthex"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfmcp"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	version2025 = "2025-11-25"
	version2026 = "2026-07-28"
	issuer      = "https://auth.example.com"
)

// lab is the SDK's own server, with its bearer middleware and its protected resource metadata, on a network in memory
// so that it can be run in a bubble, or on loopback. Its tokens come from an authorization server in memory.
type lab struct {
	auth     *sim.Server
	server   *mcp.Server
	endpoint string
	client   *http.Client // connects to it
	document oauthex.ProtectedResourceMetadata

	mu        sync.Mutex
	requests  []seen
	streams   map[*http.Request]context.CancelFunc // open ones
	refuse    func(*http.Request) int              // a status in place of what the server responds
	rpcError  string                               // the body of a 403 in place of what the server responds to a POST
	cutsCalls bool                                 // responses to calls are cut as well
	aborts    bool                                 // streams that are cut break, in place of ending
	calls     atomic.Int64                         // of the tool echo, as the server counts them
}

// seen is a request as the server got it.
type seen struct {
	method, token, rpc, lastEvent string
	status                        int
}

// connectionBreaks stands for a status: there is no response.
const connectionBreaks = -1

type options struct {
	sim       sim.Options
	stateless bool // for 2026-07-28
	loopback  bool
	plain     bool // without an event store
}

func newLab(t testing.TB, o options) *lab {
	l := &lab{streams: map[*http.Request]context.CancelFunc{}}
	o.sim.CheckAudience = true
	l.auth = sim.New(o.sim)
	l.server = mcp.NewServer(&mcp.Implementation{Name: "lab", Version: "1"}, &mcp.ServerOptions{
		SubscribeHandler:   func(context.Context, *mcp.SubscribeRequest) error { return nil },
		UnsubscribeHandler: func(context.Context, *mcp.UnsubscribeRequest) error { return nil },
	})
	mcp.AddTool(l.server, &mcp.Tool{Name: "echo"}, func(_ context.Context, _ *mcp.CallToolRequest, in struct{ Text string }) (*mcp.CallToolResult, any, error) {
		l.calls.Add(1)
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: in.Text}}}, nil, nil
	})
	mcp.AddTool(l.server, &mcp.Tool{Name: "slow"}, func(_ context.Context, _ *mcp.CallToolRequest, in struct{ Seconds int }) (*mcp.CallToolResult, any, error) {
		l.calls.Add(1)
		time.Sleep(time.Duration(in.Seconds) * time.Second)
		return &mcp.CallToolResult{Content: []mcp.Content{&mcp.TextContent{Text: "done"}}}, nil, nil
	})
	l.server.AddResource(&mcp.Resource{URI: "file:///watched", Name: "watched"}, func(context.Context, *mcp.ReadResourceRequest) (*mcp.ReadResourceResult, error) {
		return &mcp.ReadResourceResult{}, nil
	})
	options := &mcp.StreamableHTTPOptions{Stateless: o.stateless}
	if !o.stateless && !o.plain {
		options.EventStore = mcp.NewMemoryEventStore(nil)
	}
	rpc := mcp.NewStreamableHTTPHandler(func(*http.Request) *mcp.Server { return l.server }, options)
	mux := http.NewServeMux()
	protected := func(w http.ResponseWriter, r *http.Request) {
		auth.RequireBearerToken(l.verify, &auth.RequireBearerTokenOptions{
			ResourceMetadataURL: l.at("/.well-known/oauth-protected-resource/mcp"),
		})(rpc).ServeHTTP(w, r)
	}
	mux.HandleFunc("/mcp", func(w http.ResponseWriter, r *http.Request) { l.note(w, r, protected) })
	mux.HandleFunc("/.well-known/oauth-protected-resource/mcp", func(w http.ResponseWriter, r *http.Request) {
		auth.ProtectedResourceMetadataHandler(&l.document).ServeHTTP(w, r)
	})
	l.serve(t, mux, o.loopback)
	l.document = oauthex.ProtectedResourceMetadata{Resource: l.endpoint, AuthorizationServers: []string{issuer}, ScopesSupported: []string{"tools"}}
	t.Cleanup(l.auth.Close)
	t.Cleanup(func() { // those that no client has ended
		for session := range l.server.Sessions() {
			_ = session.Close()
		}
	})
	return l
}

func (l *lab) at(path string) string {
	u, err := url.Parse(l.endpoint)
	if err != nil {
		panic(err)
	}
	u.Path = path
	return u.String()
}

func (l *lab) serve(t testing.TB, handler http.Handler, loopback bool) {
	if loopback {
		s := httptest.NewServer(handler)
		t.Cleanup(s.Close)
		l.endpoint, l.client = s.URL+"/mcp", &http.Client{Transport: &http.Transport{}}
		t.Cleanup(l.client.CloseIdleConnections)
		return
	}
	network := &memory{conns: make(chan net.Conn), closed: make(chan struct{})}
	s := &http.Server{Handler: handler, ErrorLog: log.New(io.Discard, "", 0)}
	go s.Serve(network)
	transport := &http.Transport{DialContext: network.dial, MaxIdleConnsPerHost: 200}
	t.Cleanup(func() { transport.CloseIdleConnections(); s.Close() })
	l.endpoint, l.client = "http://127.0.0.1/mcp", &http.Client{Transport: transport}
}

// memory is a network of pipes.
type memory struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (m *memory) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case m.conns <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Accept() (net.Conn, error) {
	select {
	case conn := <-m.conns:
		return conn, nil
	case <-m.closed:
		return nil, net.ErrClosed
	}
}

func (m *memory) Close() error   { m.once.Do(func() { close(m.closed) }); return nil }
func (m *memory) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

// note records a request, and lets a stream of events be cut.
func (l *lab) note(w http.ResponseWriter, r *http.Request, serve http.HandlerFunc) {
	l.mu.Lock()
	at := len(l.requests)
	l.requests = append(l.requests, seen{method: r.Method, token: r.Header.Get("Authorization"), rpc: r.Header.Get("Mcp-Method"), lastEvent: r.Header.Get("Last-Event-Id")})
	refuse, rpcError := l.refuse, l.rpcError
	ctx, cut := context.WithCancel(r.Context())
	if r.Method == http.MethodGet || l.cutsCalls || r.Header.Get("Mcp-Method") == "subscriptions/listen" {
		l.streams[r] = cut
	}
	l.mu.Unlock()
	defer func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.streams, r)
		cut()
	}()
	recorded := &recorder{ResponseWriter: w, note: func(status int) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.requests[at].status = status
	}}
	if refuse != nil {
		switch status := refuse(r); status {
		case 0:
		case connectionBreaks:
			panic(http.ErrAbortHandler)
		default:
			recorded.Header().Set("WWW-Authenticate", `Bearer error="invalid_token"`)
			http.Error(recorded, "refused", status)
			return
		}
	}
	if rpcError != "" && r.Method == http.MethodPost {
		recorded.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(recorded, rpcError, 99)
		return
	}
	serve(recorded, r.WithContext(ctx))
	l.mu.Lock()
	aborts := l.aborts && ctx.Err() != nil
	l.mu.Unlock()
	if aborts {
		panic(http.ErrAbortHandler)
	}
}

type recorder struct {
	http.ResponseWriter
	note func(int)
}

func (r *recorder) WriteHeader(status int) { r.note(status); r.ResponseWriter.WriteHeader(status) }
func (r *recorder) Write(p []byte) (int, error) {
	return r.ResponseWriter.Write(p)
}
func (r *recorder) Flush()                      { r.ResponseWriter.(http.Flusher).Flush() }
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// verify asks the authorization server, as an introspecting API does: expiry, revocation and resource.
func (l *lab) verify(ctx context.Context, token string, _ *http.Request) (*auth.TokenInfo, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, l.endpoint, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := l.auth.RoundTripper().RoundTrip(req)
	if err != nil {
		return nil, err
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%w: %d", auth.ErrInvalidToken, resp.StatusCode)
	}
	return &auth.TokenInfo{Expiration: time.Now().Add(time.Hour), UserID: "agent"}, nil
}

// cut breaks the streams of events that are open, as a load balancer does.
func (l *lab) cut() (streams int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, cut := range l.streams {
		cut()
		streams++
	}
	return streams
}

func (l *lab) setRefuse(refuse func(*http.Request) int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse = refuse
}

// count counts requests.
func (l *lab) count(is func(seen) bool) (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.requests {
		if is(r) {
			n++
		}
	}
	return n
}

func (l *lab) refusals() int {
	return l.count(func(r seen) bool { return r.status == http.StatusUnauthorized })
}

// config is that of a client of the authorization server, and of the network of the lab.
func (l *lab) config() alf.Config {
	cfg := l.auth.Config()
	cfg.HTTPClient = l.client
	cfg.Resource = []string{l.endpoint}
	return cfg
}

func (l *lab) access(t testing.TB, change ...func(*alf.Config)) *alfmcp.Access {
	cfg := l.config()
	for _, c := range change {
		c(&cfg)
	}
	access, err := alfmcp.New(t.Context(), l.endpoint, cfg)
	require.NoError(t, err)
	t.Cleanup(access.Close)
	return access
}

// connect begins a session of a protocol version.
func connect(t testing.TB, transport mcp.Transport, version string, o *mcp.ClientOptions) *mcp.ClientSession {
	client := mcp.NewClient(&mcp.Implementation{Name: "agent", Version: "1"}, alfmcp.Announce(o))
	session, err := client.Connect(t.Context(), transport, &mcp.ClientSessionOptions{ProtocolVersion: version})
	require.NoError(t, err)
	require.Equal(t, version, session.InitializeResult().ProtocolVersion)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func echo(ctx context.Context, session *mcp.ClientSession, text string) error {
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "echo", Arguments: map[string]any{"Text": text}})
	if err != nil {
		return err
	}
	if got := result.Content[0].(*mcp.TextContent).Text; got != text {
		return fmt.Errorf("%q came back as %q", text, got)
	}
	return nil
}
