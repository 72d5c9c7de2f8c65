package alf_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

// denial responds to a token request as RFC 6749 section 5.2 says, and repeats the secret, as some servers do.
func denial(w http.ResponseWriter, _ *http.Request) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = io.WriteString(w, `{"error":"invalid_client","error_description":"unknown client","error_uri":"https://as.example.com/help",`+
		`"received_secret":"`+testSecret+`"}`)
	return true
}

func TestC2_RequestIsNotSentAndItsBodyIsClosedWhenThereIsNoToken(t *testing.T) {
	auth := startAuth(t)
	auth.response = denial
	api := startAPI(t, auth, nil)
	client := newClient(t, auth.config())
	body := hide("precious")
	resp, err := client.Post(api.URL, "", body)
	require.Error(t, err)
	require.Nil(t, resp)
	require.Empty(t, api.requests())
	require.True(t, body.isClosed())
	require.Zero(t, body.wasRead())
	require.EqualValues(t, 1, client.Stats().Unsent)
}

func TestC2_ErrorCarriesWhatTheTokenEndpointSaid(t *testing.T) {
	auth := startAuth(t)
	auth.response = denial
	client := newClient(t, auth.config())
	_, err := client.Get("https://api.example.com/")

	var retrieve *oauth2.RetrieveError
	require.ErrorAs(t, err, &retrieve)
	require.Equal(t, 401, retrieve.Response.StatusCode)
	require.Equal(t, "invalid_client", retrieve.ErrorCode)
	require.Equal(t, "unknown client", retrieve.ErrorDescription)
	require.Equal(t, "https://as.example.com/help", retrieve.ErrorURI)
	require.Contains(t, string(retrieve.Body), "received_secret")
	require.LessOrEqual(t, len(retrieve.Body), 1<<10)
	require.Nil(t, retrieve.Response.Request)

	var endpoint *alf.EndpointError
	require.ErrorAs(t, err, &endpoint)
	require.Equal(t, 401, endpoint.Status)
	require.Equal(t, "invalid_client", endpoint.Code)

	var token *alf.TokenError
	require.ErrorAs(t, err, &token)
	require.True(t, token.Permanent)
	require.False(t, token.NextAttempt.IsZero())

	for e := err; e != nil; e = errors.Unwrap(e) {
		require.NotContains(t, e.Error(), testSecret)
	}
	require.NotContains(t, string(retrieve.Body), testSecret)
	require.Contains(t, err.Error(), "invalid_client")
	require.Contains(t, err.Error(), "unknown client")
}

func TestC2_UnreachableTokenEndpointIsATokenError(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	base := script(200)
	client := newClient(t, alf.Config{
		TokenURL: gone.URL, ClientID: testID, ClientSecret: alf.Secret(testSecret),
		Policy: alf.Policy{Attempts: 1}, HTTPClient: &http.Client{Transport: base},
		TokenRequest: alf.TokenRequest{Transport: http.DefaultTransport},
	})
	_, err := client.Get(apiURL)
	var token *alf.TokenError
	require.ErrorAs(t, err, &token)
	require.False(t, token.Permanent)
	require.Empty(t, base.seen)
}

func TestC2_RefusedRequestsHaveTheirBodiesClosedToo(t *testing.T) {
	base := script(200)
	client := over(t, &fakeSource{}, base)
	body := hide("precious")
	_, err := client.Post("http://api.example.com/", "", body)
	require.ErrorIs(t, err, alf.ErrRefused)
	require.True(t, body.isClosed())
	require.Empty(t, base.seen)
}
