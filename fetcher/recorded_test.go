package fetcher_test

import (
	"encoding/json"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
)

// recorded is a response of a real server that issues no token, and what the error has to say.
type recorded struct {
	Server, Case string
	Style        string
	Status       int
	Header       map[string]string
	Body         string

	Says        []string
	Credentials bool // they may have been refused
	Permanent   bool
	RetryAfter  int `json:"retry_after"` // seconds
}

func TestF9_RecordedResponsesOfServers(t *testing.T) {
	content, err := os.ReadFile("testdata/recorded.json")
	require.NoError(t, err)
	var all []recorded
	require.NoError(t, json.Unmarshal(content, &all))
	mock := clock.NewMock()
	mock.Set(cfgNow)
	for _, r := range all {
		t.Run(r.Server+", "+r.Case, func(t *testing.T) {
			var header []string
			for name, value := range r.Header {
				header = append(header, name, value)
			}
			cfg := config(always(r.Status, r.Body, header...))
			if r.Style != "" {
				cfg, _ = signing(t, cfg.TokenRequest.Transport)
				require.Equal(t, r.Style, cfg.AuthStyle.String())
			} else {
				cfg.ClientSecret = fetcher.Secret("plain")
			}
			cfg.Clock = mock
			e := mustFail(t, cfg)
			for _, says := range r.Says {
				require.ErrorContains(t, e, says)
			}
			require.Equal(t, r.Permanent, e.Permanent())
			require.Equal(t, time.Duration(r.RetryAfter)*time.Second, e.RetryAfter())
			require.Equal(t, r.Credentials, errors.Is(e, fetcher.ErrCredentials))
		})
	}
}
