package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

// signed is what a JWT looks like, be it an assertion, a proof or a token.
var signed = regexp.MustCompile(`eyJ[\w-]+\.[\w-]+\.[\w-]+`)

// tryWrongSecret has the server refuse the client, and looks at what that says.
func tryWrongSecret(t *testing.T, r *row) {
	cfg := r.Wrong()
	err := r.newClient(t, cfg).ask(t.Context())
	require.ErrorContains(t, err, r.Says)
	var endpoint *alf.EndpointError
	require.ErrorAs(t, err, &endpoint)
	var retrieve *oauth2.RetrieveError
	require.ErrorAs(t, err, &retrieve)
	require.GreaterOrEqual(t, endpoint.Status, 400)
	require.Equal(t, endpoint.Status, retrieve.Response.StatusCode)

	var secrets []string
	if cfg.ClientSecret != nil {
		secret, err := cfg.ClientSecret(t.Context())
		require.NoError(t, err)
		secrets = append(secrets, secret, url.QueryEscape(secret))
	}
	for _, e := range chain(err) {
		said, err := json.Marshal(e)
		require.NoError(t, err)
		for _, text := range []string{e.Error(), fmt.Sprintf("%+v %#v", e, e), string(said)} {
			require.NotRegexp(t, signed, text)
			for _, secret := range secrets {
				require.NotContains(t, text, secret)
			}
		}
	}
}

// chain is err with all that it wraps.
func chain(err error) []error {
	all := []error{err}
	if one := errors.Unwrap(err); one != nil {
		all = append(all, chain(one)...)
	}
	if many, ok := err.(interface{ Unwrap() []error }); ok {
		for _, one := range many.Unwrap() {
			all = append(all, chain(one)...)
		}
	}
	return all
}
