package mcp_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	sdk "github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfmcp"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/mcp"
	"github.com/alf-go/alf/interop/oidcprovider"
)

func TestMain(m *testing.M) {
	flag.Parse()
	given := false
	flag.Visit(func(f *flag.Flag) { given = given || f.Name == "test.parallel" })
	if !given { // these wait more than they do
		_ = flag.Set("test.parallel", "8")
	}
	goleak.VerifyTestMain(m)
}

const (
	version2025 = "2025-11-25"
	version2026 = "2026-07-28"
	watched     = "file:///watched"
)

// patience is how long anything that has to happen may take on a busy machine.
const patience = 20 * time.Second

// TestMCP has a subtest for each server and protocol version, and in that one for each thing that has to work.
func TestMCP(t *testing.T) {
	lab.Require(t, "mcp", mcp.Missing())
	for _, c := range []struct {
		sdk     mcp.SDK
		version string
	}{
		{mcp.V1, version2025},
		{mcp.V2, version2025},
		{mcp.V2, version2026},
	} {
		t.Run(c.sdk.Package+", "+c.version, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, c.sdk, c.version, newAuthority(t), mcp.Options{})
			t.Run("Client credentials", b.tryClientCredentials)
			t.Run("Private key", b.tryPrivateKey)
			t.Run("100 calls at a revocation", b.tryCallsAtARevocation)
			t.Run("Stream", b.tryStream)
			t.Run("Refused", b.tryRefused)
			t.Run("Short lifetimes", b.tryShortLifetimes)
		})
	}
}

// bench is a server and the authorization server that it trusts.
type bench struct {
	*mcp.Server
	auth    *oidcprovider.Server
	version string
}

// newAuthority starts an authorization server whose tokens outlive what is done with them on a busy machine.
func newAuthority(t *testing.T) *oidcprovider.Server {
	auth, err := oidcprovider.New(t.TempDir())
	require.NoError(t, err)
	t.Cleanup(auth.Stop)
	auth.SetLifetime(5 * time.Minute)
	require.NoError(t, auth.Start(t.Context(), false))
	return auth
}

func newBench(t *testing.T, sdk mcp.SDK, version string, auth *oidcprovider.Server, options mcp.Options) *bench {
	server, err := mcp.Start(t.Context(), sdk, auth, options)
	require.NoError(t, err)
	t.Cleanup(server.Close)
	return &bench{server, auth, version}
}

// config is that of a client whose tokens are for the resource that the server names.
func (b *bench) config(t *testing.T, name string) alf.Config {
	for _, c := range b.auth.Cases() {
		if c.Name == name {
			cfg := c.Config()
			cfg.Policy.AttemptTimeout, cfg.Policy.RoundTimeout = time.Minute, 2*time.Minute
			return cfg
		}
	}
	require.Fail(t, "no such client", name)
	return alf.Config{}
}

// access makes a client that knows its issuer and its secret.
func (b *bench) access(t *testing.T, name string) *alfmcp.Access {
	access, err := alfmcp.New(t.Context(), b.Endpoint(), b.config(t, name))
	require.NoError(t, err)
	t.Cleanup(access.Close)
	require.Equal(t, b.Endpoint(), access.Resource(), "it is what the server names")
	return access
}

const (
	secretClient = "client_secret_post, discovery"
	keyClient    = "private_key_jwt, ES256, discovery"
)

// connect begins a session.
func (b *bench) connect(t *testing.T, access *alfmcp.Access, o *sdk.ClientOptions) *sdk.ClientSession {
	client := sdk.NewClient(&sdk.Implementation{Name: "agent", Version: "1"}, alfmcp.Announce(o))
	session, err := client.Connect(t.Context(), access.Transport(), &sdk.ClientSessionOptions{ProtocolVersion: b.version})
	require.NoError(t, err)
	require.Equal(t, b.version, session.InitializeResult().ProtocolVersion)
	t.Cleanup(func() { _ = session.Close() })
	return session
}

func echo(ctx context.Context, session *sdk.ClientSession, text string) error {
	result, err := session.CallTool(ctx, &sdk.CallToolParams{Name: "echo", Arguments: map[string]any{"text": text}})
	if err != nil {
		return err
	}
	if content, ok := result.Content[0].(*sdk.TextContent); !ok || content.Text != text {
		return fmt.Errorf("%q came back as %v", text, result.Content)
	}
	return nil
}

