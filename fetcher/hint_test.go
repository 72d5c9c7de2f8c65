package fetcher_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/fetcher"
)

// Servers have the oddest responses for a client they do not want.
func TestF1_HintsForARefusedClient(t *testing.T) {
	const reserved, plain = "a/b+c==", "abc"
	const decode = "the client id or secret has reserved characters, which are sent form-encoded: " +
		"if the server does not decode them, use AuthStyle client_secret_basic_raw, or client_secret_post"
	const raw = "the client id or secret has reserved characters, which are sent as they are: " +
		"if the server decodes them, use AuthStyle client_secret_basic, or client_secret_post"
	const post = "if id and secret are right, the server may want AuthStyle client_secret_post"
	for name, c := range map[string]struct {
		style  fetcher.AuthStyle
		secret string
		status int
		body   string
		want   string
	}{
		"invalid_client":                   {fetcher.Basic, plain, 401, `{"error":"invalid_client"}`, post},
		"401 and nothing else":             {fetcher.Basic, plain, 401, "", post},
		"403 and nothing else":             {fetcher.Basic, plain, 403, "", post + "; or the server refuses the grant, the scopes or this address for the client: it does not say which"},
		"the name of the status":           {fetcher.Basic, plain, 401, `{"error":"Unauthorized","status":401}`, post},
		"invalid_grant":                    {fetcher.Basic, plain, 400, `{"error":"invalid_grant"}`, post},
		"reserved":                         {fetcher.Basic, reserved, 400, `{"error":"invalid_grant"}`, decode},
		"reserved, raw":                    {fetcher.BasicRaw, reserved, 401, `{"error":"invalid_client"}`, raw},
		"reserved, a server that stumbles": {fetcher.Basic, reserved, 500, `{"error":"server_error"}`, decode},
		"reserved, one without a code":     {fetcher.Basic, reserved, 500, "<html>", decode},
		"reserved, raw, a bare percent":    {fetcher.BasicRaw, reserved, 400, `{"error":"invalid_request"}`, raw},
		"a server that fails":              {fetcher.Basic, plain, 500, `{"error":"server_error"}`, ""},
		"an invalid request":               {fetcher.Basic, reserved, 400, `{"error":"invalid_request"}`, ""},
		"not allowed":                      {fetcher.Basic, plain, 400, `{"error":"unauthorized_client"}`, "the client may not use the client credentials grant or its AuthStyle, or, at some servers, ClientID or ClientSecret is wrong: check these first, then have the grant enabled"},
		"another page":                     {fetcher.Basic, plain, 404, `{"status":404,"error":"Not Found"}`, "is TokenURL the token endpoint?"},
		"post":                             {fetcher.Post, reserved, 401, `{"error":"invalid_client"}`, "if id and secret are right, the server may want AuthStyle client_secret_basic"},
	} {
		cfg := config(always(c.status, c.body))
		cfg.AuthStyle, cfg.ClientSecret = c.style, fetcher.Secret(c.secret)
		require.Equal(t, c.want, mustFail(t, cfg).Hint, name)
	}
}

func TestF1_TheAudienceComesFirstIfTheServerTalksAboutIt(t *testing.T) {
	cfg, _ := signing(t, always(401, `{"error":"invalid_client","error_description":"Claim 'aud' must match"}`))
	require.Contains(t, mustFail(t, cfg).Hint, `set Assertion.Audience to the server's issuer if the server wants that instead of "https://idp.example.com/token"; else: is the public key`)
	s := issuingAt(oauthPath, document(nil))
	s.responses["/token"] = reply(401, `{"error":"invalid_client"}`)
	cfg.TokenURL, cfg.Issuer, cfg.TokenRequest.Transport = "", issuer, s
	require.Contains(t, mustFail(t, cfg).Hint, `Or set Assertion.Audience to "issuer" if the server wants that instead of "https://login.example.com/token"`)
	cfg.Assertion.Audience = fetcher.AudienceIssuer
	require.Contains(t, mustFail(t, cfg).Hint, `Or set Assertion.Audience to "token_endpoint" if the server wants that instead of "`+issuer+`"`)
}

func TestC2_WordsOfServersThatKnowNoOAuthErrors(t *testing.T) {
	for body, want := range map[string]string{
		`{"message":"Too many of them"}`:                                `400 Bad Request: "Too many of them"`,
		`{"error":{"code":400,"message":"Expecting JSON"}}`:             `400 Bad Request: "Expecting JSON"`,
		`{"title":"Bad","detail":"no such tenant","status":400}`:        `400 Bad Request: "no such tenant"`,
		`{"error":"Bad Request","message":"grant_type is not allowed"}`: `400 Bad Request`,
		`{"message":{"no":"text"}}`:                                     `400 Bad Request`,
	} {
		require.ErrorContains(t, mustFail(t, config(always(400, body))), want)
	}
}

// fosite and others accept an assertion once, and say so in different words.
func TestF1_HintsForAnAssertionThatCameTwice(t *testing.T) {
	const signed = "the server has seen this assertion before, and each attempt signs another: " +
		"does a proxy or an HTTP library beneath this client send the request twice?"
	const external = "the server accepts an assertion once: Assertion.Source has to return another one for every token"
	for _, c := range []struct {
		status int
		body   string
		want   bool
	}{
		{400, `{"error":"jti_known","error_description":"The jti was already used."}`, true},
		{401, `{"error":"invalid_client","error_description":"client assertion tokens must only be used once"}`, true},
		{401, `{"error":"invalid_client","error_description":"Token reuse detected"}`, true},
		{401, `{"error":"invalid_client","error_description":"The jti was already used"}`, true},
		{401, `{"error":"invalid_client","error_description":"The assertion has no jti"}`, false},
		{401, `{"error":"invalid_client"}`, false},
	} {
		cfg, _ := signing(t, always(c.status, c.body))
		hint := mustFail(t, cfg).Hint
		require.Equal(t, c.want, hint == signed, "%s: %s", c.body, hint)
		cfg = config(always(c.status, c.body))
		cfg.ClientSecret, cfg.AuthStyle = nil, fetcher.ExternalAssertion
		cfg.Assertion.Source = fetcher.Secret("an.external.assertion")
		hint = mustFail(t, cfg).Hint
		require.Equal(t, c.want, hint == external, "%s: %s", c.body, hint)
		cfg = config(always(c.status, c.body))
		require.NotContains(t, mustFail(t, cfg).Hint, "assertion", "it sends none")
	}
}

// oidc-provider refuses a proof that came twice as invalid_grant.
func TestF1_InvalidGrantMayBeAboutTheProof(t *testing.T) {
	const proof = "; or the server refuses the DPoP proof: does a proxy or an HTTP library beneath this client send the request twice?"
	refusing := always(400, `{"error":"invalid_grant","error_description":"grant request is invalid"}`)
	cfg := config(refusing)
	require.NotContains(t, mustFail(t, cfg).Hint, "DPoP")
	without := mustFail(t, cfg).Hint
	cfg.DPoP = new(dpop.Prover)
	require.Equal(t, without+proof, mustFail(t, cfg).Hint)
	cfg.TokenRequest.Transport = always(401, `{"error":"invalid_client"}`)
	require.NotContains(t, mustFail(t, cfg).Hint, "DPoP")
}
