package processes_test

import (
	"bufio"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/demo/processes"
	"github.com/alf-go/alf/internal/program/demo/server"
	"github.com/alf-go/alf/sim"
)

// child is a process of the demonstration, in this one.
type child struct {
	t     *testing.T
	input *io.PipeWriter
	lines *bufio.Scanner
	ended chan error
}

func startChild(t *testing.T, task map[string]any) *child {
	in, input := io.Pipe()
	output, out := io.Pipe()
	c := &child{t, input, bufio.NewScanner(output), make(chan error, 1)}
	go func() {
		c.ended <- processes.Main(in, out, nil)
		out.Close()
	}()
	if task != nil {
		c.write(task)
	}
	return c
}

func (c *child) write(line any) { require.NoError(c.t, json.NewEncoder(c.input).Encode(line)) }

// next returns the next notice of a kind.
func (c *child) next(kind string) map[string]any { return c.all(kind)[kind] }

// all returns the next notice of each kind, in whichever order they come.
func (c *child) all(kinds ...string) map[string]map[string]any {
	found := map[string]map[string]any{}
	for len(found) < len(kinds) {
		require.True(c.t, c.lines.Scan(), "it has ended, with %v of %v", found, kinds)
		var n map[string]any
		require.NoError(c.t, json.Unmarshal(c.lines.Bytes(), &n))
		if kind := n["kind"].(string); slices.Contains(kinds, kind) && found[kind] == nil {
			found[kind] = n
		}
	}
	return found
}

// end ends its input, and returns what it reports until it has ended.
func (c *child) end() (kinds []string) {
	require.NoError(c.t, c.input.Close())
	for c.lines.Scan() {
		var n map[string]any
		require.NoError(c.t, json.Unmarshal(c.lines.Bytes(), &n))
		kinds = append(kinds, n["kind"].(string))
	}
	require.NoError(c.t, <-c.ended)
	return kinds
}

const secret = "a secret of this test alone"

// servers are those of a fleet, and the task of its processes.
func servers(t *testing.T) (*server.Auth, *server.API, map[string]any) {
	auth, err := server.NewAuth(sim.Registration{ClientID: "demo", Secret: secret}, time.Hour, nil)
	require.NoError(t, err)
	t.Cleanup(func() { auth.Close() })
	api, err := server.NewAPI(auth)
	require.NoError(t, err)
	t.Cleanup(func() { api.Close() })
	return auth, api, map[string]any{
		"name": "1", "token_url": auth.TokenURL(), "api": api.URL(), "auth_style": "client_secret_basic",
		"client_id": "demo", "secret": secret, "callers": 2, "every": time.Millisecond,
	}
}

func TestMain_ReportsFetchesTokensAndCounts(t *testing.T) {
	auth, _, task := servers(t)
	c := startChild(t, task)
	c.next("ready")
	require.Zero(t, auth.Requests(), "it waits for the line that lets it begin")
	c.write(struct{}{})
	first := c.all("fetching", "token")["token"]["token"]
	require.Len(t, first, 8, "a fingerprint")
	auth.RevokeAll()
	require.NotEqual(t, first, c.next("token")["token"])
	c.next("counts")
	counts := c.next("counts")["counts"].(map[string]any)
	require.NotZero(t, counts["requests"])
	require.Zero(t, counts["failed"])
	require.EqualValues(t, 2, auth.Requests())
	c.end()
}

func TestMain_CountsFailedRequests(t *testing.T) {
	_, _, task := servers(t)
	api := httptest.NewServer(http.NotFoundHandler())
	defer api.Close()
	task["api"] = api.URL
	c := startChild(t, task)
	c.next("ready")
	c.write(struct{}{})
	counts := map[string]any{}
	for counts["requests"] == nil || counts["requests"] == 0.0 {
		counts = c.next("counts")["counts"].(map[string]any)
	}
	require.NotZero(t, counts["failed"])
	require.LessOrEqual(t, counts["failed"], counts["requests"])
	require.Equal(t, "the API served 404 Not Found", counts["first_failure"])
	c.end()
}

func TestMain_EndsWithItsInput(t *testing.T) {
	c := startChild(t, nil)
	require.NoError(t, c.input.Close())
	require.Contains(t, c.next("broken")["err"], "the task cannot be read: EOF")
	require.Error(t, <-c.ended)

	_, _, task := servers(t)
	c = startChild(t, task)
	c.next("ready")
	require.Empty(t, c.end(), "it was not to begin")
	c = startChild(t, task)
	c.next("ready")
	c.write(struct{}{})
	c.next("token")
	c.end()
}

func TestMain_SaysWhyItCannotDoItsTask(t *testing.T) {
	for why, change := range map[string]map[string]any{
		"ClientSecret":         {"secret": ""},
		"authentication style": {"auth_style": "none"},
		"PEM":                  {"auth_style": "private_key_jwt", "secret": "", "key": "no key"},
		"DPoP":                 {"dpop_key": "no key"},
		"store":                {"store": "/dev/null/tokens", "store_key": "a key of sixteen bytes or more"},
	} {
		_, _, task := servers(t)
		maps.Copy(task, change)
		c := startChild(t, task)
		require.NoError(t, c.input.Close())
		says := c.next("broken")["err"]
		require.Contains(t, says, why)
		require.NotContains(t, says, secret)
		require.ErrorContains(t, <-c.ended, says.(string))
	}
}
