package main

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/examples/internal/program"
	"github.com/alf-go/alf/sim"
)

func TestMain(m *testing.M) { program.Main(m, main) }

// environment is the manifest's, with addresses and a file of this machine.
func environment(t *testing.T, of map[string]string) (env []string) {
	set := variables(t)
	for name, value := range of {
		require.Contains(t, set, name)
		set[name] = value
	}
	for name, value := range set {
		env = append(env, name+"="+value)
	}
	return env
}

// cluster makes tokens of service accounts, as the API server of Kubernetes does for the kubelet.
type cluster struct {
	t      *testing.T
	file   string // where the kubelet writes the token
	signer *ecdsa.PrivateKey
}

const clusterIssuer = "https://kubernetes.default.svc.cluster.local"

// write makes a token as the manifest asks for it, signed with a new key, and puts it in the place of the last one.
func (c *cluster) write() (token string) {
	account, deployment := manifest(c.t)
	projection := deployment.Spec.Template.Spec.Volumes[0].Projected.Sources[0].ServiceAccountToken
	var err error
	c.signer, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(c.t, err)
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: c.signer}, nil)
	require.NoError(c.t, err)
	lifetime := time.Duration(*projection.ExpirationSeconds) * time.Second
	token, err = jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: clusterIssuer, Subject: "system:serviceaccount:default:" + account.Name, Audience: jwt.Audience{projection.Audience},
		ID: rand.Text(), IssuedAt: jwt.NewNumericDate(time.Now()), Expiry: jwt.NewNumericDate(time.Now().Add(lifetime)),
	}).Serialize()
	require.NoError(c.t, err)
	require.NoError(c.t, os.WriteFile(c.file+".new", []byte(token), 0o600))
	require.NoError(c.t, os.Rename(c.file+".new", c.file))
	return token
}

// register makes the client known to the kit as the comment of the manifest says.
func (c *cluster) register(kit *sim.Server) {
	require.NoError(c.t, kit.Register(sim.Registration{
		ClientID: variables(c.t)["CLIENT_ID"], AuthStyle: alf.AuthExternalAssertion, Keys: []crypto.PublicKey{c.signer.Public()},
		Issuer: clusterIssuer, Subject: "system:serviceaccount:default:orders", Audience: "https://idp.example.com",
	}))
}

// start starts the kit and the service.
func start(t *testing.T, c *cluster, kit *sim.Server) *program.Process {
	require.NoError(t, kit.Start())
	t.Cleanup(kit.Close)
	return program.Start(t, environment(t, map[string]string{
		"TOKEN_URL": kit.TokenURL(), "TOKEN_FILE": c.file, "STOCK_URL": kit.APIURL(), "LISTEN": "127.0.0.1:0",
	}))
}

// The token of the service account authenticates the service, and the one that replaces it does so from the next fetch
// on.
func TestService_AuthenticatesByItsServiceAccount(t *testing.T) {
	kit := sim.New(sim.Options{API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"count": 3}`)
	})})
	cluster := &cluster{t: t, file: filepath.Join(t.TempDir(), "idp")}
	cluster.write()
	cluster.register(kit)
	service := start(t, cluster, kit)
	address := "http://" + service.Await(`listening address=(\S+)`)
	require.Equal(t, 1, kit.Stats().Tokens, "it has a token before it listens")

	_, deployment := manifest(t)
	container := deployment.Spec.Template.Spec.Containers[0]
	for _, path := range []string{container.LivenessProbe.HTTPGet.Path, container.ReadinessProbe.HTTPGet.Path, "/orders/tea"} {
		require.Equal(t, http.StatusOK, status(t, address+path), path)
	}
	cluster.write()
	cluster.register(kit) // its old token is good for nothing now
	kit.Revoke()
	require.Equal(t, http.StatusOK, status(t, address+"/orders/tea"))
	require.Equal(t, 2, kit.Stats().TokenRequests)
	http.DefaultClient.CloseIdleConnections()
	require.Zero(t, service.Interrupt())
}

// A client that is registered with something else is found when the pod starts.
func TestService_EndsIfItIsRefused(t *testing.T) {
	kit := sim.New(sim.Options{})
	cluster := &cluster{t: t, file: filepath.Join(t.TempDir(), "idp")}
	cluster.write()
	cluster.register(kit)
	token := cluster.write() // with another key
	service := start(t, cluster, kit)
	require.Equal(t, 1, service.Wait())
	require.Contains(t, service.Output(), "invalid_client")
	require.NotContains(t, service.Output(), token)
}

// In an outage it starts, and has a token once that is over.
func TestService_StartsInAnOutage(t *testing.T) {
	kit := sim.New(sim.Options{})
	kit.GoDown(0)
	cluster := &cluster{t: t, file: filepath.Join(t.TempDir(), "idp")}
	cluster.write()
	cluster.register(kit)
	service := start(t, cluster, kit)
	address := "http://" + service.Await(`listening address=(\S+)`)
	require.Equal(t, http.StatusOK, status(t, address+"/healthz"))
	require.Equal(t, http.StatusServiceUnavailable, status(t, address+"/orders/tea"))
	http.DefaultClient.CloseIdleConnections()
	require.Zero(t, service.Interrupt())
}

func status(t *testing.T, address string) int {
	resp, err := http.Get(address)
	require.NoError(t, err)
	resp.Body.Close()
	return resp.StatusCode
}
