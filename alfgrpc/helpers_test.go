package alfgrpc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfgrpc"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen.
const patience = 20 * time.Second

// service is grpc-go's interop test service over TLS, which takes the tokens of an authorization server.
type service struct {
	*sim.Server
	t        testing.TB
	address  string
	server   *grpc.Server
	ended    chan struct{}
	options  []grpc.ServerOption
	register func(*grpc.Server)

	mu       sync.Mutex
	attempts []attempt

	// refuse, if it returns an error, ends an attempt before its handler runs.
	refuse func(ctx context.Context, method string, n int) error
	// setHeader has a header set before an attempt is refused, so that the refusal does not consist of trailers alone.
	setHeader bool
	// early refuses streams at their first message instead of at their start, and checks the token at each message.
	eachMessage bool
	// verify replaces the check of the token.
	verify func(authorization string) bool
}

// attempt is what the server saw of one.
type attempt struct {
	method        string
	authorization []string
	refused       bool
}

// certificates are what httptest has for tests, for example.com and 127.0.0.1.
var certificates = sync.OnceValues(func() ([]tls.Certificate, *x509.CertPool) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	pool := x509.NewCertPool()
	pool.AddCert(server.Certificate())
	return server.TLS.Certificates, pool
})

func clientTLS() credentials.TransportCredentials {
	_, pool := certificates()
	return credentials.NewTLS(&tls.Config{RootCAs: pool})
}

func serverTLS() credentials.TransportCredentials {
	own, _ := certificates()
	return credentials.NewTLS(&tls.Config{Certificates: own})
}

// newService makes a service that is not started.
func newService(t testing.TB) *service {
	s := &service{Server: sim.New(sim.Options{}), t: t, options: []grpc.ServerOption{grpc.Creds(serverTLS())}}
	s.register = func(server *grpc.Server) { testgrpc.RegisterTestServiceServer(server, interop.NewTestServer()) }
	return s
}

func startService(t testing.TB) *service {
	s := newService(t)
	s.start("127.0.0.1:0")
	return s
}

// start listens at an address until stop.
func (s *service) start(address string) {
	listener, err := net.Listen("tcp", address)
	require.NoError(s.t, err)
	s.address, s.ended = listener.Addr().String(), make(chan struct{})
	s.server = grpc.NewServer(append([]grpc.ServerOption{
		grpc.UnaryInterceptor(s.unary), grpc.StreamInterceptor(s.stream), grpc.MaxConcurrentStreams(1 << 20)}, s.options...)...)
	s.register(s.server)
	server, ended := s.server, s.ended
	go func() {
		defer close(ended)
		_ = server.Serve(listener) // nil after Stop
	}()
	s.t.Cleanup(func() {
		server.Stop()
		<-ended
	})
}

