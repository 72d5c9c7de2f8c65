package fetcher_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
)

func TestM17_TheLifetimeCountsFromTheStartOfTheRequest(t *testing.T) {
	mock := clock.NewMock()
	mock.Set(time.Date(2026, 3, 14, 15, 0, 0, 0, time.UTC))
	start := mock.Now()
	cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
		mock.Set(start.Add(10 * time.Minute)) // a slow server
		return reply(200, good), nil
	}))
	cfg.Clock = mock
	require.Equal(t, start.Add(time.Hour), mustFetch(t, cfg).Expiry)
}

func TestM17_ARepeatedRequestCountsFromItsOwnStart(t *testing.T) {
	mock, asked, requests := clock.NewMock(), 0, 0
	start := mock.Now()
	server := accepting("new-one", &requests, 401)
	cfg := config(roundTripper(func(r *http.Request) (*http.Response, error) {
		mock.Set(mock.Now().Add(time.Minute))
		return server(r)
	}))
	cfg.Clock, cfg.ClientSecret = mock, secrets(&asked, "old-one", "new-one")
	require.Equal(t, start.Add(time.Minute+time.Hour), mustFetch(t, cfg).Expiry)
}

func TestM17_RetryAfterCountsFromTheResponse(t *testing.T) {
	mock := clock.NewMock()
	cfg := config(roundTripper(func(*http.Request) (*http.Response, error) {
		mock.Set(time.Unix(40, 0))
		return reply(503, "", "Retry-After", "Thu, 01 Jan 1970 00:01:00 GMT"), nil
	}))
	cfg.Clock = mock
	require.Equal(t, 20*time.Second, mustFail(t, cfg).RetryAfter())
}

func TestM2_TheExpiryIsByWallTime(t *testing.T) {
	// A monotonic reading, as the real clock has it, would show as "m=".
	token := mustFetch(t, config(always(200, good)))
	require.NotContains(t, token.Expiry.String(), "m=")
	require.WithinDuration(t, time.Now().Add(time.Hour), token.Expiry, 10*time.Minute)
}

// zero is a clock at the time that, as an Expiry, would mean "not given".
type zero struct{ clock.Clock }

func (zero) Now() time.Time { return time.Time{} }

// x/oauth2 takes 0, null and missing for "never expires". Here, 0 is a time
// that has passed, and only the absence of a lifetime is no time at all.
func TestPeerDefect13_NoLifetimeIsNotForever(t *testing.T) {
	mock := clock.NewMock()
	for members, want := range map[string]time.Time{
		`"expires_in":0`: mock.Now(), `"expires_in":"0"`: mock.Now(), `"expires_in":-7`: mock.Now(),
		`"expires_in":null`: {}, `"x":1`: {},
	} {
		cfg := config(always(200, with(members)))
		cfg.Clock = mock
		require.Equal(t, want, mustFetch(t, cfg).Expiry, members)
	}
	cfg := config(always(200, with(`"expires_in":0`)))
	cfg.Clock = zero{mock}
	require.False(t, mustFetch(t, cfg).Expiry.IsZero())
}

func TestM7_NoLifetimeGivenIsAZeroExpiry(t *testing.T) {
	var cfg fetcher.Config
	for _, body := range []string{`{"access_token":"tok-1"}`, with(`"expires_in":null`)} {
		cfg = config(always(200, body))
		require.True(t, mustFetch(t, cfg).Expiry.IsZero())
	}
}
