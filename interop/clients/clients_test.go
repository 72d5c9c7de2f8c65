package clients

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/ports"
	"github.com/alf-go/alf/interop/sidecar"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// build builds the command alf.
func build(t *testing.T) string {
	binary, err := sidecar.Build(t.Context(), "../..", t.TempDir())
	require.NoError(t, err)
	return binary
}

// secret is that of callers over TCP.
const secret = "a-caller-secret-for-tests"

// beside is a proxy with a Unix socket and a TCP listener.
type beside struct {
	*sidecar.Process
	socket, tcp string
}

// besides makes a proxy whose client has these settings; it is not started.
func besides(t *testing.T, binary string, u *sidecar.Upstream, client sidecar.Config) beside {
	dir, err := os.MkdirTemp("", "alf") // short, because the path of a socket has to be
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	found, err := ports.Find(1)
	require.NoError(t, err)
	b := beside{sidecar.New(binary, dir), filepath.Join(dir, "s"), "127.0.0.1:" + strconv.Itoa(found[0])}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "caller.secret"), []byte(secret), 0o600))
	require.NoError(t, b.Write(sidecar.Config{
		"listeners": []sidecar.Config{
			{"address": "unix:" + b.socket},
			{"address": b.tcp, "caller_secret_file": "caller.secret"},
		},
		"admin_address": "unix:" + b.Admin,
		"client":        client,
		"routes":        u.Routes(),
	}))
	t.Cleanup(func() { _ = b.Stop() })
	return b
}

// limit is how long a client may take for a job.
const limit = 2 * time.Minute

// do has a client do a job by this proxy.
func (b beside) do(t *testing.T, c *Client, j Job) []Outcome {
	t.Helper()
	all, said := b.attempt(t.Context(), c, j)
	if len(all) == 0 {
		t.Fatalf("%s got nothing: %s\n%s", c.Name, said, b.Log())
	}
	return all
}

// attempt has a client do a job, and returns what it said as well.
func (b beside) attempt(ctx context.Context, c *Client, j Job) (all []Outcome, said string) {
	j.Address = b.socket
	if c.TCP {
		j.Address, j.Secret = b.tcp, secret
	}
	cmd := c.Command(j)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		return nil, err.Error()
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Kill() })
	defer stop()
	err := cmd.Wait() // also if a request failed, which its outcome says
	return c.Outcomes(out.String()), fmt.Sprintf("%v\n%s", err, out.String())
}

// requireGood checks that a client got as many good responses as it was to get.
func requireGood(t *testing.T, c *Client, all []Outcome, n int) {
	t.Helper()
	for i, one := range all {
		require.Equal(t, c.Good, one, "request %d of %d", i+1, len(all))
	}
	require.Len(t, all, n)
}

// scenario is a column, and what it checks. It returns the text of the cell.
type scenario struct {
	column string
	check  func(t *testing.T, c *Client, u *sidecar.Upstream, b beside)
}

