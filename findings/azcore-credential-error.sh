#!/usr/bin/env bash
# Software:    github.com/Azure/azure-sdk-for-go/sdk/azcore v1.24.0 (its pipeline, BearerTokenPolicy)
# Guess:       the pipeline's retry policy, which tries network errors and 5xx again, also covers the credential within it: a
#              token request that fails once costs a pause.
# Happens:     any error of the credential ends the call at once: a reset connection, a timeout and a 503 alike, though each of
#              them is tried up to four times where it comes from the API. The policy marks it as not to be retried, whatever it is.
# Consequence: a TokenCredential of one's own (over any OAuth client) must retry by itself, and be refreshed ahead of expiry: a
#              hiccup of the token endpoint fails calls that a hiccup of the API would not.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"syscall"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// failing fails once, as a credential and as the transport to the API.
type failing struct {
	err   error
	calls int
}

func (f *failing) once() error {
	if f.calls++; f.calls == 1 {
		return f.err
	}
	return nil
}

func (f *failing) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "token", ExpiresOn: time.Now().Add(time.Hour)}, f.once()
}

func (f *failing) Do(req *http.Request) (*http.Response, error) {
	if err := f.once(); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Request: req}, nil
}

func main() {
	call := func(credential, api *failing) error {
		pipeline := runtime.NewPipeline("probe", "v1", runtime.PipelineOptions{
			PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(credential, []string{"api://stock/.default"}, nil)},
		}, &policy.ClientOptions{Transport: api, Retry: policy.RetryOptions{RetryDelay: 10 * time.Millisecond}})
		req, err := runtime.NewRequest(context.Background(), http.MethodGet, "https://api.test/")
		if err != nil {
			panic(err)
		}
		_, err = pipeline.Do(req)
		return err
	}
	changed := false
	for _, err := range []error{
		&url.Error{Op: "Post", URL: "https://idp.test/token", Err: syscall.ECONNRESET},
		&url.Error{Op: "Post", URL: "https://idp.test/token", Err: os.ErrDeadlineExceeded},
		errors.New("token endpoint: 503 Service Unavailable"),
	} {
		fmt.Println(err)
		api := &failing{err: err}
		ofAPI := call(&failing{}, api)
		fmt.Printf("  once, from the API:        %d attempts, error: %v\n", api.calls, ofAPI)
		credential := &failing{err: err}
		ofCredential := call(credential, &failing{})
		fmt.Printf("  once, from the credential: %d attempt,  error: %v\n", credential.calls, ofCredential)
		changed = changed || ofAPI != nil || api.calls != 2 || ofCredential == nil || credential.calls != 1
	}
	if changed {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/Azure/azure-sdk-for-go/sdk/azcore@v1.24.0
echo "Guess:   retries cover the credential as they cover the API."
echo "Happens: an error of the credential is never tried again (azcore v1.24.0, 2026-11)."
timeout 100 go run .
