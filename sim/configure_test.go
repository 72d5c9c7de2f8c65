package sim_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/pki"
	"github.com/alf-go/alf/sim"
)

const (
	productionIssuer   = "https://login.example.com/realms/shop"
	productionTokenURL = "https://login.example.com/oauth2/v2.0/token"
	productionAPI      = "https://stock.example.com/items"
)

// production is a configuration as a service has it, for an authentication style. server only makes what a test cannot
// have: a platform, and an authority.
func production(t *testing.T, style alf.AuthStyle, server *sim.Server) alf.Config {
	cfg := alf.Config{
		TokenURL: productionTokenURL, ClientID: "orders", AuthStyle: style, Scopes: []string{"stock.read"},
		Audience: []string{"https://stock.example.com"},
	}
	switch style {
	case alf.AuthPrivateKeyJWT:
		cfg.Assertion.Key = alf.KeySigner(newKey(t), "key-1")
	case alf.AuthExternalAssertion:
		cfg.Assertion.Source = server.WorkloadIdentity("system:serviceaccount:shop:orders")
	case alf.AuthTLS, alf.AuthSelfSignedTLS:
		cfg.Certificate = alf.Certificate(server.ClientCertificate("orders"))
	default:
		cfg.ClientSecret = alf.Secret("a secret of 32 bytes, or of some more")
	}
	return cfg
}

// configured is a server, and how a test reaches it.
type configured struct {
	*testing.T
	server *sim.Server
}

// inEveryWay runs a test in memory, in a bubble, on a mock clock, and over a socket.
func inEveryWay(t *testing.T, o sim.Options, test func(c *configured)) {
	t.Run("memory", func(t *testing.T) { test(&configured{t, sim.New(o)}) })
	t.Run("mock", func(t *testing.T) {
		o := o
		o.Clock = clock.NewMock()
		test(&configured{t, sim.New(o)})
	})
	t.Run("bubble", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) { test(&configured{t, sim.New(o)}) })
	})
	t.Run("socket", func(t *testing.T) {
		c := &configured{t, sim.New(o)}
		require.NoError(t, c.server.Start())
		t.Cleanup(c.server.Close)
		test(c)
	})
}

// client makes one of a configuration that was made for production.
func (c *configured) client(cfg alf.Config) *alf.Client {
	c.Helper()
	cfg, err := c.server.Configure(cfg)
	require.NoError(c, err)
	return c.started(cfg)
}

func (c *configured) started(cfg alf.Config) *alf.Client {
	c.Helper()
	client, err := alf.New(cfg)
	require.NoError(c, err)
	c.Cleanup(func() {
		client.Close()
		client.CloseIdleConnections()
	})
	return client
}

// get makes a request, and returns the status of its response.
func (c *configured) get(client *alf.Client, url string) int {
	c.Helper()
	resp, err := client.GetContext(context.Background(), url)
	require.NoError(c, err)
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	require.NoError(c, err)
	return resp.StatusCode
}

// A configuration of production works against the server as it is, and comes through a revocation.
func TestConfigure_ServesEveryAuthStyle(t *testing.T) {
	for _, style := range fetcher.AuthStyles() {
		t.Run(style.String(), func(t *testing.T) {
			inEveryWay(t, sim.Options{}, func(c *configured) {
				client := c.client(production(c.T, style, c.server))
				require.Equal(c, http.StatusOK, c.get(client, productionAPI))
				c.server.Revoke()
				require.Equal(c, http.StatusOK, c.get(client, productionAPI))

				asked := c.server.TokenRequests()
				require.Len(c, asked, 2)
				wantMethod := strings.TrimSuffix(style.String(), "_raw")
				require.Equal(c, wantMethod, asked[0].AuthMethod)
				require.Equal(c, "orders", asked[0].ClientID)
				require.Equal(c, []string{"https://stock.example.com"}, asked[0].Audience)
				require.Empty(c, asked[0].Form.Get("client_assertion"))
				require.Equal(c, style == alf.AuthTLS || style == alf.AuthSelfSignedTLS, asked[0].Certificate)
				require.Equal(c, map[sim.Refusal]int{sim.Revoked: 1}, c.server.Refusals())
				require.Equal(c, "stock.example.com", c.server.Requests()[0].Host)
			})
		})
	}
}

