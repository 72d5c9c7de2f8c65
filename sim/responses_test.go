package sim_test

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

func TestRespondOnce_IsTheNextResponse(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.RespondOnce(http.StatusServiceUnavailable, http.Header{"Retry-After": {"7"}}, "gone fishing")
		p.RespondOnce(http.StatusOK, nil, `{"access_token":"other"}`)
		first, second := p.ask(), p.ask()
		require.Equal(p, http.StatusServiceUnavailable, first.status)
		require.Equal(p, "7", first.header.Get("Retry-After"))
		require.Equal(p, "gone fishing", first.body)
		require.Equal(p, `{"access_token":"other"}`, second.body)
		p.fetch()

		var statuses []int
		for _, r := range p.TokenRequests() {
			statuses = append(statuses, r.Status)
		}
		require.Equal(p, []int{503, 200, 200}, statuses)
	})
}

func TestRespondOnce_CanBreakOff(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.RespondOnce(http.StatusOK, http.Header{"Content-Length": {"1000"}}, `{"access_tok`)
		require.ErrorIs(p, p.ask().err, io.ErrUnexpectedEOF)
		p.fetch()
	})
}

func TestRespond_IsUsedSoManyTimesAndSeesTheRequest(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.Respond(0, func(http.ResponseWriter, *http.Request) { panic("not for anybody") })
		p.Respond(2, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprintf(w, `{"access_token":%q,"expires_in":"60","for":%q}`, p.Issue(time.Minute), r.FormValue("scope"))
		})
		for range 2 {
			got := p.ask()
			require.Contains(p, got.body, `"for":"tea.buy"`)
			p.wantStatus(p.parse(got).Token, http.StatusOK)
		}
		require.EqualValues(p, "3600", p.fetch().ExpiresIn)
	})
}

func TestRespond_CanCloseTheConnection(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		p.Respond(1, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
		require.ErrorIs(p, p.ask().err, io.EOF)
		require.Zero(p, p.lastTokenRequest().Status)
		p.fetch()
	})
}

func TestRejectAll_RespondsToEverythingWith401(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		token := p.fetch().Token
		p.RejectAll(true)
		p.wantStatus(token, http.StatusUnauthorized)
		require.Equal(p, sim.Rejected, p.lastRequest().Refusal)
		p.RejectAll(false)
		p.wantStatus(token, http.StatusOK)
	})
}

func TestSetChallenge_ReplacesTheHeadersOf401s(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		challenges := func(token string) []string { return p.get(token).header.Values("WWW-Authenticate") }
		require.Equal(p, []string{`Bearer error="invalid_token"`}, challenges("expired"))
		require.Equal(p, []string{"Bearer"}, challenges(""))
		p.SetChallenge(`Basic realm="x"`, "Negotiate")
		require.Equal(p, []string{`Basic realm="x"`, "Negotiate"}, challenges("expired"))
		p.SetChallenge()
		require.Empty(p, challenges("expired"))
	})
}
