package alf_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

// An API that remembers proofs refuses one that net/http has sent twice, and one whose date it does not like. The token
// is as good as before.
func TestC5_ARefusedProofIsReplacedAndTheTokenIsNot(t *testing.T) {
	for name, c := range map[string]struct {
		responses    []string
		status, sent int
		nonces       string
		refreshed    int
	}{
		"once":                                  {[]string{"proof", "ok"}, 200, 2, ",", 0},
		"a 400":                                 {[]string{"proof400", "ok"}, 200, 2, ",", 0},
		"in the body":                           {[]string{"body401", "ok"}, 200, 2, ",", 0},
		"a 400, in the body":                    {[]string{"body400", "ok"}, 200, 2, ",", 0},
		"it brings a nonce":                     {[]string{"proof:n1", "ok"}, 200, 2, ",n1", 0},
		"a 400 brings a nonce":                  {[]string{"proof400:n1", "ok"}, 200, 2, ",n1", 0},
		"then a nonce is wanted":                {[]string{"proof", "nonce:n1"}, 401, 2, ",", 0},
		"the token is rejected as well":         {[]string{"proof", "rejected", "ok"}, 200, 3, ",,", 1},
		"after the token was refreshed":         {[]string{"rejected", "proof", "ok"}, 200, 3, ",,", 1},
		"both at once":                          {[]string{"both", "ok"}, 200, 2, ",", 1},
		"never content":                         {[]string{"proof"}, 401, 3, ",,", 1},
		"never content, by 400":                 {[]string{"proof400"}, 400, 2, ",", 0},
		"never content, in the body":            {[]string{"body400"}, 400, 2, ",", 0},
		"after a nonce, never content":          {[]string{"nonce:n1", "proof"}, 401, 3, ",n1,n1", 1},
		"after a nonce, a 400":                  {[]string{"nonce:n1", "proof400"}, 400, 2, ",n1", 0},
		"a nonce, a rejected token and a proof": {[]string{"nonce:n1", "rejected", "proof"}, 401, 3, ",n1,n1", 1},
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
		ids := map[string]bool{}
		for i, body := range api.bodies {
			require.Equal(t, "whole body", body, name)
			ids[api.proofs[i].JTI] = true
		}
		require.Len(t, ids, c.sent, name)
	}
}

// oidc-provider without nonces refuses a proof that has one, and sends no other: the client would keep it for good.
func TestC5_ANonceThatIsNotWantedAnyMoreIsForgotten(t *testing.T) {
	for _, refusal := range []string{"proof", "proof400", "body401", "body400"} {
		api, source := &wanting{t: t, responses: []string{"ok:n1", "ok", refusal, "ok"}}, boundSource()
		client := proving(t, source, api)
		for range 4 {
			resp, _ := get(t, client, apiURL)
			require.Equal(t, 200, resp.StatusCode, refusal)
		}
		require.Equal(t, []string{"", "n1", "n1", "", ""}, api.nonces(), refusal)
		require.Empty(t, source.replaced, refusal)
		require.EqualValues(t, 1, client.Stats().NonceRetries, refusal)
	}
}

func TestC5_ANonceThatIsRefusedIsForgottenWithABodyThatIsLost(t *testing.T) {
	api, source := &wanting{t: t, responses: []string{"ok:n1", "proof", "ok"}}, boundSource()
	client := proving(t, source, api)
	get(t, client, apiURL)
	resp, err := client.Post(apiURL, "", hide(filler(65<<10)))
	require.NoError(t, err)
	require.Equal(t, 401, resp.StatusCode)
	require.Equal(t, "proof", readAll(t, resp))
	require.Empty(t, source.invalidated, "the token is not to blame")
	get(t, client, apiURL)
	require.Equal(t, []string{"", "n1", ""}, api.nonces())
}

// A response that is not about the proof is passed on as it arrives, also if it looks as if it could be.
func TestC3_ABodyThatStreamsIsNotWaitedFor(t *testing.T) {
	for _, text := range []string{`{"error":"invalid_request"}`, `{"error":{"code":"invalid_dpop_proof"}}`, `["invalid_dpop_proof"]`, ` `, `{"error":"invalid_dpop_proof"`} {
		synctest.Test(t, func(t *testing.T) {
			stalled, write := io.Pipe()
			go func() { _, _ = io.WriteString(write, text) }()
			sent, body := 0, &trackedBody{Reader: stalled}
			client := proving(t, boundSource(), roundTripper(func(req *http.Request) (*http.Response, error) {
				sent++
				resp := respond(req, 400, "")
				resp.Body, resp.ContentLength = body, -1
				resp.Header.Set("Content-Type", "application/json")
				return resp, nil
			}))
			resp, err := client.Get(apiURL)
			require.NoError(t, err)
			begin := make([]byte, len(text))
			_, err = io.ReadFull(resp.Body, begin)
			require.NoError(t, err)
			require.Equal(t, text, string(begin))
			require.Equal(t, 1, sent)
			require.NoError(t, stalled.Close())
			require.NoError(t, resp.Body.Close())
		})
	}
}

// Without proofs there is none to replace.
func TestC5_ARefusedProofOfAClientWithoutDPoPRejectsTheToken(t *testing.T) {
	source := boundSource()
	base := script(401, 200)
	base.header = http.Header{"Www-Authenticate": {`DPoP error="invalid_dpop_proof"`}}
	client := newClient(t, alf.Config{Manager: source, HTTPClient: &http.Client{Transport: base}})
	get(t, client, apiURL)
	require.Len(t, source.replaced, 1)
	require.Zero(t, client.Stats().NonceRetries)
}