// Issuer, DPoP with nonces of both servers, and JSON Web Tokens, with every style.
func TestConfigure_ServesIssuerAndDPoPWithNonces(t *testing.T) {
	for _, style := range fetcher.AuthStyles() {
		t.Run(style.String(), func(t *testing.T) {
			inEveryWay(t, sim.Options{NonceLifetime: time.Minute, JWT: true}, func(c *configured) {
				cfg := production(c.T, style, c.server)
				cfg.TokenURL, cfg.Issuer, cfg.DPoP = "", productionIssuer, &alf.DPoP{}
				if style == alf.AuthPrivateKeyJWT || style == alf.AuthSecretJWT {
					cfg.Assertion.Audience = alf.AudienceIssuer
				}
				client := c.client(cfg)
				for range 3 {
					require.Equal(c, http.StatusOK, c.get(client, productionAPI))
				}
				c.server.Revoke()
				require.Equal(c, http.StatusOK, c.get(client, productionAPI))
				require.Equal(c, 1, c.server.Stats().MetadataRequests)
				require.Equal(c, sim.Proofs{Accepted: 2, Challenged: 1, Unavoidable: 1}, c.server.TokenProofs())
				require.Equal(c, sim.Proofs{Accepted: 5, Challenged: 1, Unavoidable: 1}, c.server.APIProofs())
				require.Equal(c, map[sim.Refusal]int{sim.NonceMissing: 1, sim.Revoked: 1}, c.server.Refusals())
				require.True(c, c.server.TokenRequests()[0].DPoP)
			})
		})
	}
}

// What a token is bound to has to be presented: the same token from elsewhere is refused.
func TestConfigure_TokensAreBound(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		transport := c.server.Transport()
		c.Cleanup(transport.CloseIdleConnections)
		steal := func(cfg alf.Config, scheme string) sim.Refusal {
			client := c.client(cfg)
			token, err := client.Token(c.Context())
			require.NoError(c, err)
			req, err := http.NewRequest(http.MethodGet, productionAPI, nil)
			require.NoError(c, err)
			req.Header.Set("Authorization", scheme+" "+token.Value())
			got := do(&http.Client{Transport: transport}, req)
			require.Equal(c, http.StatusUnauthorized, got.status)
			requests := c.server.Requests()
			return requests[len(requests)-1].Refusal
		}
		bound := production(c.T, alf.AuthBasic, c.server)
		bound.DPoP = &alf.DPoP{}
		require.Equal(c, sim.OtherScheme, steal(bound, "Bearer"))
		require.Equal(c, sim.BadProof, steal(bound, "DPoP"))
		require.Equal(c, sim.OtherCertificate, steal(production(c.T, alf.AuthTLS, c.server), "Bearer"))
		presented := production(c.T, alf.AuthBasic, c.server) // presented without being what authenticates
		presented.Certificate = alf.Certificate(c.server.ClientCertificate("orders"))
		require.Equal(c, sim.OtherCertificate, steal(presented, "Bearer"))
	})
}

// The caller's settings remain; what says where to connect is replaced.
func TestConfigure_KeepsEverythingElse(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		given := production(c.T, alf.AuthPost, c.server)
		given.HTTPClient = &http.Client{Timeout: time.Minute, Transport: &http.Transport{
			MaxIdleConns: 7, TLSClientConfig: &tls.Config{ServerName: "stock.example.com"},
		}}
		given.TokenRequest = alf.TokenRequest{Header: http.Header{"X-Tenant": {"7"}}, TLS: &tls.Config{MinVersion: tls.VersionTLS13}}
		given.Origins = []string{"https://stock.example.com"}
		given.Policy.Attempts = 1
		var fetches int
		given.WrapFetcher = func(f alf.Fetcher) alf.Fetcher { fetches++; return f }
		cfg, err := c.server.Configure(given)
		require.NoError(c, err)
		require.Equal(c, productionTokenURL, cfg.TokenURL)
		require.Equal(c, given.Scopes, cfg.Scopes)
		require.Equal(c, time.Minute, cfg.HTTPClient.Timeout)
		require.Equal(c, http.Header{"X-Tenant": {"7"}}, cfg.TokenRequest.Header)
		require.NotSame(c, given.HTTPClient, cfg.HTTPClient)
		require.Equal(c, 7, given.HTTPClient.Transport.(*http.Transport).MaxIdleConns)
		if t, ok := cfg.HTTPClient.Transport.(*http.Transport); ok {
			require.Equal(c, 7, t.MaxIdleConns)
		}
		client := c.started(cfg)
		require.Equal(c, http.StatusOK, c.get(client, productionAPI))
		_, err = client.GetContext(c.Context(), "https://elsewhere.example.com/")
		require.ErrorIs(c, err, alf.ErrRefused)
		require.Equal(c, 1, fetches)
		require.Equal(c, alf.Policy{Attempts: 1}, cfg.Policy)
	})
	generous, err := sim.New(sim.Options{Generous: true}).Configure(production(t, alf.AuthPost, nil))
	require.NoError(t, err)
	require.True(t, generous.Policy.UnlimitedRejections)
}