var scenarios = []scenario{
	{"Requests", func(t *testing.T, c *Client, u *sidecar.Upstream, b beside) {
		requireGood(t, c, b.do(t, c, Job{Count: 20}), 20)
		require.Equal(t, 1, u.Server.Stats().TokenRequests)
		require.Zero(t, u.Server.Stats().Unauthorized)
	}},
	// The token is revoked while requests are on their way.
	{"Revocation", func(t *testing.T, c *Client, u *sidecar.Upstream, b beside) {
		before := u.Server.Stats()
		var arrived atomic.Int64
		u.OnArrival(func() {
			if arrived.Add(1) == 100 {
				u.Server.Revoke()
			}
		})
		defer u.OnArrival(nil)
		requireGood(t, c, b.do(t, c, Job{Count: 200}), 200)
		after := u.Server.Stats()
		require.Equal(t, 1, after.TokenRequests-before.TokenRequests)
		require.Equal(t, 1, after.Unauthorized-before.Unauthorized)
	}},
	// The token endpoint is gone, and the token is still good.
	{"Outage", func(t *testing.T, c *Client, u *sidecar.Upstream, b beside) {
		u.Server.GoDown(0)
		defer u.Server.Up()
		requireGood(t, c, b.do(t, c, Job{Count: 20}), 20)
	}},
	// More than two lifetimes of tokens of 3 s. They are used for 2.7 s, and refreshed after 1.8 s at the earliest.
	{"Short tokens", func(t *testing.T, c *Client, u *sidecar.Upstream, b beside) {
		u.Server.SetLifetime(3 * time.Second)
		defer u.Server.SetLifetime(time.Hour)
		u.Server.Revoke()
		before, began := u.Server.Stats(), time.Now()
		requireGood(t, c, b.do(t, c, Job{Count: 70, Pause: 100 * time.Millisecond}), 70)
		took := time.Since(began)
		require.Greater(t, took, 6500*time.Millisecond)
		got := u.Server.Stats().TokenRequests - before.TokenRequests
		require.GreaterOrEqual(t, got, 3)
		require.LessOrEqual(t, got, 2+int(took/(1800*time.Millisecond)))
	}},
	{"Upload", func(t *testing.T, c *Client, _ *sidecar.Upstream, b beside) {
		content := make([]byte, c.Size)
		_, _ = rand.NewChaCha8([32]byte{}).Read(content)
		file := filepath.Join(t.TempDir(), "upload")
		require.NoError(t, os.WriteFile(file, content, 0o600))
		sum := sha256.Sum256(content)
		expected := c.Uploaded
		expected.Body = fmt.Sprintf("%d %s", c.Size, hex.EncodeToString(sum[:]))
		require.Equal(t, []Outcome{expected}, b.do(t, c, Job{File: file}))
	}},
}

// TestX1_Clients runs each client through the proxy. It writes the table.
func TestX1_Clients(t *testing.T) {
	var published Table
	var rows []string
	complete := true
	binary := build(t)
	t.Run("clients", func(t *testing.T) {
		for _, c := range Clients() {
			name := c.Name
			if c.TCP {
				name += ", TCP"
			}
			if !lab.Selected("clients", name) {
				complete = false
				continue
			}
			if c.Missing() != "" {
				complete = false
			}
			rows = append(rows, c.Row())
			t.Run(name, func(t *testing.T) {
				lab.Require(t, "clients", c.Missing())
				t.Parallel()
				runScenarios(t, c, binary, &published)
				runWithoutToken(t, c, binary, &published)
			})
		}
	})
	if !complete || t.Failed() {
		return
	}
	text, full := published.Markdown(rows)
	if full { // with -run it may not be
		require.NoError(t, Publish("README.md", text))
	}
}

func runScenarios(t *testing.T, c *Client, binary string, published *Table) {
	u, err := sidecar.NewUpstream(t.Context(), t.TempDir(), time.Hour)
	require.NoError(t, err)
	t.Cleanup(u.Close)
	b := besides(t, binary, u, u.Client())
	require.NoError(t, b.Start())
	for _, s := range scenarios {
		if s.column == "Short tokens" && !lab.Selected("clients, short tokens") {
			continue
		}
		if t.Run(s.column, func(t *testing.T) { s.check(t, c, u, b) }) {
			published.Set(c.Row(), s.column, "✓")
		}
	}
}

// runWithoutToken shows what a client gets when there is no token: for now, and for good.
func runWithoutToken(t *testing.T, c *Client, binary string, published *Table) {
	u, err := sidecar.NewUpstream(t.Context(), t.TempDir(), time.Hour)
	require.NoError(t, err)
	t.Cleanup(u.Close)
	for _, test := range []struct {
		column       string
		arrange      func()
		status, grpc string
	}{
		{"No token: endpoint down", func() { u.Server.GoDown(0) }, "503", "UNAVAILABLE"},
		{"No token: client refused", func() {
			u.Server.Up()
			u.Server.AddClient(sidecar.ClientID, "another secret")
		}, "502", "UNAUTHENTICATED"},
	} {
		t.Run(test.column, func(t *testing.T) {
			test.arrange()
			b := besides(t, binary, u, u.Client())
			require.NoError(t, b.StartWithoutToken())
			expected := Outcome{Status: test.status, Error: "no-token"}
			if c.Good.Status == "OK" {
				expected.Status = test.grpc
			}
			got := b.do(t, c, Job{Count: 1})
			assert.Equal(t, []Outcome{expected}, got)
			published.Set(c.Row(), test.column, got[0].Status)
			require.Zero(t, u.Server.Stats().Requests)
		})
	}
}
