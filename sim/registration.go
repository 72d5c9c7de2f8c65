package sim

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
)

// Registration is what the server has on record of a client (RFC 7591 section 2): how it has to authenticate, and what
// it may request. [Server.Configure] makes one from the client's own configuration; [Server.Register] takes one that a
// test has written.
//
// It prints without the secret, as long as it is in no unexported field of another struct.
type Registration struct {
	// ClientID is the client identifier (RFC 6749 section 2.2). Required.
	ClientID string
	// AuthStyle is how the client authenticates, and the only way that is accepted of it. Default: alf.AuthBasic.
	AuthStyle alf.AuthStyle
	// Secret is that of the styles that have one, made up for the test: this is no place for a real one.
	Secret string `json:"-"`
	// Keys are the public keys that verify assertions, any of them: several while a key is being replaced. They are
	// required for alf.AuthPrivateKeyJWT. For alf.AuthExternalAssertion they are those of the party that makes the
	// assertions; without any, the signature is not verified.
	Keys []crypto.PublicKey
	// Algorithm is what assertions must be signed with. Empty: HS256 for alf.AuthSecretJWT, else any that suits the
	// key.
	Algorithm string
	// Issuer, Subject and Audience are what the assertion of alf.AuthExternalAssertion must name; all are required. For
	// the other styles with an assertion only Audience has a meaning: it is accepted beside the server's issuer and the
	// address of the token endpoint (RFC 7523 section 3).
	Issuer, Subject, Audience string
	// Certificate is the client's own: the one that alf.AuthSelfSignedTLS has to present (RFC 8705 section 2.2), or
	// that the header of an assertion of alf.AuthPrivateKeyJWT has to name.
	Certificate *x509.Certificate
	// Authorities are those of which one has to have issued the certificate that alf.AuthTLS presents, and SubjectDN is
	// the subject in it, as pkix.Name.String writes it (RFC 8705 section 2.1). Both are required for that style. A
	// certificate that is not valid yet is accepted: bubbles begin in the year 2000, and mocks in 1970.
	Authorities *x509.CertPool
	SubjectDN   string
	// DPoP says that all tokens of the client are bound to a key, so that a token request without a proof is refused
	// (RFC 9449 section 5.2). A client without it may send a proof all the same, and gets a token that is bound then.
	DPoP bool
	// Scopes are those that it may request, and Audiences the values of "audience" and "resource"; others are refused
	// with invalid_scope and invalid_target (RFC 6749 section 5.2, RFC 8707 section 2). Nil: any.
	Scopes, Audiences []string
}

// Register makes a client known, in place of what was registered under the same id before: so keys, certificates and
// secrets are rotated. From the first client on, those that were neither registered nor added are refused. The error
// joins an *[alf.FieldError] for every field that makes no sense.
func (s *Server) Register(r Registration) error {
	c, err := r.client()
	if err == nil {
		s.set(func() {
			s.clients.remove(r.ClientID)
			s.clients.byID[r.ClientID] = c
		})
	}
	return err
}

// client is the one that is registered.
func (r Registration) client() (client, error) {
	if err := r.validate(); err != nil {
		return client{}, err
	}
	r.Keys, r.Scopes, r.Audiences = slices.Clone(r.Keys), slices.Clone(r.Scopes), slices.Clone(r.Audiences)
	c := newClient(r.ClientID, r.Secret)
	r.Secret = ""
	c.registered = &r
	return c, nil
}

// Format prints who the client is, whatever the verb.
func (r Registration) Format(f fmt.State, _ rune) {
	fmt.Fprintf(f, "sim.Registration{ClientID:%q AuthStyle:%v DPoP:%v REDACTED}", r.ClientID, r.AuthStyle, r.DPoP)
}

func (r *Registration) validate() error {
	var p problems
	if r.ClientID == "" {
		p.add("ClientID", "missing", "set the id that the client sends")
	}
	if _, err := r.AuthStyle.MarshalText(); err != nil {
		p.add("AuthStyle", fmt.Sprintf("%d does not exist", int(r.AuthStyle)), "use one of alf's constants")
	}
	for _, field := range []struct {
		name, remedy string
		set, needed  bool
	}{
		{"Secret", "make one up", r.Secret != "", r.hasSecret()},
		{"Keys", "list the public key of the client", len(r.Keys) > 0, r.AuthStyle == alf.AuthPrivateKeyJWT},
		{"Issuer", `name the "iss" of its assertions`, r.Issuer != "", r.AuthStyle == alf.AuthExternalAssertion},
		{"Subject", `name the "sub" of its assertions`, r.Subject != "", r.AuthStyle == alf.AuthExternalAssertion},
		{"Audience", `name the "aud" of its assertions`, r.Audience != "", r.AuthStyle == alf.AuthExternalAssertion},
		{"Certificate", "set the one that it presents", r.Certificate != nil, r.AuthStyle == alf.AuthSelfSignedTLS},
		{"Authorities", "set a pool with the authority that issues its certificates", r.Authorities != nil, r.AuthStyle == alf.AuthTLS},
		{"SubjectDN", "set the subject of its certificate, such as CN=orders", r.SubjectDN != "", r.AuthStyle == alf.AuthTLS},
	} {
		if field.needed && !field.set {
			p.add(field.name, fmt.Sprintf("missing, with AuthStyle %v", r.AuthStyle), field.remedy)
		}
	}
	for i, key := range r.Keys {
		if len(algorithmsOf(key)) == 0 {
			p.add(fmt.Sprintf("Keys[%d]", i), fmt.Sprintf("a %T verifies nothing", key), "use the public key: an *rsa.PublicKey, *ecdsa.PublicKey or ed25519.PublicKey")
		}
	}
	return p.of("Registration")
}

func (r *Registration) hasSecret() bool {
	switch r.AuthStyle {
	case alf.AuthBasic, alf.AuthBasicRaw, alf.AuthPost, alf.AuthSecretJWT:
		return true
	}
	return false
}

// algorithms are what an assertion may be signed with. Naming them keeps a public key from being taken for a secret.
func (r *Registration) algorithms() []string {
	switch {
	case r.Algorithm != "":
		return []string{r.Algorithm}
	case r.AuthStyle == alf.AuthSecretJWT:
		return []string{"HS256"}
	case len(r.Keys) == 0:
		return anyAlgorithm
	}
	var all []string
	for _, key := range r.Keys {
		for _, algorithm := range algorithmsOf(key) {
			if !slices.Contains(all, algorithm) {
				all = append(all, algorithm)
			}
		}
	}
	return all
}

// anyAlgorithm lists those of package keys.
var anyAlgorithm = []string{
	string(keys.RS256), string(keys.RS384), string(keys.RS512), string(keys.PS256), string(keys.PS384), string(keys.PS512),
	string(keys.ES256), string(keys.ES384), string(keys.ES512), string(keys.EdDSA), string(keys.Ed25519),
}

// secretAlgorithms are those that a secret signs with.
var secretAlgorithms = []string{"HS256", "HS384", "HS512"}

// problems are what is wrong with the fields of a struct, all reported at once.
type problems []error

func (p *problems) add(field, problem, remedy string) {
	*p = append(*p, &alf.FieldError{Field: field, Problem: problem, Remedy: remedy})
}

// of returns the problems of a struct as one error; nil if there are none.
func (p problems) of(name string) error {
	if len(p) == 0 {
		return nil
	}
	return fmt.Errorf("sim: unusable %s:\n%w", name, errors.Join(p...))
}
