package server

import (
	"encoding/json"
	"net/http"
)

const (
	tokenPath    = "/token"
	metadataPath = "/.well-known/oauth-authorization-server" // RFC 8414 section 3
)

// metadata says what the server is and accepts. It does so during an outage, too, which is one of the token endpoint
// alone.
func (a *Auth) metadata(w http.ResponseWriter, _ *http.Request) {
	a.read.Add(1)
	document := map[string]any{
		"issuer":                                a.Issuer(),
		"token_endpoint":                        a.TokenURL(),
		"grant_types_supported":                 []string{grantType},
		"token_endpoint_auth_methods_supported": []string{a.client.Method.name()},
	}
	if method, ok := a.client.Method.(Assertion); ok {
		document["token_endpoint_auth_signing_alg_values_supported"] = []string{string(method.Algorithm)}
	}
	if a.client.DPoP {
		document["dpop_signing_alg_values_supported"] = proofAlgorithms
	}
	if a.certificate != nil {
		document["tls_client_certificate_bound_access_tokens"] = true
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(document)
}
