// Package dial makes connections to hosts with several addresses, of which some may be dead.
package dial

import (
	"context"
	"net"
	"net/netip"
	"reflect"
	"time"
)

// Func is the type of http.Transport.DialContext.
type Func = func(ctx context.Context, network, address string) (net.Conn, error)

// delay is how long an address is tried before the next one is tried as well (RFC 8305 section 5 recommends 250 ms).
const delay = 300 * time.Millisecond

// AllAddresses returns a Func that tries all addresses of a host, each a little later than the one before it, and
// returns the first connection. So an address that drops packets delays a connection by 300 ms. A net.Dialer tries one
// after the other, and divides its time-out between them: with the 30 s of http.DefaultTransport, the second of two is
// tried after 15 s, when every request has given up.
//
// base dials each of the addresses, and is used as it is unless it is the method of a net.Dialer: other functions may
// give names a meaning of their own. Nil: that of a net.Dialer with the settings of http.DefaultTransport.
func AllAddresses(base Func) Func {
	if base == nil {
		base = (&net.Dialer{Timeout: 30 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	if reflect.ValueOf(base).Pointer() != dialerCode {
		return base
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		addresses := resolve(ctx, network, address)
		if len(addresses) < 2 {
			return base(ctx, network, address)
		}
		return race(ctx, base, network, addresses)
	}
}

// dialerCode identifies the method of any net.Dialer.
var dialerCode = reflect.ValueOf(new(net.Dialer).DialContext).Pointer()

// resolve returns the addresses of a host, in the order of preference of RFC 6724. Nil: there is nothing to choose
// from, or the dialer knows better.
func resolve(ctx context.Context, network, address string) []string {
	host, port, err := net.SplitHostPort(address)
	if err != nil || host == "" {
		return nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return nil
	}
	family := "ip"
	switch network {
	case "tcp4":
		family = "ip4"
	case "tcp6":
		family = "ip6"
	}
	found, err := net.DefaultResolver.LookupNetIP(ctx, family, host)
	if err != nil {
		return nil
	}
	addresses := make([]string, len(found))
	for i, ip := range found {
		addresses[i] = net.JoinHostPort(ip.Unmap().String(), port)
	}
	return addresses
}

type result struct {
	conn net.Conn
	err  error
}

// race dials the addresses one after the other, without waiting for the end of a dial that takes long.
func race(ctx context.Context, base Func, network string, addresses []string) (net.Conn, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan result)
	begin := func(address string) {
		go func() {
			conn, err := base(ctx, network, address)
			select {
			case results <- result{conn, err}:
			case <-ctx.Done(): // another one was faster
				if conn != nil {
					_ = conn.Close()
				}
			}
		}()
	}
	next := time.NewTimer(0)
	defer next.Stop()
	var first error // as a net.Dialer reports it
	for begun, failed := 0, 0; failed < len(addresses); {
		select {
		case <-next.C:
			begin(addresses[begun])
			if begun++; begun < len(addresses) {
				next.Reset(delay)
			}
		case r := <-results:
			if r.err == nil {
				return r.conn, nil
			}
			if failed++; first == nil {
				first = r.err
			}
			if begun < len(addresses) {
				next.Reset(0)
			}
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return nil, first
}
