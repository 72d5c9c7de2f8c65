package proxy_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/internal/proxy"
)

// renegotiating is an upstream of OpenSSL that renegotiates when it has read a request, as IIS does to request a
// certificate.
func renegotiating(t *testing.T, authority *certtest.Authority) *url.URL {
	t.Helper()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	certificate, key := certtest.Write(t, t.TempDir(), authority.Issue(t, "server"))
	server := exec.Command(openssl, "s_server", "-accept", address, "-cert", certificate, "-key", key, "-tls1_2", "-crlf", "-naccept", "1")
	input, err := server.StdinPipe()
	require.NoError(t, err)
	output, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	lines := bufio.NewReader(output)
	for { // it listens
		line, err := lines.ReadString('\n')
		require.NoError(t, err)
		if strings.HasPrefix(line, "ACCEPT") {
			break
		}
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasPrefix(line, "GET ") {
				_, _ = io.WriteString(input, "r\n")
			}
			if strings.Contains(line, "SSL_do_handshake -> 1") {
				_, _ = fmt.Fprint(input, "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 4\n\ntea\n")
			}
		}
	}()
	t.Cleanup(func() {
		_ = input.Close()
		_ = server.Process.Kill()
		<-done
		_ = server.Wait()
	})
	return &url.URL{Scheme: "https", Host: address}
}

func TestF7_AnUpstreamThatRenegotiates(t *testing.T) {
	authority := certtest.New(t)
	for support, status := range map[tls.RenegotiationSupport]int{tls.RenegotiateNever: http.StatusBadGateway, tls.RenegotiateOnceAsClient: http.StatusOK} {
		upstream := renegotiating(t, authority)
		l := newLab(t, http1, nil, func(c *proxy.Config) {
			c.Clients[0].Config.HTTPClient.Transport = &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool(), Renegotiation: support}}
			c.Routes[0].Upstream = upstream
		})
		resp := l.get(t, "/")
		require.Equal(t, status, resp.StatusCode, resp.body)
	}
}
