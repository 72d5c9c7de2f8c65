// Package interop tries the client against servers that others wrote, over real sockets and in real time.
package interop

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/interop/lab"
)

// patience is how long anything that has to happen may take on a busy machine.
const patience = 20 * time.Second

func TestMain(m *testing.M) {
	flag.Parse()
	if !flagGiven("test.parallel") {
		// A row waits for tokens to expire more than it does anything; but what it does has to be done within their
		// lives.
		flag.Set("test.parallel", strconv.Itoa(3*runtime.GOMAXPROCS(0)))
	}
	code := m.Run()
	if code == 0 || os.Getenv("CI") == "" {
		if err := results.publish("README.md"); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

func flagGiven(name string) (given bool) {
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == name })
	return given
}

// TestServers has a subtest for each server, in it one for each of its cases, and in that one for each column of the
// table.
func TestServers(t *testing.T) {
	for _, s := range servers {
		t.Run(s.folder, func(t *testing.T) {
			t.Parallel()
			requireServer(t, s.folder, s.missing)
			// Every case has a server of its own, which it can stop without asking the others.
			catalogue, err := s.make(t.TempDir())
			require.NoError(t, err)
			for i, c := range catalogue.Cases() {
				if !lab.Selected(s.folder, c.Name) {
					results.leaveOut(s.folder)
					continue
				}
				results.expect(s.folder, catalogue.Name(), c.Name)
				t.Run(c.Name, func(t *testing.T) {
					t.Parallel()
					server, err := s.make(t.TempDir())
					require.NoError(t, err)
					if closer, ok := server.(io.Closer); ok {
						t.Cleanup(func() { require.NoError(t, closer.Close()) })
					}
					t.Cleanup(server.Stop)
					r := &row{server: server, Case: server.Cases()[i], folder: s.folder}
					// Tokens of a second are what their row is about.
					if adjustable, ok := server.(lab.Lasting); ok && r.Lifetime > time.Second {
						r.short, r.Lifetime = r.Lifetime, long
						adjustable.SetLifetime(long)
					}
					require.NoError(t, server.Start(t.Context(), false))
					for _, column := range columns {
						if !column.expires {
							r.run(t, column)
						}
					}
					r.shorten(t)
					for _, column := range columns {
						if column.expires {
							r.run(t, column)
						}
					}
				})
			}
		})
	}
}

// requireServer is lab.Require. The table is not complete without the server.
func requireServer(t *testing.T, server string, missing func() string) {
	t.Helper()
	if !lab.Selected(server) {
		results.leaveOut(server)
		lab.Require(t, server, "")
	}
	what := missing()
	if what != "" {
		results.leaveOut(server)
	}
	lab.Require(t, server, what)
}

// columns are the subtests, in the order of the table. Those that want tokens to expire are run last.
var columns = []column{
	{"Token", tryToken, false},
	{"API", tryAPI, false},
	{"Expiry", tryExpiry, true},
	{"Revocation", tryRevocation, false},
	{"Rotation", tryRotation, false},
	{"New keys", tryNewKeys, false},
	{"Wrong secret", tryWrongSecret, false},
	{"Outage", tryOutage, true},
}

// column is one of the subtests. In one that waits for tokens to expire they live for some seconds. In all others they
// live longer than whatever is done takes on a busy machine, if the server can make such.
type column struct {
	name    string
	try     func(*testing.T, *row)
	expires bool
}

// row is one case at a server of its own.
type row struct {
	lab.Case
	server lab.Server
	folder string
	short  time.Duration // the case's own lifetime, while tokens live long; or zero
}

// long is how long tokens live that are to outlive a subtest.
const long = 5 * time.Minute

// shorten has the server make tokens with the lifetime of the case, and forget all others.
func (r *row) shorten(t *testing.T) {
	t.Helper()
	if r.short == 0 {
		return
	}
	r.server.Stop()
	r.server.(lab.Lasting).SetLifetime(r.short)
	require.NoError(t, r.server.Start(t.Context(), true))
	r.Lifetime, r.short = r.short, 0
}

// trips is how many requests one fetch of a token may take: a server may want a nonce in a DPoP proof.
func (r *row) trips() int {
	if r.Config().DPoP != nil {
		return 2
	}
	return 1
}

func (r *row) run(t *testing.T, column column) {
	t.Run(column.name, func(t *testing.T) {
		why := r.Skip[column.name]
		if column.name == "Rotation" && r.Rotate == nil || column.name == "Wrong secret" && r.Wrong == nil {
			why = r.WhyNot
		}
		defer func() { results.add(r.folder, r.Name, column.name, outcome(t), why) }()
		if why != "" {
			t.Skip(why)
		}
		column.try(t, r)
	})
}

// client is a client under test.
type client struct {
	*alf.Client
	carrier *http.Client
	api     string
	own     lab.Case // whose API it is made for
}

// newClient makes a client of cfg. Its attempts may take long: this is no test of time-outs.
func (r *row) newClient(t *testing.T, cfg alf.Config) *client {
	t.Helper()
	cfg.Policy.AttemptTimeout, cfg.Policy.RoundTimeout = time.Minute, 2*time.Minute
	c, err := alf.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	carrier := c.HTTPClient()
	if cfg.HTTPClient == nil && r.Base != nil {
		carrier = &http.Client{Transport: c.Transport(r.Base)}
	}
	return &client{c, carrier, r.API, r.Case}
}

// warm makes a client that holds a token, and says how many token requests there have been.
func (r *row) warm(t *testing.T) (c *client, tokenRequests int) {
	t.Helper()
	c = r.newClient(t, r.Config())
	require.NoError(t, c.ask(t.Context()))
	return c, r.server.TokenRequests()
}

// ask makes one request to the API.
func (c *client) ask(ctx context.Context) error { return c.askAt(ctx, c.api) }

func (c *client) askAt(ctx context.Context, api string) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, api, nil)
	if err != nil {
		return err
	}
	resp, err := c.carrier.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s %s", resp.Status, resp.Header.Get("WWW-Authenticate"), strings.TrimSpace(string(body)))
	}
	if err == nil && c.own.Accepts != nil && api == c.own.API {
		err = c.own.Accepts(body)
	}
	return err
}

// await waits until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, patience, 5*time.Millisecond, what)
}