// Without an address, the configuration gets the server's own, which an http API of a started server shares.
func TestConfigure_WithoutAnAddress(t *testing.T) {
	for _, style := range []alf.AuthStyle{alf.AuthBasic, alf.AuthTLS} {
		inEveryWay(t, sim.Options{NonceLifetime: time.Minute}, func(c *configured) {
			cfg := production(c.T, style, c.server)
			cfg.TokenURL, cfg.DPoP = "", &alf.DPoP{}
			client := c.client(cfg)
			api := c.server.APIURL()
			if style == alf.AuthTLS {
				api = strings.Replace(api, "http://", "https://", 1)
			}
			for range 3 {
				require.Equal(c, http.StatusOK, c.get(client, api))
			}
			require.LessOrEqual(c, c.server.APIProofs().Challenged, 1)
		})
	}
}

// Each field that keeps the server from serving is named, with what to do.
func TestConfigure_NamesWhatItCannotServe(t *testing.T) {
	server := sim.New(sim.Options{})
	elsewhere, err := alf.NewTokenEndpoint(alf.TokenEndpointConfig{TokenURL: productionTokenURL})
	require.NoError(t, err)
	broken := errors.New("the mount is empty")
	for name, c := range map[string]struct {
		style  alf.AuthStyle
		change func(*alf.Config)
		field  string
		remedy string
	}{
		"manager":   {alf.AuthBasic, func(c *alf.Config) { *c = alf.Config{Manager: new(anyManager)} }, "Manager", "alf.New"},
		"fetcher":   {alf.AuthBasic, func(c *alf.Config) { *c = alf.Config{Fetcher: alf.FetcherFunc(nil)} }, "Fetcher", "Server.TokenURL"},
		"endpoint":  {alf.AuthBasic, func(c *alf.Config) { c.TokenURL, c.Endpoint = "", elsewhere }, "Endpoint", "Server.NewTokenEndpoint"},
		"format":    {alf.AuthExternalAssertion, func(c *alf.Config) { c.Assertion.Format = "urn:saml2" }, "Assertion.Format", "leave it empty"},
		"client id": {alf.AuthBasic, func(c *alf.Config) { c.ClientID = "" }, "ClientID", "set"},
		"no secret": {alf.AuthBasic, func(c *alf.Config) { c.ClientSecret = nil }, "ClientSecret", "Secret"},
		"unset secret": {alf.AuthPost, func(c *alf.Config) { c.ClientSecret = alf.SecretEnv("ORDERS_UNSET") },
			"ClientSecret", "alf.Secret"},
		"key": {alf.AuthPrivateKeyJWT, func(c *alf.Config) { c.Assertion.Key = alf.KeyFile("/nowhere/key") },
			"Assertion.Key", "alf.KeySigner"},
		"certificate": {alf.AuthTLS, func(c *alf.Config) { c.Certificate = alf.CertificateFiles("/nowhere/a", "/nowhere/b") },
			"Certificate", "Server.ClientCertificate"},
		"another use": {alf.AuthTLS, func(c *alf.Config) { c.Certificate = alf.Certificate(forServersOnly(t)) },
			"Certificate", "client authentication"},
		"assertion's certificate": {alf.AuthPrivateKeyJWT, func(c *alf.Config) {
			c.Assertion = alf.Assertion{Certificate: func(context.Context) (*tls.Certificate, error) { return nil, broken }}
		}, "Assertion.Certificate", "Server.ClientCertificate"},
		"source": {alf.AuthExternalAssertion, func(c *alf.Config) {
			c.Assertion.Source = func(context.Context) (string, error) { return "", broken }
		}, "Assertion.Source", "Server.WorkloadIdentity"},
		"source that is no JWT": {alf.AuthExternalAssertion, func(c *alf.Config) { c.Assertion.Source = alf.Secret("opaque") },
			"Assertion.Source", "Server.WorkloadIdentity"},
		"plain http": {alf.AuthBasic, func(c *alf.Config) { c.TokenURL = "http://login.example.com/token" }, "TokenURL", "https"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := production(t, c.style, server)
			c.change(&cfg)
			_, err := server.Configure(cfg)
			require.Error(t, err)
			found := alf.FieldErrors(err)
			require.NotEmpty(t, found, "%v", err)
			require.Equal(t, c.field, found[0].Field)
			require.Contains(t, found[0].Remedy, c.remedy)
			require.ErrorContains(t, err, found[0].Problem)
		})
	}
}

