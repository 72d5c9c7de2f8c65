package check

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/dial"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
)

// serverFlag is the setting that names the server.
func (c *checkup) serverFlag() string {
	if c.upstream != nil {
		return c.upstream.setting
	}
	if c.hasIssuer() {
		return c.Names.Of("Issuer")
	}
	return c.Names.Of("TokenURL")
}

func (c *checkup) overTLS() bool {
	return c.Config == nil || strings.HasPrefix(strings.ToLower(c.server()), "https:")
}

func (c *checkup) checkName(ctx context.Context) finding {
	r := c.reach(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	host, whose := r.url.Hostname(), ""
	if r.proxy != nil {
		host, whose = r.proxy.Hostname(), " (the proxy)"
	}
	_, err := netip.ParseAddr(host)
	switch {
	case r.unknown != nil:
		return failed(exit.Unreachable, fmt.Sprintf("%s%s is not known", host, whose), advice{
			c.untrusted(r.unknown.Error()),
			"is the host in " + c.serverFlag() + " spelled right? Is the network up, and the name known on it (a VPN, a private zone)?",
		})
	case err != nil && !r.lookedUp && r.connected == "":
		return failed(exit.Unreachable, host+whose+" was not found in time", advice{c.untrusted(r.why()), ""})
	case err == nil:
		return passed(host + whose + " is an address")
	}
	return passed(fmt.Sprintf("%s%s is %s", host, whose, strings.Join(r.addresses, ", ")))
}

func (c *checkup) checkConnection(ctx context.Context) finding {
	r := c.reach(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.connected != "" {
		text := fmt.Sprintf("to %s in %s", r.connected, format.Rough(r.took))
		if r.proxy != nil {
			text += ", through a proxy"
		}
		return passed(text)
	}
	why := advice{c.untrusted(r.why()), "is the network up, and does a firewall let this machine through?"}
	var timeout net.Error
	switch {
	case dial.IsRefused(r.err):
		why.remedy = "nothing listens there: is the port in " + c.serverFlag() + " right, and the server up?"
	case errors.As(r.err, &timeout) && timeout.Timeout():
		why.remedy = "nothing responds there: is there a firewall in between, and the port in " + c.serverFlag() + " right?"
	}
	return failed(exit.Unreachable, "there is none", why)
}

func (c *checkup) checkTLS(ctx context.Context) finding {
	r := c.reach(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	var timeout exit.TimedOut
	switch {
	case r.refused != nil && !errors.As(r.err, &timeout):
		return failed(exit.Unreachable, "the handshake failed", c.classifyTLS(r.refused))
	case r.err != nil && (r.state == nil || alerted(r.err)):
		// In TLS 1.3 a client's certificate is refused only once the client takes the handshake for done.
		return failed(exit.Unreachable, "the handshake failed", c.classifyTLS(r.err))
	}
	if r.state == nil || len(r.state.PeerCertificates) == 0 {
		return finding{mark: skipped, text: "no handshake was seen"}
	}
	leaf, now := r.state.PeerCertificates[0], time.Now()
	found := passed(fmt.Sprintf("%s, certificate of %s by %s", tls.VersionName(r.state.Version),
		c.untrusted(ownerOf(leaf)), c.untrusted(nameOf(leaf.Issuer))), "valid until "+format.Moment(leaf.NotAfter, now))
	if leaf.NotAfter.Sub(now) < soon {
		found.note("the server's certificate ends soon", "have its owner replace it")
	}
	return found
}

// classifyTLS knows the reasons for which a handshake fails.
func (c *checkup) classifyTLS(err error) advice {
	var (
		unknown x509.UnknownAuthorityError
		name    x509.HostnameError
		invalid x509.CertificateInvalidError
		header  tls.RecordHeaderError
	)
	text := c.untrusted(err.Error())
	switch {
	case errors.As(err, &unknown):
		issuer := "an authority without a name"
		if unknown.Cert != nil {
			issuer = fmt.Sprintf("%q", c.untrusted(nameOf(unknown.Cert.Issuer)))
		}
		return advice{
			"the server's certificate was issued by " + issuer + ", which this machine does not trust",
			"if that authority is meant, name its certificate by " + c.Names.Of("TokenRequest.TLS.RootCAs") + "; if not, the connection is intercepted (a TLS proxy?)",
		}
	case errors.As(err, &name):
		return advice{text, "the certificate is for another host: correct the one in " + c.serverFlag()}
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return advice{
			"the server's certificate is valid " + between(invalid.Cert),
			"have its owner replace it, or correct this machine's clock, which says " + time.Now().UTC().Format(time.RFC3339),
		}
	case errors.As(err, &header), errors.Is(err, http.ErrSchemeMismatch):
		return advice{"what responds there does not speak TLS", "is it https, and the port in " + c.serverFlag() + " right?"}
	case alerted(err):
		return advice{text, c.alertRemedy()}
	}
	return advice{text, ""}
}

func between(certificate *x509.Certificate) string {
	from, until := certificate.NotBefore.UTC(), certificate.NotAfter.UTC()
	return fmt.Sprintf("from %s until %s", from.Format(time.RFC3339), until.Format(time.RFC3339))
}

// alerted reports whether it was the server that broke the handshake off.
func alerted(err error) bool {
	var remote *net.OpError
	return errors.As(err, &remote) && remote.Op == "remote error"
}

func (c *checkup) alertRemedy() string {
	if c.Config.Certificate == nil {
		return "the server may want a client certificate: name one by " + c.Names.Of("Certificate")
	}
	return "the server refuses the certificate of " + c.Names.Of("Certificate") + ": is it the registered one, from an authority that the server trusts?"
}

// checkHTTP reports what came of the request: its status does not matter, as it was none for a token.
func (c *checkup) checkHTTP(ctx context.Context) finding {
	r := c.reach(ctx)
	if r.err != nil {
		return failed(exit.Unreachable, "there is no response", advice{
			c.untrusted(r.why()), "is that an HTTP server? Is " + c.serverFlag() + " right?",
		})
	}
	return passed("responds in " + format.Rough(r.responded.Sub(r.sent)))
}

// tolerated is how far apart clocks may be before that is worth a word.
const tolerated = 30 * time.Second

func (c *checkup) checkClock(ctx context.Context) finding {
	skew, known := c.reach(ctx).skew()
	if !known {
		return finding{mark: skipped, text: "the server does not send the time"}
	}
	if skew.Abs() <= tolerated {
		return passed("agrees with the server's to " + format.Plural(int(skew.Abs()/time.Second)+1, "second"))
	}
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	found := passed(fmt.Sprintf("the server's clock is %s %s this machine's", format.Rough(skew), direction))
	found.note("assertions, proofs and tokens are accepted or refused by the time, and may be refused as expired or not valid yet",
		"correct whichever clock is wrong")
	return found
}
