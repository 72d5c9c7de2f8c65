package wrap

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEachModeSendsATokenAndTheWholeBody(t *testing.T) {
	var got []string
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Header.Get("Authorization")+" "+string(body))
	}))
	defer server.Close()
	for mode, token := range map[string]string{Trivial: "first", Alf: "first", Rejected: "second"} {
		got = nil
		client := &http.Client{Transport: Transport(mode)(http.DefaultTransport)}
		resp, err := client.Post(server.URL, "text/plain", strings.NewReader("body"))
		require.NoError(t, err, mode)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusOK, resp.StatusCode, mode)
		require.Equal(t, []string{"Bearer " + token + " body"}, got, mode)
		client.CloseIdleConnections()
	}
	require.Nil(t, Transport("none"))
}

func TestABodyThatCannotBeRepeatedIsNotRejected(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("Authorization"))
	}))
	defer server.Close()
	client := &http.Client{Transport: Transport(Rejected)(http.DefaultTransport)}
	defer client.CloseIdleConnections()
	resp, err := client.Post(server.URL, "text/plain", io.LimitReader(strings.NewReader("unknown length"), 5))
	require.NoError(t, err)
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, "Bearer first", string(text))
}
