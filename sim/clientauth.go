package sim

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf"
)

// client is one that the token endpoint knows. The secret is in a function, where fmt does not find it.
type client struct {
	id     string
	secret func() string
	// registered is its Registration, without the secret. Nil: the client may send its secret in the header or in the
	// body.
	registered *Registration
}

func newClient(id, secret string) client {
	return client{id: id, secret: func() string { return secret }}
}

// sample returns what the client would authenticate with.
func (c client) sample() (id, secret string) {
	id, secret = c.id, c.secret()
	if id == "" {
		id = "sim-client"
	}
	if secret == "" {
		secret = "sim-secret"
	}
	return id, secret
}

// accepts reports whether these are the client's. An id and a secret are required in any case.
func (c client) accepts(p presented) bool {
	secret := c.secret()
	return p.id != "" && p.secret() != "" && (c.id == "" || c.id == p.id) && (secret == "" || secret == p.secret())
}

// presented is how a client authenticates. The method is named as in RFC 7591 section 2; "" if the request has none.
type presented struct {
	id     string
	secret func() string
	method string
}

func newPresented(id, secret, method string) presented {
	return presented{id, func() string { return secret }, method}
}

const (
	basic     = "client_secret_basic"
	post      = "client_secret_post"
	assertion = "client_assertion" // not in RFC 7591: the client's registration says what kind of one
)

// credentials reads what the request presents: a secret in one of the two ways of RFC 6749 section 2.3.1, or an
// assertion (RFC 7521 section 4.2). A certificate is not part of the request.
func (s *Server) credentials(r *http.Request, form url.Values) (presented, *oauthError) {
	inHeader := r.Header.Values("Authorization")
	ways := len(inHeader)
	for _, parameter := range []string{"client_secret", "client_assertion"} {
		if form.Has(parameter) {
			ways++
		}
	}
	switch {
	case len(inHeader) > 1:
		return presented{}, invalidRequest("there is more than one Authorization header")
	case ways > 1: // RFC 6749 section 2.3
		return presented{}, invalidRequest("the client authenticates in more than one way")
	case len(inHeader) == 1:
		return s.basicCredentials(r, form)
	case form.Has("client_secret"):
		return newPresented(form.Get("client_id"), form.Get("client_secret"), post), nil
	case form.Has("client_assertion"):
		return newPresented(assertingClient(form), "", assertion), nil
	}
	return newPresented(form.Get("client_id"), "", ""), nil
}

// assertingClient is the client that an assertion is from: client_id may be missing (RFC 7521 section 4.2).
func assertingClient(form url.Values) string {
	if form.Has("client_id") {
		return form.Get("client_id")
	}
	token, err := parseJWT(form.Get("client_assertion"), slices.Concat(anyAlgorithm, secretAlgorithms))
	if err != nil {
		return ""
	}
	claims, _ := token.claims()
	return claims.Subject
}

func (s *Server) basicCredentials(r *http.Request, form url.Values) (presented, *oauthError) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return newPresented("", "", basic), nil
	}
	if !s.sendsRaw(addressOf(r), id) {
		var idErr, secretErr error
		id, idErr = url.QueryUnescape(id)
		secret, secretErr = url.QueryUnescape(secret)
		if idErr != nil || secretErr != nil {
			return newPresented(id, "", basic), nil
		}
	}
	p := newPresented(id, secret, basic)
	if form.Has("client_id") && form.Get("client_id") != id {
		return p, invalidRequest("the client_id is not that of the Authorization header")
	}
	return p, nil
}

// sendsRaw reports whether a client sends its id and secret as they are.
func (s *Server) sendsRaw(address, id string) (raw bool) {
	s.set(func() {
		c, ok := s.clients.find(address, id)
		raw = ok && c.registered != nil && c.registered.AuthStyle == alf.AuthBasicRaw
	})
	return raw
}

// authenticate says why a request is from no client that is known; nil: it is from the one that is returned.
func (s *Server) authenticate(r *http.Request, form url.Values, p presented) (client, error) {
	var c client
	var known bool
	s.set(func() { c, known = s.clientOf(addressOf(r), p.id) })
	switch {
	case !known:
		return c, errors.New("the client id or secret is wrong: there is no such client")
	case c.registered == nil && p.method != basic && p.method != post:
		return c, errors.New("the client does not authenticate by its secret")
	case c.registered == nil && !c.accepts(p):
		return c, errors.New("the client id or secret is wrong")
	case c.registered == nil:
		return c, nil
	}
	style := c.registered.AuthStyle
	if want := methodOf(style); p.method != want {
		return c, fmt.Errorf("the client is registered for %v alone", style)
	}
	switch style {
	case alf.AuthTLS, alf.AuthSelfSignedTLS:
		return c, s.checkCertificate(r, c)
	case alf.AuthSecretJWT, alf.AuthPrivateKeyJWT, alf.AuthExternalAssertion:
		return c, s.checkAssertion(r, form, c)
	}
	if p.secret() != c.secret() {
		return c, errors.New("that is not the client's secret")
	}
	return c, nil
}

// methodOf is what a request presents whose client authenticates in a style.
func methodOf(style alf.AuthStyle) string {
	switch style {
	case alf.AuthBasic, alf.AuthBasicRaw:
		return basic
	case alf.AuthPost:
		return post
	case alf.AuthSecretJWT, alf.AuthPrivateKeyJWT, alf.AuthExternalAssertion:
		return assertion
	}
	return "" // a certificate is presented by the connection
}

// recordedMethod is the name under which a request's way of authenticating is recorded.
func (s *state) recordedMethod(r *http.Request, p presented) string {
	c, known := s.clientOf(addressOf(r), p.id)
	matches := known && c.registered != nil && methodOf(c.registered.AuthStyle) == p.method
	if matches && (p.method == assertion || p.method == "" && len(presentedChain(r)) > 0) {
		return c.registered.AuthStyle.String()
	}
	return p.method
}

// mayRequest says what a client requests that it may not; nil: nothing.
func (c client) mayRequest(form url.Values) *oauthError {
	if c.registered == nil {
		return nil
	}
	for _, scope := range strings.Fields(form.Get("scope")) {
		if c.registered.Scopes != nil && !slices.Contains(c.registered.Scopes, scope) {
			return &oauthError{http.StatusBadRequest, "invalid_scope", "the client may not request the scope " + scope}
		}
	}
	for _, audience := range audiencesOf(form) {
		if c.registered.Audiences != nil && !slices.Contains(c.registered.Audiences, audience) {
			return &oauthError{http.StatusBadRequest, "invalid_target", "the client may not request a token for " + audience}
		}
	}
	return nil
}

// audiencesOf are the values of the parameters "audience" and "resource" (RFC 8707), in order.
func audiencesOf(form url.Values) []string { return slices.Concat(form["audience"], form["resource"]) }
