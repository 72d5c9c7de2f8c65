package alf_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// net/http closes the body of a response over HTTP/2 only when that of the request is not read any more
// (golang/go#80085): what is waited for here is the caller, who waits for the response.
func TestC3_C4_AnEarly401IsCompleteWhileTheCallerStillSends(t *testing.T) {
	for _, withBody := range []bool{false, true} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "refused", http.StatusUnauthorized)
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		t.Cleanup(server.Close)
		client := newClient(t, alf.Config{
			Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}, RejectedBody: withBody,
			Rejected: func(resp *http.Response) bool {
				_, _ = io.Copy(io.Discard, resp.Body)
				return alf.RejectsToken(resp)
			},
		})
		body, w := io.Pipe()
		// As of httputil.ReverseProxy: Close does not end a Read that waits.
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, io.NopCloser(body))
		require.NoError(t, err)
		req.ContentLength = 1 << 20 // too long to be sent again
		resp, err := client.Do(req)
		require.NoError(t, err)
		require.Equal(t, 2, resp.ProtoMajor)
		require.Equal(t, 401, resp.StatusCode)
		require.Equal(t, "refused\n", readAll(t, resp)) // which closes it
		require.NoError(t, w.Close())
	}
}
