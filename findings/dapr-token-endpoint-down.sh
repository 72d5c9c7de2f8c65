#!/usr/bin/env bash
# Software:    github.com/dapr/components-contrib v1.18.0 (middleware/http/oauth2clientcredentials)
# Guess:       a middleware that adds tokens of client credentials responds with a 5xx when it can get none. It replaces
#              the Authorization of its caller, asks once for twenty requests that come at once, and takes a response
#              without expires_in for a token of unknown, so short, life.
# Happens:     without a token it responds 200 with an empty body, and the API is not called. Its token is added behind
#              the caller's Authorization, as a second header. Twenty requests make twenty token requests. A token
#              without expires_in is kept for the process's life: RFC 6749's missing lifetime becomes "never".
# Consequence: through such a proxy a 200 does not say that the API has seen the request: an outage of the token
#              endpoint reads as success, and a POST is lost. Callers check for a body or a header of the API's own, and
#              send no Authorization. A proxy of ours responds with 502 to 504 there.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/dapr/components-contrib/metadata"
	"github.com/dapr/components-contrib/middleware"
	"github.com/dapr/components-contrib/middleware/http/oauth2clientcredentials"
	"github.com/dapr/kit/logger"
)

func main() {
	var requests atomic.Int32
	var down, unlimited atomic.Bool
	endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		time.Sleep(300 * time.Millisecond)
		switch w.Header().Set("Content-Type", "application/json"); {
		case down.Load():
			w.WriteHeader(http.StatusServiceUnavailable)
		case unlimited.Load():
			io.WriteString(w, `{"access_token":"token","token_type":"bearer"}`)
		default:
			io.WriteString(w, `{"access_token":"token","token_type":"bearer","expires_in":1}`)
		}
	}))
	var reached atomic.Int32
	log := logger.NewLogger("probe")
	log.SetOutputLevel(logger.FatalLevel)
	// proxy is a new middleware, without a token yet, in front of an API that shows what reaches it.
	proxy := func() *httptest.Server {
		handler, err := oauth2clientcredentials.NewOAuth2ClientCredentialsMiddleware(log).GetHandler(context.Background(),
			middleware.Metadata{Base: metadata.Base{Properties: map[string]string{
				"clientID": "stock", "clientSecret": "secret", "scopes": "read", "authStyle": "1",
				"tokenURL": endpoint.URL, "headerName": "Authorization",
			}}})
		if err != nil {
			panic(err)
		}
		return httptest.NewServer(handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			reached.Add(1)
			io.WriteString(w, strings.Join(r.Header["Authorization"], " and "))
		})))
	}
	post := func(to *httptest.Server, authorization string) string {
		request, _ := http.NewRequest("POST", to.URL, strings.NewReader("an order"))
		if authorization != "" {
			request.Header.Set("Authorization", authorization)
		}
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			panic(err)
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		return fmt.Sprintf("%d %q", response.StatusCode, body)
	}

	plain, own := post(proxy(), ""), post(proxy(), "Bearer caller's")
	fmt.Println("with a token:                   ", plain)
	fmt.Println("with an Authorization of its own:", own)

	requests.Store(0)
	cold := proxy()
	var twenty sync.WaitGroup
	for range 20 {
		twenty.Go(func() { post(cold, "") })
	}
	twenty.Wait()
	burst := requests.Load()
	fmt.Println("20 at once, token requests:     ", burst)

	requests.Store(0)
	second := proxy()
	for range 2 {
		post(second, "")
		time.Sleep(1500 * time.Millisecond)
	}
	limited := requests.Swap(0)
	unlimited.Store(true)
	forever := proxy()
	post(forever, "")
	time.Sleep(1500 * time.Millisecond)
	down.Store(true)
	kept := post(forever, "")
	asked := requests.Load()
	fmt.Println("expires_in 1, 2 uses, requests: ", limited, "- without expires_in:", asked)

	reached.Store(0)
	failed := post(proxy(), "")
	calls := reached.Load()
	fmt.Println("token endpoint responds 503:    ", failed, "- the API was called:", calls > 0)
	if plain != `200 "Bearer token"` || own != `200 "Bearer caller's and Bearer token"` || burst < 10 ||
		limited != 2 || asked != 1 || kept != plain || failed != `200 ""` || calls != 0 {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/dapr/components-contrib@v1.18.0 github.com/dapr/components-contrib/middleware/http/oauth2clientcredentials@v1.18.0
echo "Guess:   without a token the middleware responds with a 5xx."
echo "Happens: it responds 200, empty, and the API is not called (dapr/components-contrib v1.18.0, 2026-11)."
timeout 100 go run .
