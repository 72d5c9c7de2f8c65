package sim

import (
	"net/http"
	"net/url"
)

// client is the one the token endpoint knows. The secret is in a function, where fmt does not find it.
type client struct {
	id     string
	secret func() string
}

func newClient(id, secret string) client {
	return client{id, func() string { return secret }}
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

// presented is how a client authenticates. The method is named as in RFC 7591 section 2; "" if there was none.
type presented struct {
	client
	method string
}

const (
	basic = "client_secret_basic"
	post  = "client_secret_post"
)

// credentials reads what the request presents, in one of the two ways of RFC 6749 section 2.3.1.
func credentials(r *http.Request, form url.Values) (presented, *oauthError) {
	inHeader, inBody := r.Header.Values("Authorization"), form.Has("client_secret")
	switch {
	case len(inHeader) > 1:
		return presented{}, invalidRequest("there is more than one Authorization header")
	case len(inHeader) == 1 && inBody:
		return presented{}, invalidRequest("the client authenticates in two ways at once")
	case len(inHeader) == 1:
		return basicCredentials(r, form)
	case inBody:
		return presented{newClient(form.Get("client_id"), form.Get("client_secret")), post}, nil
	}
	return presented{client: newClient(form.Get("client_id"), "")}, nil
}

func basicCredentials(r *http.Request, form url.Values) (presented, *oauthError) {
	id, secret, ok := r.BasicAuth()
	if !ok {
		return presented{client: newClient("", ""), method: basic}, nil
	}
	id, idErr := url.QueryUnescape(id)
	secret, secretErr := url.QueryUnescape(secret)
	p := presented{newClient(id, secret), basic}
	switch {
	case idErr != nil || secretErr != nil:
		return presented{newClient(id, ""), basic}, nil
	case form.Has("client_id") && form.Get("client_id") != id:
		return p, invalidRequest("the client_id is not that of the Authorization header")
	}
	return p, nil
}
