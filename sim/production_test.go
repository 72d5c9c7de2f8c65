package sim_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// The tests of this file run a configuration of production. They are meant to be copied; docs/testing.md and README.md
// show their first lines.

// ordersURL is where the API of the service's orders is in production.
const ordersURL = "https://orders.example.com"

// productionConfig is what the service passes to alf.New in production.
func productionConfig() alf.Config {
	return alf.Config{
		Issuer: "https://login.example.com/realms/shop", ClientID: "shop", ClientSecret: alf.SecretEnv("SHOP_SECRET"),
		Scopes: []string{"orders.write"}, Audience: []string{ordersURL},
	}
}

func TestProduction_Secret(t *testing.T) {
	t.Setenv("SHOP_SECRET", "of this test")
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{})
		cfg, err := server.Configure(productionConfig())
		require.NoError(t, err)
		client, err := alf.New(cfg)
		require.NoError(t, err)

		defer client.Close()
		orders := Orders{client.HTTPClient(), ordersURL}
		require.NoError(t, orders.Place(t.Context(), "tea"))
		require.Equal(t, "client_secret_basic", server.TokenRequests()[0].AuthMethod)
		require.Equal(t, []string{ordersURL}, server.TokenRequests()[0].Audience)

		server.AddClient("shop", "rotated") // and the process is still to get the new one
		_, err = client.Refresh(t.Context())
		require.ErrorContains(t, err, "invalid_client")
		require.NoError(t, orders.Place(t.Context(), "tea"), "the token is still good")
	})
}

// withKey is productionConfig for a service that has a key in place of a secret.
func withKey() alf.Config {
	config := productionConfig()
	config.ClientSecret, config.AuthStyle, config.Assertion.Key = nil, alf.AuthPrivateKeyJWT, alf.KeyFile("/etc/shop/key.pem")
	return config
}

func TestProduction_PrivateKeyJWT(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		config := withKey()
		config.Assertion.Key = alf.KeySigner(newKey(t), "key-1") // in place of the file
		server := sim.New(sim.Options{})
		cfg, err := server.Configure(config)
		require.NoError(t, err)
		client, err := alf.New(cfg)

		require.NoError(t, err)
		defer client.Close()
		orders := Orders{client.HTTPClient(), ordersURL}
		require.NoError(t, orders.Place(t.Context(), "tea"))
		require.Equal(t, "private_key_jwt", server.TokenRequests()[0].AuthMethod)
	})
}

// withCertificate is productionConfig for a service that authenticates by its certificate.
func withCertificate() alf.Config {
	config := productionConfig()
	config.ClientSecret, config.AuthStyle = nil, alf.AuthTLS
	config.Certificate = alf.CertificateFiles("/etc/shop/tls.crt", "/etc/shop/tls.key")
	return config
}

func TestProduction_MutualTLS(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, config := sim.New(sim.Options{}), withCertificate()
		config.Certificate = alf.Certificate(server.ClientCertificate("shop")) // in place of the files
		cfg, err := server.Configure(config)
		require.NoError(t, err)
		client, err := alf.New(cfg)

		require.NoError(t, err)
		defer client.Close() // which ends the connections, as the bubble wants it
		orders := Orders{client.HTTPClient(), ordersURL}
		require.NoError(t, orders.Place(t.Context(), "tea"))
		require.Equal(t, "tls_client_auth", server.TokenRequests()[0].AuthMethod)
	})
}

// withDPoP is productionConfig for a service whose tokens are bound to a key.
func withDPoP() alf.Config {
	config := productionConfig()
	config.DPoP = &alf.DPoP{}
	return config
}

func TestProduction_DPoP(t *testing.T) {
	t.Setenv("SHOP_SECRET", "of this test")
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{NonceLifetime: 5 * time.Minute}) // both servers want nonces
		cfg, err := server.Configure(withDPoP())
		require.NoError(t, err)
		client, err := alf.New(cfg)
		require.NoError(t, err)

		defer client.Close()
		orders := Orders{client.HTTPClient(), ordersURL}
		for range 3 {
			require.NoError(t, orders.Place(t.Context(), "tea"))
			time.Sleep(4 * time.Minute)
		}
		require.Equal(t, sim.Proofs{Accepted: 3, Challenged: 1, Unavoidable: 1}, server.APIProofs())
	})
}

// An API that introspects the tokens it gets, as a client of the authorization server.
func TestProduction_Introspection(t *testing.T) {
	t.Setenv("SHOP_SECRET", "of this test")
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{})
		cfg, err := server.Configure(productionConfig()) // the API's own
		require.NoError(t, err)
		client, err := alf.New(cfg)
		require.NoError(t, err)

		defer client.Close()
		api := introspecting{client.HTTPClient(), "https://login.example.com/realms/shop" + sim.IntrospectionPath}
		token := server.Issue(time.Hour)
		require.True(t, api.accepts(t, token))
		server.RevokeToken(token)
		require.False(t, api.accepts(t, token))
		require.False(t, api.accepts(t, "made up"))
	})
}

// introspecting is the part of an API that finds out about tokens.
type introspecting struct {
	client   *http.Client
	endpoint string
}

func (i introspecting) accepts(t *testing.T, token string) bool {
	resp, err := i.client.PostForm(i.endpoint, url.Values{"token": {token}})
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode)
	var said struct{ Active bool }
	require.NoError(t, json.NewDecoder(resp.Body).Decode(&said))
	return said.Active
}
