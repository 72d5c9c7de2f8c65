package interop

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"sync/atomic"
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
	if r.SaysStatus != 0 {
		require.Equal(t, r.SaysStatus, endpoint.Status)
	} else {
		require.GreaterOrEqual(t, endpoint.Status, 400)
	}
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
	tryCorrectedSecret(t, r)
}

// tryCorrectedSecret has the client's secret corrected while the server refuses it (F4): it is read again after the
// refusal, whatever that looks like, and the same attempt goes on with it.
func tryCorrectedSecret(t *testing.T, r *row) {
	cfg := r.Config()
	if cfg.ClientSecret == nil {
		return
	}
	wrong, right := r.Wrong().ClientSecret, cfg.ClientSecret
	var reads atomic.Int64
	cfg.ClientSecret = func(ctx context.Context) (string, error) {
		if reads.Add(1) == 1 {
			return wrong(ctx)
		}
		return right(ctx)
	}
	c := r.newClient(t, cfg)
	require.NoError(t, c.ask(t.Context()))
	require.EqualValues(t, 2, reads.Load())
	require.EqualValues(t, 1, c.Stats().Fetches)
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
