package main

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// memoryServer is an authorization server without a network, for as many tenants as are asked about.
type memoryServer struct {
	requests atomic.Int64 // for tokens
	takes    time.Duration
	down     atomic.Bool
}

const memoryHost = "https://auth.bench.test"

// RoundTrip responds to requests for metadata and for tokens.
func (s *memoryServer) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	status, body := http.StatusOK, ""
	if strings.Contains(r.URL.Path, "well-known") {
		issuer := memoryHost + "/" + strings.SplitN(r.URL.Path, "/", 3)[1]
		body = fmt.Sprintf(`{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q}`, issuer, issuer+"/authorize", issuer+"/token")
	} else {
		n := s.requests.Add(1)
		if s.takes > 0 {
			time.Sleep(s.takes)
		}
		if s.down.Load() {
			status, body = http.StatusServiceUnavailable, `{"error":"temporarily_unavailable"}`
		} else {
			value := fmt.Sprintf("%d-%s", n, strings.Repeat("x", tokenSize))[:tokenSize]
			body = fmt.Sprintf(`{"access_token":%q,"token_type":"Bearer","expires_in":3600,"scope":"read write"}`, value)
		}
	}
	resp := respond(r, status)
	resp.Header.Set("Content-Type", "application/json")
	resp.Body, resp.ContentLength = io.NopCloser(strings.NewReader(body)), int64(len(body))
	return resp, nil
}
