package fetcher_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/certtest"
)

// renegotiating is a token endpoint of OpenSSL that renegotiates when it has read a request, as IIS does to request a
// certificate.
func renegotiating(t *testing.T, authority *certtest.Authority) (address string) {
	t.Helper()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address = listener.Addr().String()
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
			if strings.HasPrefix(line, "POST ") {
				_, _ = io.WriteString(input, "r\n")
			}
			if strings.Contains(line, "SSL_do_handshake -> 1") { // after the form, on the same line
				_, _ = fmt.Fprintf(input, "HTTP/1.1 200 OK\nConnection: close\nContent-Length: %d\n\n%s\n", len(good), good)
			}
		}
	}()
	t.Cleanup(func() {
		_ = input.Close()
		_ = server.Process.Kill()
		<-done
		_ = server.Wait()
	})
	return address
}

func TestF7_RenegotiationIsASetting(t *testing.T) {
	authority := certtest.New(t)
	for _, allowed := range []tls.RenegotiationSupport{tls.RenegotiateNever, tls.RenegotiateOnceAsClient} {
		cfg := config(nil)
		cfg.TokenURL = "https://" + renegotiating(t, authority) + "/token"
		cfg.TokenRequest.TLS = &tls.Config{RootCAs: authority.Pool()}
		cfg.TokenRequest.Renegotiation = allowed
		if allowed == tls.RenegotiateNever {
			e := mustFail(t, cfg)
			require.Contains(t, e.Hint, "set TokenRequest.Renegotiation")
			require.True(t, e.Permanent())
			continue
		}
		require.Equal(t, "tok-1", mustFetch(t, cfg).AccessToken)
	}
}
