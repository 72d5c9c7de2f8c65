package published

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/alf-go/alf/internal/dial"
	"github.com/alf-go/alf/internal/discovery"
)

// guard keeps what an API publishes from making this machine ask addresses of its own network. The class of the first
// connection's address is that of the given URL; from then on it is compared with every address that is dialled, after
// the name was resolved, so that a name that resolves differently the second time gains nothing.
type guard struct {
	// given is the class of the given URL plus one; zero: not known yet.
	given atomic.Int32
}

// refusedAddress is the error for an address that must not be asked.
type refusedAddress struct {
	address netip.Addr
	class   discovery.Class
}

func (e *refusedAddress) Error() string {
	return fmt.Sprintf("%v is a %v address, and the given URL has none of that kind: not asked", e.address, e.class)
}

// know notes the class of the given URL, once.
func (g *guard) know(class discovery.Class) { g.given.CompareAndSwap(0, int32(class)+1) }

// check decides about one address.
func (g *guard) check(address netip.Addr) error {
	given, class := g.given.Load(), discovery.ClassOf(address)
	if given == 0 || discovery.MayReach(discovery.Class(given-1), class) {
		return nil
	}
	return &refusedAddress{address.Unmap(), class}
}

// control is called between the resolution of a name and each connection.
func (g *guard) control(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q is not an address", address)
	}
	return g.check(at.Addr())
}

// dialer dials under the guard.
func (g *guard) dialer() dial.Func {
	guarded := dial.AllAddresses((&net.Dialer{Timeout: 30 * time.Second, Control: g.control}).DialContext)
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := guarded(ctx, network, address)
		if err != nil {
			return nil, err
		}
		if at, err := netip.ParseAddrPort(conn.RemoteAddr().String()); err == nil {
			g.know(discovery.ClassOf(at.Addr()))
		}
		return conn, nil
	}
}

// checkProxied decides about a request that a proxy carries. The proxy resolves names, so only addresses that are
// spelled out and this machine's name are known here.
func (g *guard) checkProxied(u *url.URL) error {
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	address, err := netip.ParseAddr(host)
	switch {
	case err == nil:
	case host == "localhost", strings.HasSuffix(host, ".localhost"):
		address = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	default:
		g.know(discovery.Public)
		return nil
	}
	if err := g.check(address); err != nil {
		return err
	}
	g.know(discovery.ClassOf(address))
	return nil
}

// transports are for requests that go out directly, and for those that a proxy carries. The latter's connections lead
// to the proxy, which the user named, so they are not under the guard.
type transports struct {
	guard           *guard
	direct, byProxy *http.Transport
	proxy           func(*http.Request) (*url.URL, error)
}

// newTransports makes both from one that has the user's authorities. Neither presents a certificate.
func newTransports(base *http.Transport) *transports {
	t := &transports{guard: new(guard), direct: base.Clone(), byProxy: base.Clone(), proxy: base.Proxy}
	for _, one := range []*http.Transport{t.direct, t.byProxy} {
		one.MaxResponseHeaderBytes = 64 << 10
		one.OnProxyConnectResponse = nil
		one.GetProxyConnectHeader = nil
	}
	t.direct.Proxy, t.direct.DialContext = nil, t.guard.dialer()
	return t
}

func (t *transports) RoundTrip(req *http.Request) (*http.Response, error) {
	if t.proxy != nil {
		proxy, err := t.proxy(req)
		if err != nil {
			return nil, err
		}
		if proxy != nil {
			if err := t.guard.checkProxied(req.URL); err != nil {
				return nil, err
			}
			return t.byProxy.RoundTrip(req)
		}
	}
	return t.direct.RoundTrip(req)
}

func (t *transports) close() {
	t.direct.CloseIdleConnections()
	t.byProxy.CloseIdleConnections()
}
