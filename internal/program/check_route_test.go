package program

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestCheck_TheWay(t *testing.T) {
	closed := httptest.NewServer(nil)
	closed.Close()
	hanging := make(chan struct{})
	t.Cleanup(func() { close(hanging) })
	for name, d := range map[string]diagnosed{
		"an unknown name": {
			args: []string{"--token-url", "https://idp..invalid/token"},
			code: exit.Unreachable, step: "name", says: []string{"idp..invalid is not known", "remedy: is the host in --token-url spelled right?"},
		},
		"no server there": {
			args: []string{"--token-url", closed.URL},
			code: exit.Unreachable, step: "connection", says: []string{"connection refused", "remedy: nothing listens there: is the port in --token-url right"},
		},
		"no trusted authority": {
			place: place{tls: true}, args: []string{"--ca-file", ""},
			code: exit.Unreachable, step: "TLS",
			says: []string{`issued by "O=Acme Co", which this machine does not trust`, "remedy: if that authority is meant, name its certificate by --ca-file"},
		},
		"another host": {
			place: place{tls: true}, args: []string{"--issuer", "https://localhost:PORT"},
			code: exit.Unreachable, step: "TLS", says: []string{"not localhost", "remedy: the certificate is for another host: correct the one in --issuer"},
		},
		"not TLS": {
			args: []string{"--token-url", "https://HOST/token"},
			code: exit.Unreachable, step: "TLS", says: []string{"does not speak TLS", "is it https, and the port in --token-url right?"},
		},
		"no response": {
			args: []string{"--token-url", "SELF/api", "--timeout", "250ms"},
			place: place{api: func(_ http.ResponseWriter, r *http.Request) {
				select {
				case <-hanging:
				case <-r.Context().Done():
				}
			}},
			code: exit.Unreachable, step: "HTTP", says: []string{"no response within 250ms: allow more by --timeout"},
		},
		"a slow clock": {
			args: []string{"--token-url", "SELF/api"}, place: place{api: dated(-5*time.Minute, grant("opaque-token-of-the-server", ""))},
			code: exit.OK, says: []string{"! clock        the server's clock is 5 minutes behind this machine's", "correct whichever clock is wrong"},
		},
		"a fast clock": {
			args: []string{"--token-url", "SELF/api"}, place: place{api: dated(40*time.Second, grant("opaque-token-of-the-server", ""))},
			code: exit.OK, says: []string{"! clock        the server's clock is 4", "seconds ahead of this machine's"},
		},
		"no clock": {
			args: []string{"--token-url", "SELF/api"}, place: place{api: dated(0, grant("opaque-token-of-the-server", ""))},
			code: exit.OK, says: []string{"– clock        the server does not send the time"},
		},
	} {
		t.Run(name, d.test)
	}
}

// dated responds at another time than now; at none if it is 0 off.
func dated(off time.Duration, next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header()["Date"] = nil
		if off != 0 {
			w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		}
		next(w, r)
	}
}

func TestCheck_AnExpiredServer(t *testing.T) {
	path := newCertificate(t, time.Now().Add(-time.Hour))
	pair, err := tls.LoadX509KeyPair(path, path)
	require.NoError(t, err)
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	s.Config.ErrorLog = quiet
	s.StartTLS()
	t.Cleanup(s.Close)
	diagnosed{
		args: []string{"--token-url", s.URL, "--ca-file", path},
		code: exit.Unreachable, step: "TLS",
		says: []string{"the server's certificate is valid from 20", "have its owner replace it, or correct this machine's clock"},
	}.test(t)
}

func TestCheck_ACertificateThatIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ args, says []string }{
		"wanted":  {nil, []string{"the server may want a client certificate: name one by --cert-file"}},
		"refused": {[]string{"--cert-file", newCertificate(t, time.Now().Add(time.Hour))}, []string{"the server refuses the certificate of --cert-file"}},
	} {
		for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
			t.Run(fmt.Sprint(name, tls.VersionName(version)), func(t *testing.T) {
				s := httptest.NewUnstartedServer(http.NotFoundHandler())
				s.TLS = &tls.Config{ClientAuth: tls.RequireAndVerifyClientCert, MaxVersion: version}
				s.Config.ErrorLog = quiet
				s.StartTLS()
				t.Cleanup(s.Close)
				diagnosed{
					args: append([]string{"--token-url", s.URL, "--ca-file", certificate(t, s)}, c.args...),
					code: exit.Unreachable, step: "TLS", says: append(c.says, "the handshake failed"),
				}.test(t)
			})
		}
	}
}
