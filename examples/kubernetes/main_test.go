package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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

// The token of the service account authenticates the service, and the one that replaces it does so from the next fetch
// on.
func TestService_AuthenticatesByItsServiceAccount(t *testing.T) {
	kit := sim.New(sim.Options{API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, `{"count": 3}`)
	})})
	require.NoError(t, kit.Start())
	t.Cleanup(kit.Close)
	assertions := make(chan string, 10)
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.PostFormValue("client_assertion_type") == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" {
			assertions <- r.PostFormValue("client_assertion")
		}
		fmt.Fprintf(w, `{"access_token": %q, "token_type": "Bearer", "expires_in": 3600}`, kit.Issue(time.Hour))
	}))
	t.Cleanup(authority.Close)
	file := filepath.Join(t.TempDir(), "idp")
	require.NoError(t, os.WriteFile(file, []byte("the first"), 0o600))
	service := program.Start(t, environment(t, map[string]string{
		"TOKEN_URL": authority.URL, "TOKEN_FILE": file, "STOCK_URL": kit.APIURL(), "LISTEN": "127.0.0.1:0",
	}))
	address := "http://" + service.Await(`listening address=(\S+)`)
	require.Equal(t, "the first", program.Next(service, assertions))

	_, deployment := manifest(t)
	container := deployment.Spec.Template.Spec.Containers[0]
	for _, path := range []string{container.LivenessProbe.HTTPGet.Path, container.ReadinessProbe.HTTPGet.Path, "/orders/tea"} {
		require.Equal(t, http.StatusOK, status(t, address+path), path)
	}
	require.NoError(t, os.WriteFile(file, []byte("the second"), 0o600))
	kit.Revoke()
	require.Equal(t, http.StatusOK, status(t, address+"/orders/tea"))
	require.Equal(t, "the second", program.Next(service, assertions))
	http.DefaultClient.CloseIdleConnections()
	require.Zero(t, service.Interrupt())
}

// A client that is not registered is found when the pod starts.
func TestService_EndsIfItIsRefused(t *testing.T) {
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"error": "invalid_client"}`)
	}))
	t.Cleanup(authority.Close)
	file := filepath.Join(t.TempDir(), "idp")
	require.NoError(t, os.WriteFile(file, []byte("eyJhbGciOi.test.assertion"), 0o600))
	service := program.Start(t, environment(t, map[string]string{"TOKEN_URL": authority.URL, "TOKEN_FILE": file}))
	require.Equal(t, 1, service.Wait())
	require.Contains(t, service.Output(), "invalid_client")
	require.NotContains(t, service.Output(), "eyJhbGciOi.test.assertion")
}

func status(t *testing.T, address string) int {
	resp, err := http.Get(address)
	require.NoError(t, err)
	resp.Body.Close()
	return resp.StatusCode
}
