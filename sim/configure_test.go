package sim_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/certtest"
	"github.com/alf-go/alf/internal/pki"
	"github.com/alf-go/alf/keys"
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

// What a token is bound to has to be shown: the same token from elsewhere is refused.
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

// A credential that is replaced is refused until the server knows the new one.
func TestConfigure_CredentialsAreRotated(t *testing.T) {
	for _, style := range []alf.AuthStyle{alf.AuthPost, alf.AuthPrivateKeyJWT, alf.AuthTLS, alf.AuthSelfSignedTLS} {
		t.Run(style.String(), func(t *testing.T) {
			inEveryWay(t, sim.Options{}, func(c *configured) {
				current := production(c.T, style, c.server)
				var mu sync.Mutex
				read := func() alf.Config {
					mu.Lock()
					defer mu.Unlock()
					return current
				}
				cfg := current
				switch style {
				case alf.AuthPost:
					cfg.ClientSecret = func(ctx context.Context) (string, error) { return read().ClientSecret(ctx) }
				case alf.AuthPrivateKeyJWT:
					cfg.Assertion.Key = func(ctx context.Context) (*keys.Key, error) { return read().Assertion.Key(ctx) }
				default:
					cfg.Certificate = func(ctx context.Context) (*tls.Certificate, error) { return read().Certificate(ctx) }
				}
				client := c.client(cfg)
				require.Equal(c, http.StatusOK, c.get(client, productionAPI))

				other := production(c.T, style, sim.New(sim.Options{})) // of another authority
				other.ClientSecret = alf.Secret("another secret of 32 bytes, or of some more")
				mu.Lock()
				current = other
				mu.Unlock()
				_, err := client.Refresh(c.Context())
				var refused *alf.EndpointError
				require.ErrorAs(c, err, &refused)
				require.Equal(c, "invalid_client", refused.Code)

				_, err = c.server.Configure(cfg)
				require.NoError(c, err)
				_, err = client.Refresh(c.Context())
				require.NoError(c, err)
				require.Equal(c, http.StatusOK, c.get(client, productionAPI))
			})
		})
	}
}

// While a key is replaced, the server knows both.
func TestRegister_SeveralKeysOverlap(t *testing.T) {
	inEveryWay(t, sim.Options{}, func(c *configured) {
		old, next := newKey(c.T), newKey(c.T)
		cfg := production(c.T, alf.AuthPrivateKeyJWT, c.server)
		using := func(key *ecdsa.PrivateKey) error {
			cfg.Assertion.Key = alf.KeySigner(key, "")
			pointed, err := c.server.Configure(cfg)
			require.NoError(c, err)
			require.NoError(c, c.server.Register(sim.Registration{
				ClientID: "orders", AuthStyle: alf.AuthPrivateKeyJWT, Keys: []crypto.PublicKey{old.Public(), next.Public()},
			}))
			_, err = c.started(pointed).Refresh(c.Context())
			return err
		}
		require.NoError(c, using(old))
		require.NoError(c, using(next))
		require.Error(c, using(newKey(c.T)))
	})
}

// Every kind of key and algorithm, and certificates that the assertion names.
func TestConfigure_ServesEveryKindOfKey(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	require.NoError(t, err)
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	require.NoError(t, err)
	certificate := certtest.SelfSigned(t, "orders")
	for name, a := range map[string]alf.Assertion{
		"RS256":   {Key: alf.KeySigner(rsaKey, "")},
		"PS512":   {Key: alf.KeySigner(rsaKey, "k"), Algorithm: "PS512"},
		"ES384":   {Key: alf.KeySigner(p384, "")},
		"ES512":   {Key: alf.KeySigner(p521, "")},
		"EdDSA":   {Key: alf.KeySigner(edKey, "")},
		"Ed25519": {Key: alf.KeySigner(edKey, ""), Algorithm: "Ed25519"},
		"x5t":     {Certificate: alf.Certificate(certificate)},
		"x5c":     {Certificate: alf.Certificate(certificate), CertificateHeader: []string{"x5c"}},
		"audience": {
			Key: alf.KeySigner(edKey, ""), Audience: "https://login.example.com/", Lifetime: 5 * time.Minute,
			Type: "client-authentication+jwt", Claims: map[string]any{"tenant": "7"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			c := &configured{t, sim.New(sim.Options{})}
			cfg := production(t, alf.AuthPrivateKeyJWT, c.server)
			cfg.Assertion = a
			require.Equal(t, http.StatusOK, c.get(c.client(cfg), productionAPI))
		})
	}
	for _, algorithm := range []string{"HS384", "HS512"} {
		c := &configured{t, sim.New(sim.Options{})}
		cfg := production(t, alf.AuthSecretJWT, c.server)
		cfg.ClientSecret = alf.Secret(strings.Repeat("made-up-", 8))
		cfg.Assertion.Algorithm = algorithm
		require.Equal(t, http.StatusOK, c.get(c.client(cfg), productionAPI), algorithm)
	}
	// An algorithm, or a certificate, other than the registered one is refused.
	c := &configured{t, sim.New(sim.Options{})}
	cfg := production(t, alf.AuthPrivateKeyJWT, c.server)
	cfg.Assertion = alf.Assertion{Key: alf.KeySigner(rsaKey, ""), Algorithm: "PS512"}
	pointed, err := c.server.Configure(cfg)
	require.NoError(t, err)
	pointed.Assertion.Algorithm = "RS256"
	_, err = c.started(pointed).Refresh(t.Context())
	require.ErrorContains(t, err, "unexpected signature algorithm")
	cfg.Assertion = alf.Assertion{Certificate: alf.Certificate(certificate)}
	pointed, err = c.server.Configure(cfg)
	require.NoError(t, err)
	pointed.Assertion = alf.Assertion{Key: alf.KeySigner(certificate.PrivateKey.(*ecdsa.PrivateKey), "")}
	_, err = c.started(pointed).Refresh(t.Context())
	require.ErrorContains(t, err, "does not name the certificate on record")
}

