package server

import (
	"errors"
	"net/http"
)

// Client is what the authorization server has on record of its one client.
type Client struct {
	ID string
	// Method is how it authenticates.
	Method Method
	// DPoP says that its tokens are bound to a key, for which every request carries a proof (RFC 9449 section 5.2).
	DPoP bool
}

// Method is a way for the client to authenticate to the token endpoint: [Basic], [Post], [Assertion],
// [IssuedCertificate] or [PinnedCertificate].
type Method interface {
	// name is that in the server's metadata.
	name() string
	// refuse says why a request does not authenticate the client; nil: it does.
	refuse(r *http.Request, a *Auth) error
}

var (
	errOther = errors.New("it is another client's")
	errTwice = errors.New("the client authenticates in more than one way")
)

// authenticate says why a request is not the client's; nil: it is.
func (a *Auth) authenticate(r *http.Request) error {
	ways := 0
	for _, way := range []string{r.Header.Get("Authorization"), r.PostFormValue("client_secret"), r.PostFormValue("client_assertion")} {
		if way != "" {
			ways++
		}
	}
	if ways > 1 { // RFC 6749 section 2.3
		return errTwice
	}
	return a.client.Method.refuse(r, a)
}

// names reports whether the body says which client it is from, as it has to where nothing else does.
func (a *Auth) names(r *http.Request) bool { return r.PostFormValue("client_id") == a.client.ID }
