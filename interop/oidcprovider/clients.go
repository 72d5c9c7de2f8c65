package oidcprovider

import (
	"context"
	"crypto/tls"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// client is a client as it is registered.
type client struct {
	variant
	id          string
	dir         string // where its credentials are
	credentials credentials
}

// variant is an authentication method, and what else is special about a client.
type variant struct {
	method string
	alg    string // of the assertion; "" if there is none
	dpop   bool
	nonces bool // the proofs of DPoP have to hold one
	// discover: it is given the issuer; else the token endpoint
	discover bool
	// resource: it wants tokens for the resource; else opaque ones
	resource bool
}

// variants has each method alone, and with DPoP and nonces where those take another path through client or server.
var variants = []variant{
	{method: "client_secret_basic"},
	{method: "client_secret_post", discover: true},
	{method: "client_secret_jwt", alg: "HS256", discover: true},
	{method: "private_key_jwt", alg: "RS256", discover: true},
	{method: "private_key_jwt", alg: "PS256"},
	{method: "private_key_jwt", alg: "ES256", discover: true},
	{method: "private_key_jwt", alg: "EdDSA"},
	{method: "tls_client_auth", discover: true},
	{method: "tls_client_auth"},
	{method: "self_signed_tls_client_auth", discover: true},

	{method: "client_secret_basic", dpop: true, discover: true},
	{method: "client_secret_post", dpop: true},
	{method: "client_secret_jwt", alg: "HS256", dpop: true},
	{method: "private_key_jwt", alg: "ES256", dpop: true, discover: true},
	{method: "tls_client_auth", dpop: true, discover: true},
	{method: "self_signed_tls_client_auth", dpop: true},

	{method: "client_secret_basic", dpop: true, nonces: true},
	{method: "client_secret_post", dpop: true, nonces: true, discover: true},
	{method: "client_secret_jwt", alg: "HS256", dpop: true, nonces: true, discover: true},
	{method: "private_key_jwt", alg: "EdDSA", dpop: true, nonces: true, discover: true},
	{method: "tls_client_auth", dpop: true, nonces: true},
	{method: "self_signed_tls_client_auth", dpop: true, nonces: true, discover: true},

	{method: "client_secret_basic", resource: true, discover: true},
	{method: "private_key_jwt", alg: "ES256", dpop: true, nonces: true, resource: true},
	{method: "tls_client_auth", resource: true, discover: true},
}

// name lists what is special. The script goes by its end: those with nonces are asked for them.
func (v variant) name() string {
	name := v.method
	for _, special := range []struct {
		is   bool
		text string
	}{
		{v.alg != "", v.alg}, {v.discover, "discovery"}, {v.resource, "resource"}, {v.dpop, "DPoP"}, {v.nonces, "nonces"},
	} {
		if special.is {
			name += ", " + special.text
		}
	}
	return name
}

// mutualTLS is whether it shows a certificate.
func (v variant) mutualTLS() bool { return strings.HasSuffix(v.method, "tls_client_auth") }

// tokenURL is where it asks for tokens, unless it finds that out by itself.
func (v variant) tokenURL(s *Server) string {
	switch v.method {
	case "tls_client_auth":
		return s.NamedTokenURL()
	case "self_signed_tls_client_auth":
		return s.MutualTLSTokenURL()
	}
	return s.TokenURL()
}

// newCredentials makes a secret, key or certificate of the kind.
func (v variant) newCredentials(authority *certificate) (credentials, error) {
	switch v.method {
	case "private_key_jwt":
		return newKey(v.alg)
	case "tls_client_auth":
		return newCertificate(authority)
	case "self_signed_tls_client_auth":
		return newSelfSigned()
	}
	return newSecret()
}

// metadata is what the server knows about the client.
func (c *client) metadata() map[string]any {
	data := map[string]any{
		"client_id":                  c.id,
		"grant_types":                []string{"client_credentials"},
		"redirect_uris":              []string{},
		"response_types":             []string{},
		"token_endpoint_auth_method": c.method,
		"dpop_bound_access_tokens":   c.dpop,
		// The server lets a client insist on one of the two only.
		"tls_client_certificate_bound_access_tokens": c.mutualTLS() && !c.dpop,
	}
	if c.alg != "" {
		data["token_endpoint_auth_signing_alg"] = c.alg
	}
	maps.Copy(data, c.credentials.metadata)
	return data
}

const resourceServerID = "resource server:1"

// resourceServerMetadata is what the server knows about who may ask about tokens, and do nothing else.
func (s *Server) resourceServerMetadata() map[string]any {
	data := map[string]any{
		"client_id":                  resourceServerID,
		"grant_types":                []string{},
		"redirect_uris":              []string{},
		"response_types":             []string{},
		"token_endpoint_auth_method": "client_secret_basic",
	}
	maps.Copy(data, s.resourceServer.metadata)
	return data
}

// rightFile is where the client reads its credentials, and wrongFile has others, which the server does not know.
func (c *client) rightFile() string { return filepath.Join(c.dir, "right") }
func (c *client) wrongFile() string { return filepath.Join(c.dir, "wrong") }

// clientID is a name with characters in it that basic authentication has to escape.
func clientID(v variant) string { return "alf:" + strings.ReplaceAll(v.name(), ", ", "%") }

// makeClients makes a client of each variant.
func (s *Server) makeClients() error {
	for i, v := range variants {
		c := &client{variant: v, id: clientID(v), dir: filepath.Join(s.dir, strconv.Itoa(i))}
		if err := os.Mkdir(c.dir, 0o700); err != nil {
			return err
		}
		wrong, err := v.newCredentials(s.authority)
		if err != nil {
			return err
		}
		if c.credentials, err = v.newCredentials(s.authority); err != nil {
			return err
		}
		if err := replaceFile(c.wrongFile(), wrong.file); err != nil {
			return err
		}
		if err := replaceFile(c.rightFile(), c.credentials.file); err != nil {
			return err
		}
		s.clients = append(s.clients, c)
	}
	return nil
}

// rotate gives a client another secret, key or certificate.
func (s *Server) rotate(ctx context.Context, c *client) error {
	next, err := c.newCredentials(s.authority)
	if err != nil {
		return err
	}
	c.credentials = next
	if err := s.register(ctx, c.metadata()); err != nil {
		return err
	}
	return replaceFile(c.rightFile(), next.file)
}

// tls is how to trust the server.
func (s *Server) tls() *tls.Config { return &tls.Config{RootCAs: s.RootCAs()} }

// replaceFile writes a file in one step, for those who read it meanwhile.
func replaceFile(name string, content []byte) error {
	next := name + ".next"
	if err := os.WriteFile(next, content, 0o600); err != nil {
		return err
	}
	return os.Rename(next, name)
}

// says is what the server says to a client with wrong credentials.
const says = "client authentication failed"