func (b *bench) tryClientCredentials(t *testing.T) {
	before := b.auth.TokenRequests()
	access := b.access(t, secretClient)
	session := b.connect(t, access, nil)
	for n := range 3 {
		require.NoError(t, echo(t.Context(), session, fmt.Sprint(n)))
	}
	require.NoError(t, session.Close())
	require.Equal(t, before+1, b.auth.TokenRequests())
	require.Zero(t, b.Count("POST 401"))
}

func (b *bench) tryPrivateKey(t *testing.T) {
	session := b.connect(t, b.access(t, keyClient), nil)
	require.NoError(t, echo(t.Context(), session, "signed"))
	require.Zero(t, b.Count("POST 401"))
}

// A token that is revoked while calls are made is replaced by one token request, and each call is made once.
func (b *bench) tryCallsAtARevocation(t *testing.T) {
	const calls = 100
	session := b.connect(t, b.access(t, secretClient), nil)
	require.NoError(t, echo(t.Context(), session, "first"))
	require.NoError(t, b.auth.Revoke(t.Context()))
	requests, made, refused := b.auth.TokenRequests(), b.Count("call"), b.Count("POST 401")
	var all sync.WaitGroup
	errs := make([]error, calls)
	for i := range calls {
		all.Go(func() { errs[i] = echo(t.Context(), session, fmt.Sprint(i)) })
	}
	all.Wait()
	for _, err := range errs {
		require.NoError(t, err)
	}
	require.Equal(t, requests+1, b.auth.TokenRequests())
	require.Equal(t, made+calls, b.Count("call"))
	require.Greater(t, b.Count("POST 401"), refused)
}

// A call that is refused whatever its token is an error of that call.
func (b *bench) tryRefused(t *testing.T) {
	session := b.connect(t, b.access(t, secretClient), nil)
	require.NoError(t, echo(t.Context(), session, "first"))
	for what, status := range map[string]int{"token": http.StatusUnauthorized, "scope": http.StatusForbidden} {
		require.NoError(t, b.Refuse(t.Context(), what))
		err := echo(t.Context(), session, "refused")
		var refused *alfmcp.RefusedError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, status, refused.StatusCode)
		challenge := refused.Response().Header.Get("WWW-Authenticate")
		require.Contains(t, challenge, map[string]string{"token": `error="invalid_token"`, "scope": `error="insufficient_scope"`}[what])
		require.Contains(t, challenge, `resource_metadata="`)
		require.NoError(t, b.Refuse(t.Context(), ""))
		require.NoError(t, echo(t.Context(), session, "accepted again"))
	}
}

// Tokens of five seconds, more than two lifetimes.
func (b *bench) tryShortLifetimes(t *testing.T) {
	const lifetime = 5 * time.Second
	b.auth.Stop()
	b.auth.SetLifetime(lifetime)
	require.NoError(t, b.auth.Start(t.Context(), true))
	access := b.access(t, secretClient)
	session := b.connect(t, access, nil)
	start, before, refused := time.Now(), b.auth.TokenRequests(), b.Count("POST 401")
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for time.Since(start) < 2*lifetime+lifetime/4 {
				if err := echo(t.Context(), session, "now"); err != nil {
					t.Error(err)
					return
				}
				pass(t, 100*time.Millisecond)
			}
		})
	}
	callers.Wait()
	fetches := b.auth.TokenRequests() - before
	require.GreaterOrEqual(t, fetches, 2)
	// As in the column "Expiry" of the table.
	require.LessOrEqual(t, fetches, 1+int(time.Since(start)/((lifetime-time.Second)*45/100)))
	require.Equal(t, refused, b.Count("POST 401"), "none is used to its end")
}

// pass lets time pass at servers that run in real time. It ends with the test.
func pass(t *testing.T, d time.Duration) {
	select {
	case <-t.Context().Done():
	case <-time.After(d):
	}
}

// await waits until something is so.
func await(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, patience, 5*time.Millisecond, what)
}
