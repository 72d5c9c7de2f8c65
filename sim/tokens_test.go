package sim_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

func TestServer_IssuesTokensThatItsAPITakes(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		got := p.ask()
		first := p.parse(got)
		require.Equal(p, "no-store", got.header.Get("Cache-Control"))
		require.Equal(p, "Bearer", first.Type)
		require.EqualValues(p, "3600", first.ExpiresIn)
		require.Equal(p, "tea.buy", first.Scope)
		require.Regexp(p, `^sim-1-[0-9a-f]{24}$`, first.Token)

		second := p.fetch()
		require.NotEqual(p, first.Token, second.Token)
		p.wantStatus(first.Token, http.StatusOK)
		p.wantStatus(second.Token, http.StatusOK)
		require.Equal(p, `{"ok":true}`+"\n", p.get(second.Token).body)

		p.wantStatus("", http.StatusUnauthorized)
		require.Equal(p, sim.NoToken, p.lastRequest().Refusal)
		p.wantStatus(first.Token+"0", http.StatusUnauthorized)
		require.Equal(p, sim.Unknown, p.lastRequest().Refusal)
	})
}

func TestServer_TokensAreTheSameInEveryRunAndDifferentByName(t *testing.T) {
	value := func(name string) string { return sim.New(sim.Options{Name: name}).Issue(time.Hour) }
	require.Equal(t, value("a"), value("a"))
	require.NotEqual(t, value("a"), value("b"))

	visit(t, sim.Options{Name: "a"}, nil, inMemory, func(p *place) {
		require.Equal(p, "https://api.a.test", p.api)
		p.wantStatus(value("b"), http.StatusUnauthorized)
		require.Equal(p, sim.Unknown, p.lastRequest().Refusal)
	})
}

func TestSetLifetime_TheAPIRefusesATokenFromItsExpiryOn(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		long := p.fetch().Token
		p.SetLifetime(tick)
		short := p.fetch()
		require.EqualValues(p, "0.005", short.ExpiresIn)
		p.pass(tick)
		p.wantStatus(short.Token, http.StatusUnauthorized)
		require.Equal(p, sim.Expired, p.lastRequest().Refusal)
		require.Equal(p, 2, p.lastRequest().Token)
		p.wantStatus(long, http.StatusOK)
	})
}

func TestSetLifetime_HowItIsSpelled(t *testing.T) {
	for life, want := range map[time.Duration]string{
		90*time.Second + 999*time.Millisecond: "90",
		time.Second:                           "1",
		250 * time.Millisecond:                "0.25",
		0:                                     "0",
		-time.Minute:                          "-60",
	} {
		visit(t, sim.Options{Lifetime: time.Minute}, nil, inMemory, func(p *place) {
			p.SetLifetime(life)
			require.EqualValues(p, want, p.fetch().ExpiresIn)
		})
	}
}

func TestRevoke_RefusesEverythingIssuedSoFar(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		first, second := p.fetch().Token, p.fetch().Token
		p.Revoke()
		third := p.fetch().Token
		p.wantStatus(first, http.StatusUnauthorized)
		p.wantStatus(second, http.StatusUnauthorized)
		require.Equal(p, sim.Revoked, p.lastRequest().Refusal)
		p.wantStatus(third, http.StatusOK)
	})
}

func TestRevokeToken_RefusesThatOne(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		first, second := p.fetch().Token, p.fetch().Token
		require.True(p, p.RevokeToken(first))
		require.False(p, p.RevokeToken("unknown"))
		p.wantStatus(first, http.StatusUnauthorized)
		p.wantStatus(second, http.StatusOK)
	})
}

func TestRollKeys_TheAPILagsBehind(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		before := p.fetch().Token
		p.RollKeys(time.Hour)
		after := p.fetch().Token
		p.wantStatus(before, http.StatusOK)
		p.wantStatus(after, http.StatusUnauthorized)
		require.Equal(p, sim.UnknownKey, p.lastRequest().Refusal)

		p.RollKeys(tick)
		last := p.fetch().Token
		p.pass(tick)
		p.wantStatus(before, http.StatusUnauthorized)
		require.Equal(p, sim.UnknownKey, p.lastRequest().Refusal)
		p.wantStatus(after, http.StatusUnauthorized)
		p.wantStatus(last, http.StatusOK)

		p.RollKeys(0)
		p.wantStatus(last, http.StatusUnauthorized)
		p.wantStatus(p.fetch().Token, http.StatusOK)
	})
}

func TestRepeat_HandsOutTheSameTokenUntilItExpires(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.Repeat(true)
		first := p.fetch().Token
		require.Equal(p, first, p.fetch().Token)
		require.Equal(p, 1, p.lastTokenRequest().Token)
		p.Revoke()
		require.Equal(p, first, p.fetch().Token, "revoked, but not expired")
		require.Equal(p, 1, p.Stats().Tokens)

		other := p.parse(p.do(p.tokenRequest(p.Context(), "coffee.buy"))).Token
		require.NotEqual(p, first, other, "another scope")

		p.Repeat(false)
		p.SetLifetime(tick)
		brief := p.fetch().Token
		require.NotEqual(p, first, brief)
		p.Repeat(true)
		p.pass(tick)
		require.NotEqual(p, brief, p.fetch().Token, "expired")
	})
}

func TestRepeat_ReturnsTheRemainingLifetime(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.Repeat(true)
		p.fetch()
		p.pass(tick)
		left, err := p.fetch().ExpiresIn.Int64()
		require.NoError(p, err)
		require.Less(p, left, int64(3600))
	})
}

func TestIssue_MakesATokenWithoutARequest(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.wantStatus(p.Issue(time.Hour), http.StatusOK)
		p.wantStatus(p.Issue(-1), http.StatusUnauthorized)
		require.Equal(p, sim.Stats{Tokens: 2, Requests: 2, Unauthorized: 1, Refused: 1}, p.Stats())
	})
}
