package fetcher_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"
)

func TestF5_Responses(t *testing.T) {
	for _, c := range responseTable {
		t.Run(c.name, func(t *testing.T) {
			mock := clock.NewMock()
			requests := 0
			status := c.status
			if status == 0 {
				status = http.StatusOK
			}
			cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
				requests++
				return reply(status, c.body, c.header...), nil
			}))
			cfg.Clock = mock
			if c.config != nil {
				c.config(&cfg)
			}
			tok, err := newFetcher(t, cfg).Fetch(context.Background())
			require.Equal(t, 1, requests)
			if c.fail != "" {
				e := requireError(t, tok, err)
				require.ErrorContains(t, err, c.fail)
				require.Equal(t, c.permanent, e.Permanent())
				require.Equal(t, c.retry, e.RetryAfter())
				require.Equal(t, c.code, e.Code)
				require.Equal(t, status, e.Status)
				require.NotContains(t, everything(t, err), "tok-")
				if status < 400 {
					require.Empty(t, e.Body)
				}
				return
			}
			require.NoError(t, err)
			require.Equal(t, "tok-1", tok.AccessToken)
			require.Empty(t, tok.RefreshToken)
			wantType := "Bearer"
			if c.tokenType != "" {
				wantType = c.tokenType
			}
			require.Equal(t, wantType, tok.TokenType)
			requireLife(t, c.life, mock.Now(), tok.Expiry)
			for name, want := range c.extra {
				require.Equal(t, want, tok.Extra(name), name)
			}
		})
	}
}

func requireLife(t *testing.T, life time.Duration, start, expiry time.Time) {
	t.Helper()
	switch life {
	case unknownLife:
		require.True(t, expiry.IsZero())
	case noLife:
		require.Equal(t, start, expiry)
	case 0:
		require.Equal(t, start.Add(hour), expiry)
	default:
		require.Equal(t, start.Add(life), expiry)
	}
}
