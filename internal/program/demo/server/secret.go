package server

import (
	"errors"
	"net/http"
	"net/url"
)

// Basic is a client that sends its secret by HTTP Basic.
type Basic struct {
	Secret string
	// Raw says that id and secret come as they are, and not form-encoded as RFC 6749 section 2.3.1 has it.
	Raw bool
}

// Post is a client that sends its secret in the body.
type Post struct{ Secret string }

var errSecret = errors.New("that is not the client's secret")

func (Basic) name() string { return "client_secret_basic" }

func (b Basic) refuse(r *http.Request, a *Auth) error {
	id, secret, _ := r.BasicAuth()
	if !b.Raw {
		var idErr, secretErr error
		id, idErr = url.QueryUnescape(id)
		secret, secretErr = url.QueryUnescape(secret)
		if err := errors.Join(idErr, secretErr); err != nil {
			return err
		}
	}
	return compare(id == a.client.ID, secret == b.Secret)
}

func (Post) name() string { return "client_secret_post" }

func (p Post) refuse(r *http.Request, a *Auth) error {
	return compare(a.names(r), r.PostFormValue("client_secret") == p.Secret)
}

func compare(sameClient, sameSecret bool) error {
	switch {
	case !sameClient:
		return errOther
	case !sameSecret:
		return errSecret
	}
	return nil
}