// valid reports whether the authorization server considers a token good.
func (s *service) valid(authorization string) bool {
	if s.verify != nil {
		return s.verify(authorization)
	}
	req, err := http.NewRequest(http.MethodGet, "https://api.sim.test/", nil)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", authorization)
	resp, err := s.RoundTripper().RoundTrip(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

var errToken = status.Error(codes.Unauthenticated, "the token is not valid")

// admit notes an attempt, and returns why it is refused.
func (s *service) admit(ctx context.Context, method string) error {
	incoming, _ := metadata.FromIncomingContext(ctx)
	seen := attempt{method: method, authorization: incoming.Get("authorization")}
	s.mu.Lock()
	n := len(s.attempts) + 1
	s.mu.Unlock()
	var err error
	if s.refuse != nil {
		err = s.refuse(ctx, method, n)
	}
	if err == nil && (len(seen.authorization) != 1 || !s.valid(seen.authorization[0])) {
		err = errToken
	}
	seen.refused = err != nil
	s.mu.Lock()
	defer s.mu.Unlock()
	s.attempts = append(s.attempts, seen)
	return err
}

func (s *service) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
	if s.setHeader {
		_ = grpc.SetHeader(ctx, metadata.Pairs("x-request-id", "1"))
	}
	if err := s.admit(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	return handle(ctx, req)
}

func (s *service) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
	if s.setHeader {
		_ = stream.SetHeader(metadata.Pairs("x-request-id", "1"))
	}
	if err := s.admit(stream.Context(), info.FullMethod); err != nil {
		return err
	}
	if s.eachMessage {
		stream = checkedStream{stream, s}
	}
	return handle(srv, stream)
}

// checkedStream checks the token at each message.
type checkedStream struct {
	grpc.ServerStream
	s *service
}

func (c checkedStream) RecvMsg(m any) error {
	err := c.ServerStream.RecvMsg(m)
	incoming, _ := metadata.FromIncomingContext(c.Context())
	if err == nil && !c.s.valid(incoming.Get("authorization")[0]) {
		return errToken
	}
	return err
}

// seen returns the attempts, and forgets them.
func (s *service) seen() []attempt {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := s.attempts
	s.attempts = nil
	return all
}

// refusals is how many of the attempts were refused. No attempt may have carried anything but one token.
func refusals(t testing.TB, attempts []attempt) (refused int) {
	for _, a := range attempts {
		require.Len(t, a.authorization, 1, "%+v", a)
		if a.refused {
			refused++
		}
	}
	return refused
}

// client makes a client of the authorization server.
func (s *service) client(change ...func(*alf.Config)) *alf.Client {
	cfg := s.Config()
	for _, c := range change {
		c(&cfg)
	}
	client, err := alf.New(cfg)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { require.NoError(s.t, client.Close()) })
	return client
}

// dial opens a channel to the service with further options, which end with those of alfgrpc.
func (s *service) dial(options ...grpc.DialOption) *grpc.ClientConn {
	return s.dialAt("dns:///"+s.address, options...)
}

func (s *service) dialAt(target string, options ...grpc.DialOption) *grpc.ClientConn {
	conn, err := grpc.NewClient(target, append([]grpc.DialOption{grpc.WithTransportCredentials(clientTLS())}, options...)...)
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// stub is a stub of the service whose calls carry the client's token.
func (s *service) stub(client *alf.Client, options ...alfgrpc.Option) testgrpc.TestServiceClient {
	return testgrpc.NewTestServiceClient(s.dial(alfgrpc.DialOptions(client, options...)...))
}

func within(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// eventually waits for what must become true.
func eventually(t testing.TB, what func() bool, format string, args ...any) {
	t.Helper()
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for !what() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			require.FailNow(t, "it did not happen in time", append([]any{format}, args...)...)
		}
	}
}

// payload is a message's content.
func payload(size int) *testgrpc.Payload { return &testgrpc.Payload{Body: make([]byte, size)} }

// input is a message of a call that streams to the server.
func input(size int) *testgrpc.StreamingInputCallRequest {
	return &testgrpc.StreamingInputCallRequest{Payload: payload(size)}
}

// request asks for responses of the given sizes.
func request(sizes ...int32) *testgrpc.StreamingOutputCallRequest {
	r := new(testgrpc.StreamingOutputCallRequest)
	for _, size := range sizes {
		r.ResponseParameters = append(r.ResponseParameters, &testgrpc.ResponseParameters{Size: size})
	}
	return r
}

// traced counts what a trace reports.
type traced struct{ retries, suppressed, notRetried, accepted, rejected atomic.Int32 }

func (c *traced) context(ctx context.Context) context.Context {
	return alf.WithTrace(ctx, &alf.Trace{
		Retry:      func(*alf.Token) { c.retries.Add(1) },
		Suppressed: func(error) { c.suppressed.Add(1) },
		NotRetried: func(error) { c.notRetried.Add(1) },
		Outcome: func(o alf.Outcome) {
			if o.Accepted {
				c.accepted.Add(1)
			} else {
				c.rejected.Add(1)
			}
		},
	})
}
