package alf_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// lagging is an API that takes a token only some time after another API does: its cache of keys does not have the new
// key yet, or its clock is behind the token's iat.
type lagging struct {
	name string
	rate float64       // requests a second
	lag  time.Duration // until it takes the token
	// ofKey says that the time counts from the first use of the new key, else from the issue of each token.
	ofKey   bool
	fetches int           // at most, the first one included
	late    time.Duration // how long after its lag the API may still be sent a token that it rejects
}

// TestM13_AnAPIThatTakesNewTokensLate is what findings/keyfunc-second-rotation.sh, go-verifiers-no-second-look.sh and
// jwx-iat-ahead.sh show. No token is to blame: fetching others delays, or does nothing.
func TestM13_AnAPIThatTakesNewTokensLate(t *testing.T) {
	const rotation = 2 * time.Minute
	for _, tc := range []lagging{
		// keyfunc asks for keys once in five minutes; jwx and go-jwt-middleware keep theirs for one to fifteen.
		{name: "one minute without the key", rate: 2, lag: time.Minute, ofKey: true, fetches: 2 + 8},
		{name: "five minutes without the key", rate: 2, lag: 5 * time.Minute, ofKey: true, fetches: 2 + 8 + 5},
		{name: "five minutes without the key, few requests", rate: 0.5, lag: 5 * time.Minute, ofKey: true, fetches: 2 + 8 + 5},
		{name: "fifteen minutes without the key", rate: 2, lag: 15 * time.Minute, ofKey: true, fetches: 2 + 8 + 15},
		// A token that is younger than the API's clock is behind. Each fetch makes it younger.
		{name: "a clock one second behind", rate: 2, lag: time.Second, fetches: 2 + 8, late: 5 * time.Second},
		{name: "a clock two seconds behind", rate: 2, lag: 2 * time.Second, fetches: 2 + 8, late: 10 * time.Second},
		{name: "a clock two seconds behind, few requests", rate: 0.5, lag: 2 * time.Second, fetches: 2 + 8, late: 10 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			c := newClocked(t)
			late := c.api(func(_ *http.Request, token issuance) bool {
				switch since := c.clk.Since(c.start); {
				case !tc.ofKey:
					return c.clk.Since(token.at) < tc.lag
				case token.at.Sub(c.start) < rotation:
					return false // the old key
				default:
					return since < rotation+tc.lag
				}
			})
			prompt := c.api(func(*http.Request, issuance) bool { return false })
			p := c.process()
			c.send(p, "late", late, tc.rate, 0, 5)
			c.send(p, "prompt", prompt, tc.rate, 0, 5)
			c.at(rotation, c.endpoint.revoke) // as a rotation in an emergency does
			c.run(rotation + tc.lag + 2*time.Minute)

			require.Zero(t, p.count("prompt", refused), "the other API is served throughout")
			require.NotZero(t, p.count("late", refused), "the API does lag")
			end := rotation + tc.lag + tc.late
			require.Zero(t, p.count("late", func(r clockedResponse) bool { return refused(r) && r.at+r.took >= end }), "served from then on")
			require.Zero(t, p.count("late", func(r clockedResponse) bool {
				return refused(r) && r.at > tc.lag+tc.late && r.at+r.took < rotation
			}), "served until the rotation")
			require.LessOrEqual(t, c.endpoint.fetches(), tc.fetches)
			require.LessOrEqual(t, p.longest(), 2*aWait)
			t.Logf("requests %d, 401s %d, fetches %d, longest wait %v",
				p.count("late", all)+p.count("prompt", all), p.count("late", refused), c.endpoint.fetches(), p.longest())
		})
	}
}
