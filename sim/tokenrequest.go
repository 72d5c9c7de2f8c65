package sim

import (
	"bytes"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

const (
	grantType = "client_credentials"
	typeForm  = "application/x-www-form-urlencoded"
	// maxForm is far more than a token request can need.
	maxForm = 64 << 10
)

// readForm reads the whole body, and puts it back for a Respond. It has to be read before anything is waited for:
// net/http notices that a client has gone only when nothing of its request is left.
func readForm(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxForm+1))
	r.Body = io.NopCloser(bytes.NewReader(body))
	return body, err
}

// parseForm does what a handler's r.ParseForm does, without touching r, and returns what the RFC does not allow in it.
func parseForm(r *http.Request, body []byte) (url.Values, *oauthError) {
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case r.Method != http.MethodPost:
		return nil, &oauthError{http.StatusMethodNotAllowed, "invalid_request", "the method is not POST"}
	case err != nil || mediaType != typeForm:
		return nil, invalidRequest("the Content-Type is not " + typeForm)
	case len(body) > maxForm:
		return nil, invalidRequest("the body is too large")
	}
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, invalidRequest("the body is not a form")
	}
	return form, checkForm(r.URL.Query(), form)
}

func checkForm(query, form url.Values) *oauthError {
	for _, name := range []string{"grant_type", "client_id", "client_secret", "client_assertion", "scope"} {
		if query.Has(name) {
			return invalidRequest(name + " is in the address") // RFC 6749 section 2.3.1: it would end up in logs
		}
	}
	for name, values := range form {
		// RFC 6749 section 3.2; RFC 8707 section 2 and what is commonly done make exceptions.
		if len(values) > 1 && name != "resource" && name != "audience" {
			return invalidRequest("a parameter is there more than once")
		}
	}
	return nil
}

// checkGrant is about everything but the client.
func checkGrant(form url.Values) *oauthError {
	switch got := form.Get("grant_type"); {
	case got == "":
		return invalidRequest("there is no grant_type")
	case got != grantType:
		return &oauthError{http.StatusBadRequest, "unsupported_grant_type", "only " + grantType + " is supported"}
	case form.Has("scope") && !validScope(form.Get("scope")):
		return &oauthError{http.StatusBadRequest, "invalid_scope", "the scope is malformed"}
	}
	return nil
}

// validScope reads scope as RFC 6749 section 3.3 writes it: names of printable ASCII, single spaces between them.
func validScope(scope string) bool {
	forbidden := func(c rune) bool { return c < '!' || c > '~' || c == '"' || c == '\\' }
	return !slices.ContainsFunc(strings.Split(scope, " "), func(name string) bool {
		return name == "" || strings.ContainsFunc(name, forbidden)
	})
}
