package alf_test

import (
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// RFC 9449 section 9. A nonce that is wanted is no fault of the token's.
func TestC5_ANonceIsSentOnceAndCausesNoFetch(t *testing.T) {
	for name, c := range map[string]struct {
		responses    []string
		status, sent int
		nonces       string
		refreshed    int
	}{
		"a nonce is wanted":                      {[]string{"nonce:n1", "ok"}, 200, 2, ",n1", 0},
		"never content":                          {[]string{"nonce:n1", "nonce:n2"}, 401, 2, ",n1", 0},
		"without a nonce":                        {[]string{"nonce"}, 401, 1, "", 0},
		"with one that is none":                  {[]string{`nonce:"`}, 401, 1, "", 0},
		"the token is rejected as well":          {[]string{"nonce:n1", "rejected", "ok"}, 200, 3, ",n1,n1", 1},
		"after the token was refreshed":          {[]string{"rejected", "nonce:n1", "ok"}, 200, 3, ",,n1", 1},
		"before and after":                       {[]string{"nonce:n1", "rejected:n2", "nonce:n3"}, 401, 3, ",n1,n2", 1},
		"two rejected tokens":                    {[]string{"nonce:n1", "rejected", "rejected"}, 401, 3, ",n1,n1", 1},
		"a refusal brings the nonce with itself": {[]string{"rejected:n1", "ok"}, 200, 2, ",n1", 1},
	} {
		api, source := &wanting{t: t, responses: c.responses}, boundSource()
		client := proving(t, source, api)
		resp, err := client.Post(apiURL, "", hide("whole body"))
		require.NoError(t, err, name)
		require.Equal(t, c.status, resp.StatusCode, name)
		readAll(t, resp)
		require.Len(t, api.proofs, c.sent, name)
		require.Equal(t, c.nonces, strings.Join(api.nonces(), ","), name)
		require.Len(t, source.replaced, c.refreshed, name)
		require.EqualValues(t, c.sent-1-c.refreshed, client.Stats().NonceRetries, name)
		require.Empty(t, source.invalidated, name)
		for _, body := range api.bodies {
			require.Equal(t, "whole body", body, name)
		}
	}
}

func TestC5_NoncesComeWithSuccessesToo(t *testing.T) {
	api := &wanting{t: t, responses: []string{"ok:n1", "ok:n2", "ok"}}
	client := proving(t, boundSource(), api)
	for range 4 {
		get(t, client, apiURL)
	}
	require.Equal(t, []string{"", "n1", "n2", "n2"}, api.nonces())
}

// C4 holds for this repetition as well.
func TestC4_ABodyThatIsLostIsNotSentAgainForANonce(t *testing.T) {
	api := &wanting{t: t, responses: []string{"nonce:n1", "ok"}}
	source := boundSource()
	resp, err := proving(t, source, api).Post(apiURL, "", hide(filler(65<<10)))
	require.NoError(t, err)
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, "nonce", readAll(t, resp))
	require.Len(t, api.proofs, 1)
	require.Empty(t, source.invalidated, "the token is not to blame")
}

func TestC5_ANonceIsWantedByA401Alone(t *testing.T) {
	sent := 0
	client := proving(t, boundSource(), roundTripper(func(req *http.Request) (*http.Response, error) {
		sent++
		resp := respond(req, 403, "")
		resp.Header.Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
		resp.Header.Set("DPoP-Nonce", "n1")
		return resp, nil
	}))
	resp, _ := get(t, client, apiURL)
	require.Equal(t, 403, resp.StatusCode)
	require.Equal(t, 1, sent)
}

func TestC3_TheResponseThatWantsANonceIsClosed(t *testing.T) {
	first := hide(filler(32 << 10))
	sent := 0
	client := proving(t, boundSource(), roundTripper(func(req *http.Request) (*http.Response, error) {
		if sent++; sent > 1 {
			return respond(req, 200, ""), nil
		}
		resp := respond(req, 401, "")
		resp.Body = first
		resp.Header.Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
		resp.Header.Set("DPoP-Nonce", "n1")
		return resp, nil
	}))
	get(t, client, apiURL)
	require.True(t, first.isClosed())
}

func TestC5_AChallengeWithoutANonceIsNotFollowedByTheOldOne(t *testing.T) {
	api := &wanting{t: t, responses: []string{"ok:n1", "nonce", "ok"}}
	client := proving(t, boundSource(), api)
	get(t, client, apiURL)
	resp, _ := get(t, client, apiURL)
	require.Equal(t, 401, resp.StatusCode)
	require.Len(t, api.proofs, 2)
}

// endOfBody calls a function before the end of a response's body is seen.
type endOfBody func()

func (f endOfBody) Read([]byte) (int, error) { f(); return 0, io.EOF }

// Nonces may be good for one request, or known to one of several nodes.
func TestC5_TheNonceThatIsSentIsTheOneOfTheResponse(t *testing.T) {
	var received sync.WaitGroup
	received.Add(2)
	var first sync.Map
	client := proving(t, boundSource(), roundTripper(func(req *http.Request) (*http.Response, error) {
		p, err := readProof(req)
		if err != nil {
			return nil, err
		}
		mine := "nonce-of-" + req.URL.Path[1:]
		_, again := first.LoadOrStore(mine, true)
		if again && p.Nonce == mine {
			return respond(req, 200, ""), nil
		}
		resp := respond(req, 401, "")
		resp.Header.Set("WWW-Authenticate", `DPoP error="use_dpop_nonce"`)
		resp.Header.Set("DPoP-Nonce", mine)
		if !again {
			resp.Body = io.NopCloser(endOfBody(func() { received.Done(); received.Wait() })) // both are received before either goes on
		}
		return resp, nil
	}))
	var calls sync.WaitGroup
	for _, path := range []string{"/a", "/b"} {
		calls.Go(func() {
			resp, err := client.Get("https://api.example.com" + path)
			if assert.NoError(t, err) {
				assert.Equal(t, 200, resp.StatusCode, path)
			}
		})
	}
	calls.Wait()
}
