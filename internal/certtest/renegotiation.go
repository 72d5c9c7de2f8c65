package certtest

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Renegotiating starts a server of OpenSSL that renegotiates when it has read a request of a method, as IIS does to
// request a certificate, and then responds with a body, once. It skips the test if there is no openssl.
func Renegotiating(t testing.TB, authority *Authority, method, body string) (address string) {
	t.Helper()
	openssl, err := exec.LookPath("openssl")
	if err != nil {
		t.Skip("there is no openssl")
	}
	address = freeAddress(t)
	certificate, key := Write(t, t.TempDir(), authority.Issue(t, "server"))
	server := exec.Command(openssl, "s_server", "-accept", address, "-cert", certificate, "-key", key, "-tls1_2", "-crlf", "-naccept", "1")
	input, err := server.StdinPipe()
	require.NoError(t, err)
	output, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	lines := bufio.NewReader(output)
	for line := ""; !strings.HasPrefix(line, "ACCEPT"); { // it listens
		line, err = lines.ReadString('\n')
		require.NoError(t, err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			line, err := lines.ReadString('\n')
			if err != nil {
				return
			}
			if strings.HasPrefix(line, method+" ") {
				_, _ = io.WriteString(input, "r\n")
			}
			if strings.Contains(line, "SSL_do_handshake -> 1") { // after a form, on the same line
				_, _ = fmt.Fprintf(input, "HTTP/1.1 200 OK\nConnection: close\nContent-Length: %d\n\n%s\n", len(body), body)
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

func freeAddress(t testing.TB) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}