// anyManager is a token manager of the caller's own.
type anyManager struct{ alf.Source }

func forServersOnly(t *testing.T) tls.Certificate {
	authority, err := pki.NewAuthority("servers")
	require.NoError(t, err)
	made, err := authority.ForServer("orders")
	require.NoError(t, err)
	made.Certificate = append(made.Certificate, made.Certificate[0])
	return *made
}

// Different authorization servers know different clients by the same id, and an address may be spelled in many ways.
func TestConfigure_ClientsOfSeveralServersAndSpellings(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		var clients []*alf.Client
		for i, style := range fetcher.AuthStyles() {
			cfg := production(c.T, style, c.server)
			cfg.TokenURL = fmt.Sprintf("https://Login-%d.Example.com:443/Token/%%7Ex/?tenant=7", i)
			cfg.DPoP = &alf.DPoP{}
			if style == alf.AuthPost {
				cfg.ClientSecret = alf.Secret("another")
			}
			clients = append(clients, c.client(cfg))
		}
		for _, client := range clients {
			require.Equal(c, http.StatusOK, c.get(client, productionAPI))
		}
		c.server.AddClient("orders", "another")
		_, err := clients[alf.AuthPost].Refresh(c.Context())
		require.NoError(c, err)
		_, err = clients[alf.AuthBasic].Refresh(c.Context())
		require.ErrorContains(c, err, "invalid_client")
		c.server.RemoveClient("orders")
		_, err = clients[alf.AuthTLS].Refresh(c.Context())
		require.ErrorContains(c, err, "invalid_client")
	})
}

// A hundred requests are under way when their token is revoked: all succeed, for one token request, whatever the token
// is bound to.
func TestConfigure_ARevocationUnderLoad(t *testing.T) {
	for _, style := range []alf.AuthStyle{alf.AuthPrivateKeyJWT, alf.AuthTLS} {
		synctest.Test(t, func(t *testing.T) {
			c := &configured{t, sim.New(sim.Options{APILatency: time.Second, NonceLifetime: time.Hour})}
			cfg := production(t, style, c.server)
			cfg.DPoP = &alf.DPoP{}
			client := c.client(cfg)
			require.Equal(t, http.StatusOK, c.get(client, productionAPI))
			before := c.server.TokenProofs().Accepted
			orders := Orders{client.HTTPClient(), "https://stock.example.com"}
			failures := placeMany(t, orders, 100)
			time.Sleep(time.Second / 2)
			c.server.Revoke()
			require.Empty(t, failures())
			require.Equal(t, 1, c.server.TokenProofs().Accepted-before)
			require.Equal(t, 100, c.server.Refusals()[sim.Revoked])
		})
	}
}

// Outages are those of the token endpoint, over connections in memory too.
func TestConfigure_OutagesWithACertificate(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		cfg := production(c.T, alf.AuthTLS, c.server)
		cfg.Policy.Attempts = 1
		client := c.client(cfg)
		require.Equal(c, http.StatusOK, c.get(client, productionAPI))
		c.server.GoDown(0)
		_, err := client.Refresh(c.Context())
		require.Error(c, err)
		require.Equal(c, http.StatusOK, c.get(client, productionAPI), "the token is still good")
		c.server.Up()
		c.server.Hold(time.Minute)
		_, err = client.Refresh(c.Context())
		var held *alf.EndpointError
		require.ErrorAs(c, err, &held)
		require.Equal(c, time.Minute, held.RetryAfter())
		c.server.Up()
		_, err = client.Refresh(c.Context())
		require.NoError(c, err)
	})
}
