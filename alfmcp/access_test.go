package alfmcp_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/modelcontextprotocol/go-sdk/mcp"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfmcp"
	"github.com/alf-go/alf/sim"
)

// undocumented is a configuration that says nothing about the resource.
func (l *lab) undocumented() alf.Config {
	cfg := l.config()
	cfg.Resource = nil
	return cfg
}

// Over real sockets: the resource comes from the server's own document.
func TestMCP_TheResourceIsTheOneThatTheServerStates(t *testing.T) {
	for _, version := range []string{version2025, version2026} {
		l := newLab(t, options{loopback: true, stateless: version == version2026})
		access, err := alfmcp.New(t.Context(), l.endpoint+"#fragment", l.undocumented())
		require.NoError(t, err)
		defer access.Close()
		require.Equal(t, l.endpoint, access.Resource())
		session := connect(t, access.Transport(), version, nil)
		require.NoError(t, echo(t.Context(), session, "x"))
		l.auth.Revoke()
		require.Empty(t, parallel(t, session, 100))
		require.Len(t, l.auth.TokenRequests(), 2)
		require.Equal(t, []string{l.endpoint}, l.auth.TokenRequests()[0].Form["resource"])
		require.NoError(t, session.Close())
		for _, r := range l.requests[:1] {
			require.Empty(t, r.token, "the document is read without a token")
		}
	}
}

func TestMCP_TheDocumentIsOfTheOrigin(t *testing.T) {
	l := newLab(t, options{loopback: true})
	l.document.Resource = l.at("")
	access, err := alfmcp.New(t.Context(), l.endpoint, l.undocumented())
	require.NoError(t, err)
	defer access.Close()
	require.Equal(t, l.at(""), access.Resource())
	require.NoError(t, echo(t.Context(), connect(t, access.Transport(), version2025, nil), "x"))
	require.Equal(t, []string{l.at("")}, l.auth.TokenRequests()[0].Form["resource"])
}

// A document about another server is not used; the resource is the endpoint then.
func TestMCP_TheDocumentIsOfAnotherServer(t *testing.T) {
	l := newLab(t, options{loopback: true})
	l.document.Resource = "https://bank.example.com/mcp"
	access, err := alfmcp.New(t.Context(), l.endpoint, l.undocumented())
	require.NoError(t, err)
	defer access.Close()
	require.Equal(t, l.endpoint, access.Resource())
}

// The server does not decide where the secret is sent.
func TestMCP_ConfigurationsThatCannotWork(t *testing.T) {
	l := newLab(t, options{loopback: true})
	cfg := l.undocumented()
	cfg.TokenURL, cfg.Issuer = "", "https://auth.example.net"
	_, err := alfmcp.New(t.Context(), l.endpoint, cfg)
	require.ErrorContains(t, err, `takes tokens of https://auth.example.com, and Issuer is "https://auth.example.net"`)
	require.Empty(t, l.auth.TokenRequests())

	cfg.Resource = []string{l.endpoint}
	access, err := alfmcp.New(t.Context(), l.endpoint, cfg)
	require.NoError(t, err, "with a resource nothing is read")
	access.Close()

	l.document.DPOPBoundAccessTokensRequired = true
	_, err = alfmcp.New(t.Context(), l.endpoint, l.undocumented())
	require.ErrorContains(t, err, "bound by DPoP: set DPoP")
	l.document.DPOPBoundAccessTokensRequired, l.document.TLSClientCertificateBoundAccessTokens = false, true
	_, err = alfmcp.New(t.Context(), l.endpoint, l.undocumented())
	require.ErrorContains(t, err, "bound to a client certificate: set Certificate")

	for _, endpoint := range []string{"", "mcp.example.com/mcp", "ftp://mcp.example.com", "https://user:password@mcp.example.com", "https://%zz"} {
		_, err = alfmcp.New(t.Context(), endpoint, l.undocumented())
		require.ErrorContains(t, err, "the endpoint is not the URL of an MCP server", endpoint)
		require.NotContains(t, err.Error(), "password")
	}
	_, err = alfmcp.New(t.Context(), l.endpoint, alf.Config{})
	require.ErrorContains(t, err, "TokenURL", "as alf.New has it")
	_, err = alfmcp.New(t.Context(), "http://127.0.0.1:1/mcp", l.undocumented())
	require.ErrorContains(t, err, "cannot be read; set Resource to do without")
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = alfmcp.New(ended, l.endpoint, l.undocumented())
	require.ErrorIs(t, err, context.Canceled)
}

