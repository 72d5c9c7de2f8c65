package sim_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/tls"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/sim"
)

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
