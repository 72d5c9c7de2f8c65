package fetcher

import (
	"context"
	"net/http"
	"strings"

	"github.com/alf-go/alf/internal/wire"
)

// failure is what was observed in an exchange that brought no token. Decisions within an attempt are made on it. The
// error is built from it when the attempt has ended; see errorbuilder.go.
type failure struct {
	stage stage
	// endpoint is nil if none was known yet.
	endpoint *endpoint
	// credentials are those that were used or, for unread, as far as they could be read.
	credentials *credentials
	// secrets are what no error may show, beside those of credentials and of the configuration.
	secrets []string
	// err is what was in the way, for all stages before a response.
	err error
	// part names what could not be read, for unread.
	part string
	// ctxErr and ctxCause are those of the context when the exchange ended; nil if that had not ended.
	ctxErr, ctxCause error
	// response is nil if none arrived.
	response *response
	refusal  refusal
	// problem is why a successful response is no token.
	problem *responseError
	// nonce is what the response had for the next DPoP proof; "" if nothing.
	nonce string
	// sentNonce is what the request's proof contained; "" if it had no nonce, or there was no proof.
	sentNonce string
	// hint, if it is set, takes the place of the one that would follow from the rest.
	hint *message
}

// stage is how far an exchange came.
type stage int

const (
	// unread: the credentials could not be read.
	unread stage = iota
	// unsent: the request could not be made.
	unsent
	// broken: the exchange ended without a whole response.
	broken
	// refused: the response is an error, by its status or its content.
	refused
	// unusable: the response is successful, but no token, or no metadata.
	unusable
)

func (f *failure) at(s stage, err error) *failure {
	f.stage, f.err = s, err
	return f
}

func (f *failure) because(problem *responseError) *failure {
	f.stage, f.problem = unusable, problem
	return f
}

// broken notes why there is no whole response, and whether the context had ended.
func (f *failure) broken(ctx context.Context, err error) *failure {
	if ctx != nil && ctx.Err() != nil {
		f.ctxErr, f.ctxCause = ctx.Err(), context.Cause(ctx)
	}
	return f.at(broken, err)
}

func (f *failure) status() int {
	if f.response == nil {
		return 0
	}
	return f.response.status
}

// The OAuth errors on which an attempt decides.
const (
	invalidClient      = "invalid_client"
	invalidGrant       = "invalid_grant"
	unauthorizedClient = "unauthorized_client"
	accessDenied       = "access_denied"
	invalidScope       = "invalid_scope"
	invalidTarget      = "invalid_target"
	useDPoPNonce       = "use_dpop_nonce"
)

// concernsCredentials reports whether other credentials might have been accepted. Servers disagree about how they say
// so: Keycloak and osin refuse a wrong secret as unauthorized_client, glewlwyd with an empty 403.
func (f *failure) concernsCredentials() bool {
	if f.stage != refused {
		return false
	}
	switch code := f.refusal.code; {
	case code == invalidGrant, code == unauthorizedClient, code == accessDenied, namesCredentials(code):
		return true
	case code == useDPoPNonce:
		return false
	}
	return f.status() == http.StatusUnauthorized || f.status() == http.StatusForbidden || f.concernsAssertion()
}

// concernsAssertion reports whether the server names the client assertion in a refusal that is no invalid_client, such
// as fosite's jti_known for one that came before.
func (f *failure) concernsAssertion() bool {
	if f.credentials == nil || !f.credentials.assert || f.refusal.code == invalidScope || f.refusal.code == invalidTarget {
		return false
	}
	if f.saysReused() {
		return true
	}
	said := strings.ToLower(f.refusal.code + " " + f.refusal.description)
	if aboutProof(said) {
		return false
	}
	return strings.Contains(said, "assertion") || strings.Contains(said, "jwt") || strings.Contains(said, "jti")
}

// aboutProof reports whether a text is about a DPoP proof, which is a JSON Web Token with a jti as well.
func aboutProof(said string) bool {
	return strings.Contains(said, "proof") || strings.Contains(said, "dpop")
}

// namesCredentials reports whether a code is invalid_client or what some servers have in its place: GitHub's
// incorrect_client_credentials, Salesforce's invalid_client_id.
func namesCredentials(code string) bool {
	code = strings.ToLower(code)
	for _, word := range []string{"client", "credential", "secret"} {
		if strings.Contains(code, word) {
			return true
		}
	}
	return false
}

// wantsNonce reports whether the server asks for the request again, with its nonce (RFC 9449 section 8). Some call a
// proof invalid whose nonce has expired, and send the next one.
func (f *failure) wantsNonce() bool {
	return f.stage == refused && f.nonce != "" &&
		(f.refusal.code == useDPoPNonce || f.refusal.code == invalidDPoPProof && f.nonce != f.sentNonce)
}

// nonceIsUnwanted reports whether the nonce may be why the proof was refused, and no other came: a server that has
// stopped using nonces refuses every proof with one.
func (f *failure) nonceIsUnwanted() bool {
	return f.stage == refused && f.refusal.code == invalidDPoPProof && f.sentNonce != "" && f.nonce == ""
}

// saysReused reports whether the server says that an assertion came before: fosite with a code of its own, others in
// words.
func (f *failure) saysReused() bool {
	said := strings.ToLower(f.refusal.description)
	if aboutProof(said) {
		return false
	}
	for _, words := range []string{"reuse", "replay", "only be used once"} {
		if strings.Contains(said, words) {
			return true
		}
	}
	return f.refusal.code == "jti_known" || strings.Contains(said, "jti") && strings.Contains(said, "already")
}

// trouble reports whether the endpoint did not work (E2).
func (f *failure) trouble() bool {
	status := f.status()
	return f.stage == broken || status >= http.StatusInternalServerError || status == http.StatusRequestTimeout
}

// permanent reports whether trying again soon is pointless (M10).
func (f *failure) permanent() bool {
	switch f.stage {
	case unsent:
		return isPermanent(f.err)
	case refused:
		// One of several nodes asks for its own nonce: another one may accept that of the next attempt.
		return !f.wantsNonce() && wire.Permanent(f.status(), f.refusal.code)
	case unusable:
		return f.problem.permanent
	}
	return false
}