func TestMCP_PrivateKeyJWT(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		given := alf.Config{TokenURL: l.auth.TokenURL(), ClientID: "agent", AuthStyle: alf.AuthPrivateKeyJWT, Assertion: alf.Assertion{Key: alf.KeySigner(key, "k1")}}
		cfg, err := l.auth.Configure(given)
		require.NoError(t, err)
		cfg.Resource, cfg.HTTPClient = []string{l.endpoint}, l.client
		access, err := alfmcp.New(t.Context(), l.endpoint, cfg)
		require.NoError(t, err)
		defer access.Close()
		session := connect(t, access.Transport(), version, nil)
		require.NoError(t, echo(t.Context(), session, "x"))
		request := l.auth.TokenRequests()[0]
		require.Equal(t, []string{"urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}, request.Form["client_assertion_type"])
		require.NotContains(t, request.Form, "client_secret")
		require.NoError(t, session.Close())
	})
}

// The token goes to the server's origin and no further.
func TestMCP_TheTokenStaysAtTheServer(t *testing.T) {
	l := newLab(t, options{loopback: true})
	access := l.access(t)
	_, err := access.HTTPClient().Get("http://localhost:1/elsewhere")
	require.ErrorIs(t, err, alf.ErrRefused)
	require.Same(t, access.Client(), access.Client())
	require.NotSame(t, access.HTTPClient(), access.HTTPClient())
}

// handled makes a session whose tokens come from the OAuthHandler.
func handled(t testing.TB, l *lab, access *alfmcp.Access, version string) *mcp.ClientSession {
	handler, err := access.OAuthHandler()
	require.NoError(t, err)
	return connect(t, &mcp.StreamableClientTransport{Endpoint: l.endpoint, HTTPClient: l.client, OAuthHandler: handler, DisableStandaloneSSE: true}, version, nil)
}

func TestMCP_OAuthHandler(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		session := handled(t, l, l.access(t), version)
		require.NoError(t, echo(t.Context(), session, "x"))
		l.auth.Revoke()
		require.Empty(t, parallel(t, session, 50))
		require.Len(t, l.auth.TokenRequests(), 2, "one fetch for 50 refusals")

		for _, status := range []int{http.StatusForbidden, http.StatusUnauthorized} {
			l.setRefuse(func(r *http.Request) int { return status })
			err := echo(t.Context(), session, "refused")
			if status == http.StatusForbidden {
				var refused *alfmcp.RefusedError
				require.ErrorAs(t, err, &refused)
				require.Equal(t, status, refused.StatusCode)
			} else {
				require.Error(t, err, "the SDK sends it again once, and ends the session")
			}
			l.setRefuse(nil)
		}
	})
}

func TestMCP_OAuthHandlerWithoutAToken(t *testing.T) {
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		session := handled(t, l, l.access(t), version)
		require.NoError(t, echo(t.Context(), session, "x"))
		l.auth.Revoke()
		l.auth.GoDown(0)
		err := echo(t.Context(), session, "no token")
		var outage *alf.TokenError
		require.ErrorAs(t, err, &outage)
		var refused *alfmcp.RefusedError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, http.StatusUnauthorized, refused.StatusCode)
	})
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, options{})
		access := l.access(t, func(cfg *alf.Config) { cfg.DPoP = &alf.DPoP{} })
		_, err := access.OAuthHandler()
		require.ErrorContains(t, err, "use Access.Transport")
	})
}

func TestMCP_ErrorsOfOtherResponses(t *testing.T) {
	require.Nil(t, new(alfmcp.RefusedError).Response())
	require.Equal(t, "alfmcp: the server refuses the call with 403 Forbidden", (&alfmcp.RefusedError{StatusCode: 403}).Error())
	// An error of JSON-RPC is the SDK's: it makes an error of the one call of it.
	each(t, sim.Options{}, func(t *testing.T, l *lab, version string) {
		session := connect(t, l.access(t).Transport(), version, nil)
		l.setRPCError(`{"jsonrpc":"2.0","id":%d,"error":{"code":-32001,"message":"not for you"}}`)
		err := echo(t.Context(), session, "x")
		require.ErrorContains(t, err, "not for you")
		require.NotErrorAs(t, err, new(*alfmcp.RefusedError))
		l.setRPCError("")
		require.NoError(t, echo(t.Context(), session, "x"))
	})
}

// setRPCError has every POST refused with 403 and a body.
func (l *lab) setRPCError(body string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rpcError = body
}