// Credentials in files, as deployments have them; a certificate that a bubble takes to be of the future.
func TestConfigure_ReadsFilesAndVariables(t *testing.T) {
	dir := t.TempDir()
	certificate, key := certtest.Write(t, dir, certtest.New(t).Issue(t, "orders"))
	secret := filepath.Join(dir, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("from a file\n"), 0o600))
	t.Setenv("ORDERS_SECRET", "from a variable")
	for name, change := range map[string]func(*alf.Config){
		"secret file": func(c *alf.Config) { c.ClientSecret = alf.SecretFile(secret) },
		"variable":    func(c *alf.Config) { c.ClientSecret = alf.SecretEnv("ORDERS_SECRET") },
		"certificate files": func(c *alf.Config) {
			c.ClientSecret, c.AuthStyle, c.Certificate = nil, alf.AuthTLS, alf.CertificateFiles(certificate, key)
		},
	} {
		t.Run(name, func(t *testing.T) {
			inEveryWay(t, sim.Options{}, func(c *configured) {
				cfg := production(c.T, alf.AuthBasic, c.server)
				change(&cfg)
				require.Equal(c, http.StatusOK, c.get(c.client(cfg), productionAPI))
			})
		})
	}
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

// A registration that makes no sense is refused in the same way.
func TestRegister_NamesWhatIsMissing(t *testing.T) {
	server := sim.New(sim.Options{})
	for style, fields := range map[alf.AuthStyle][]string{
		alf.AuthBasic:             {"ClientID", "Secret"},
		alf.AuthSecretJWT:         {"ClientID", "Secret"},
		alf.AuthPrivateKeyJWT:     {"ClientID", "Keys"},
		alf.AuthExternalAssertion: {"ClientID", "Issuer", "Subject", "Audience"},
		alf.AuthTLS:               {"ClientID", "Authorities", "SubjectDN"},
		alf.AuthSelfSignedTLS:     {"ClientID", "Certificate"},
		-1:                        {"ClientID", "AuthStyle"},
	} {
		var names []string
		for _, e := range alf.FieldErrors(server.Register(sim.Registration{AuthStyle: style})) {
			names = append(names, e.Field)
			require.NotEmpty(t, e.Remedy)
		}
		require.Equal(t, fields, names, style)
	}
	err := server.Register(sim.Registration{ClientID: "a", AuthStyle: alf.AuthPrivateKeyJWT, Keys: []crypto.PublicKey{[]byte("secret")}})
	require.ErrorContains(t, err, "Keys[0]")
	secret := sim.Registration{ClientID: "a", Secret: "s3cret-s3cret"}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", secret, secret, secret, &secret), "s3cret-s3cret")
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

// What is registered is required: a proof, and the platform's own signature. A started server is reached by its socket.
func TestConfigure_RequiresWhatItHasRegistered(t *testing.T) {
	server := sim.New(sim.Options{})
	require.NoError(t, server.Start())
	t.Cleanup(server.Close)
	c := &configured{t, server}
	cfg := production(t, alf.AuthBasic, server)
	cfg.DPoP = &alf.DPoP{}
	pointed, err := server.Configure(cfg)
	require.NoError(t, err)
	require.IsType(t, new(http.Transport), pointed.HTTPClient.Transport)
	require.IsType(t, new(http.Transport), pointed.TokenRequest.Transport)
	pointed.DPoP = nil
	_, err = c.started(pointed).Refresh(t.Context())
	require.ErrorContains(t, err, "there is not exactly one proof")

	pointed, err = server.Configure(production(t, alf.AuthExternalAssertion, server))
	require.NoError(t, err)
	pointed.Assertion.Source = sim.New(sim.Options{}).WorkloadIdentity("system:serviceaccount:shop:orders")
	_, err = c.started(pointed).Refresh(t.Context())
	require.ErrorContains(t, err, "not signed by")
}
