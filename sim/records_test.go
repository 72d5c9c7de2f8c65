package sim_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

func TestRecords_HaveTheRequestAndItsOutcome(t *testing.T) {
	everywhere(t, sim.Options{}, func(p *place) {
		began := p.clock.Now()
		token := p.fetch().Token
		p.wantStatus(token, http.StatusOK)
		p.wantStatus("unknown", http.StatusUnauthorized)

		asked := p.lastTokenRequest()
		require.False(p, asked.At.Before(began))
		require.Equal(p, "client-1", asked.ClientID)
		require.Equal(p, "client_secret_basic", asked.AuthMethod)
		require.Equal(p, "tea.buy", asked.Form.Get("scope"))
		require.Equal(p, http.StatusOK, asked.Status)
		require.Equal(p, 1, asked.Token)

		requests := p.Requests()
		require.Len(p, requests, 2)
		require.False(p, requests[0].At.Before(asked.At))
		require.Equal(p, "GET /orders/7", requests[0].Method+" "+requests[0].Path)
		require.Contains(p, p.api, requests[0].Host)
		require.Equal(p, []int{200, 401}, []int{requests[0].Status, requests[1].Status})
		require.Equal(p, []int{1, 0}, []int{requests[0].Token, requests[1].Token})

		require.Equal(p, sim.Stats{
			TokenRequests: 1, Tokens: 1, MostAtOnce: 1, Requests: 2, Unauthorized: 1, Refused: 1,
		}, p.Stats())
	})
}

func TestRecords_BelongToTheirCaller(t *testing.T) {
	visit(t, sim.Options{}, nil, inMemory, func(p *place) {
		p.fetch()
		first := p.TokenRequests()
		first[0].Form.Set("scope", "changed")
		first[0].Form["grant_type"][0] = "changed"
		require.Equal(p, "tea.buy", p.lastTokenRequest().Form.Get("scope"))
		require.Equal(p, "client_credentials", p.lastTokenRequest().Form.Get("grant_type"))
	})
}

func TestRecords_CountWhatTheAPIItselfRefuses(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })
	visit(t, sim.Options{API: api}, nil, inMemory, func(p *place) {
		p.wantStatus(p.Issue(time.Hour), http.StatusUnauthorized)
		require.Equal(p, sim.Stats{Tokens: 1, Requests: 1, Unauthorized: 1}, p.Stats())
	})
}

func TestRecords_AreBoundedAndTheCountsAreNot(t *testing.T) {
	const enough = 2*65_536 + 1
	s := sim.New(sim.Options{})
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	for range enough {
		s.ServeHTTP(nowhere{}, req)
	}
	require.Equal(t, enough, s.Stats().Requests)
	require.Len(t, s.Requests(), 65_537)
}

// nowhere is a response writer that costs nothing.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) WriteHeader(int)             {}
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

func TestM19_NeitherSecretNorTokenIsPrinted(t *testing.T) {
	const secret = "s3cret-s3cret"
	o := sim.Options{ClientID: "client-1", ClientSecret: secret}
	visit(t, o, nil, inMemory, func(p *place) {
		client := p.newClient()
		token, err := client.Token(p.Context())
		require.NoError(p, err)
		p.config.AuthStyle = alf.AuthPost
		posting := p.newClient()
		_, err = posting.Token(p.Context())
		require.NoError(p, err)
		require.Equal(p, "client_secret_post", p.lastTokenRequest().AuthMethod)

		type inside struct{ hidden *sim.Server }
		var printed string
		for _, v := range []any{o, &o, p.Server, p.TokenRequests(), p.Requests(), p.Stats(), inside{p.Server}} {
			for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
				printed += fmt.Sprintf(verb, v)
			}
			encoded, err := json.Marshal(v)
			require.NoError(p, err, "%T", v)
			printed += string(encoded)
		}
		require.Contains(p, printed, "sim.Server(sim)")
		require.NotContains(p, printed, secret)
		require.NotContains(p, printed, token.Value())
		require.NotContains(p, printed, "-2-", "the second token")
	})
}
