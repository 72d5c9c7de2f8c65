package program

import (
	"runtime"
	"testing"

	"github.com/alf-go/alf/internal/certtest"
)

// TLS makes a certificate for 127.0.0.1, and returns its files and the environment in which a program trusts it. The
// test is skipped where Go asks the operating system about certificates, which ignores that environment.
func TLS(t *testing.T) (certificate, key string, env []string) {
	t.Helper()
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		t.Skip("SSL_CERT_FILE has no effect on " + runtime.GOOS)
	}
	certificate, key = certtest.Write(t, t.TempDir(), certtest.SelfSigned(t, "127.0.0.1"))
	return certificate, key, []string{"SSL_CERT_FILE=" + certificate}
}
