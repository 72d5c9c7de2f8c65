package proxied

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/sim"
)

// lab is what the demonstration runs on: an authorization server, an API and the proxy.
type lab struct {
	auth   *sim.Server
	api    *http.Server
	folder string
	socket string
	proxy  *proxy.Proxy
	config proxy.Config
	stop   context.CancelFunc
	ended  chan struct{}
}

const (
	drainTime        = 5 * time.Second
	upgradeDrainTime = 500 * time.Millisecond
)

// newLab starts all of it.
func newLab(log *slog.Logger) (*lab, error) {
	folder, err := os.MkdirTemp("", "alf-proxy-demo-")
	if err != nil {
		return nil, err
	}
	l := &lab{folder: folder, socket: filepath.Join(folder, "proxy.sock"), ended: make(chan struct{})}
	l.auth = sim.New(sim.Options{API: http.HandlerFunc(serveAPI)})
	if err := l.auth.Start(); err != nil {
		_ = os.RemoveAll(folder)
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		l.close()
		return nil, err
	}
	l.api = &http.Server{Handler: http.HandlerFunc(l.serve), ReadHeaderTimeout: time.Minute, Protocols: new(http.Protocols)}
	l.api.Protocols.SetHTTP1(true)
	l.api.Protocols.SetUnencryptedHTTP2(true)
	go func() { _ = l.api.Serve(listener) }() // ends with Close
	upstream := &url.URL{Scheme: "http", Host: listener.Addr().String()}
	usual := routing.Headers{Cookies: routing.Drop, Host: routing.Replace, Forwarded: routing.Drop}
	l.config = proxy.Config{
		Listeners: []proxy.Listener{{Address: "unix:" + l.socket}},
		Clients:   []proxy.Client{{Key: "demo", Config: l.auth.Config()}},
		Routes: []proxy.Route{
			{Route: routing.Route{Name: "api", Headers: usual}, Upstream: upstream},
			{Route: routing.Route{Name: "calls", Path: "/calls.Service", Headers: usual}, Upstream: upstream, HTTP2: true},
		},
		DrainTime: drainTime, UpgradeDrainTime: upgradeDrainTime, Log: log,
	}
	if l.proxy, err = proxy.New(l.config); err != nil {
		l.close()
		return nil, err
	}
	var ctx context.Context
	ctx, l.stop = context.WithCancel(context.Background())
	go func() {
		defer close(l.ended)
		_ = l.proxy.Run(ctx) // if a listener fails, so do the requests
	}()
	return l, nil
}

// close ends what runs, and removes the socket.
func (l *lab) close() {
	if l.stop != nil {
		l.stop()
		<-l.ended
	}
	if l.api != nil {
		_ = l.api.Close()
	}
	l.auth.Close()
	_ = os.RemoveAll(l.folder)
}

// reload is what SIGHUP does, with a further route.
func (l *lab) reload() error {
	next := l.config
	more := next.Routes[0]
	more.Name, more.Path = "more", "/more"
	next.Routes = append(next.Routes[:2:2], more)
	return l.proxy.Reload(next)
}

// serve is the upstream: the API of the kit, which gRPC would ask in its own way.
func (l *lab) serve(w http.ResponseWriter, r *http.Request) {
	if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
		l.auth.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/grpc")
	if !l.accepts(r) {
		w.Header().Set("Grpc-Status", "16") // UNAUTHENTICATED, in a response of trailers alone
		return
	}
	message, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Trailer", "Grpc-Status")
	_, _ = w.Write(message)
	w.Header().Set("Grpc-Status", "0")
}

// accepts asks the kit whether the token of a request is good.
func (l *lab) accepts(r *http.Request) bool {
	asked, err := http.NewRequestWithContext(r.Context(), http.MethodGet, l.auth.APIURL()+"/", nil)
	if err != nil {
		return false
	}
	asked.Header.Set("Authorization", r.Header.Get("Authorization"))
	resp, err := l.auth.RoundTripper().RoundTrip(asked)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// What the paths of the API do.
const (
	eventsPath = "/events"
	chatPath   = "/chat"
	slowPath   = "/slow"
	events     = 10 // of one stream
	eventTime  = 50 * time.Millisecond
	slowTime   = time.Second
)

// serveAPI serves requests with a good token.
func serveAPI(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case eventsPath:
		w.Header().Set("Content-Type", "text/event-stream")
		for i := range events {
			fmt.Fprintf(w, "data: %d\n\n", i)
			_ = http.NewResponseController(w).Flush()
			time.Sleep(eventTime)
		}
	case chatPath:
		serveChat(w)
	case slowPath:
		time.Sleep(slowTime)
		fmt.Fprintln(w, "slow")
	default:
		n, err := io.Copy(io.Discard, r.Body)
		if err != nil {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintln(w, n)
	}
}

// serveChat repeats each line. Frames are left out: a proxy does not look at them.
func serveChat(w http.ResponseWriter) {
	c, both, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	defer c.Close()
	fmt.Fprint(both, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
	for {
		if both.Flush() != nil {
			return
		}
		line, err := both.ReadString('\n')
		if err != nil {
			return
		}
		_, _ = both.WriteString(line)
	}
}
