package alf_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// A library that sends again, such as OpenTelemetry's exporters, asks the error of the RoundTripper itself, by way of
// *url.Error and no deeper, whether that may help.
func TestC2_ATransientErrorIsTemporary(t *testing.T) {
	status, body := 503, ""
	idp := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if status > 401 {
			w.Header().Set("Retry-After", "1") // ends the round
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	defer idp.Close()
	for _, c := range []struct {
		status    int
		body      string
		temporary bool
	}{
		{503, "", true},
		{429, "", true},
		{403, `{"error":"temporarily_unavailable"}`, true},
		{401, `{"error":"invalid_client"}`, false},
		{400, `{"error":"invalid_scope"}`, false},
	} {
		status, body = c.status, c.body
		client := newClient(t, alf.Config{TokenURL: idp.URL, ClientID: testID, ClientSecret: alf.Secret(testSecret)})
		_, err := client.Get(apiURL)
		var failed *url.Error
		require.ErrorAs(t, err, &failed)
		require.Equal(t, c.temporary, failed.Temporary(), err)
		require.False(t, failed.Timeout())
		require.NoError(t, client.Close())
	}
}

type slow struct{ error }

func (slow) Timeout() bool { return true }

func TestC2_ASuccessorThatMayComeLaterIsTemporary(t *testing.T) {
	for _, c := range []struct {
		err                error
		temporary, timeout bool
	}{
		{&alf.TokenError{Err: errors.New("down")}, true, false},
		{&alf.TokenError{Err: slow{errors.New("slow")}}, true, true},
		{&alf.TokenError{Err: errors.New("refused"), Permanent: true}, false, false},
		{errors.New("a source's own"), false, false},
		{slow{errors.New("a source's own")}, false, true},
	} {
		source := boundSource()
		client := over(t, source, script(401))
		source.replace = func(context.Context, *alf.Token, string) (*alf.Token, error) { return nil, c.err }
		_, err := client.Get(apiURL)
		var failed *url.Error
		require.ErrorAs(t, err, &failed)
		require.IsType(t, (*alf.RejectedError)(nil), failed.Err)
		require.Equal(t, c.temporary, failed.Temporary(), err)
		require.Equal(t, c.timeout, failed.Timeout(), err)
	}
}
