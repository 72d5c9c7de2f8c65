package sim_test

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// as is a token request of a client, for audiences.
func (p *place) as(id, secret string, audiences ...string) reply {
	form := url.Values{"grant_type": {"client_credentials"}, "audience": audiences}
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.Server.TokenURL(), strings.NewReader(form.Encode()))
	require.NoError(p, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(id, secret)
	return do(&http.Client{Transport: p.RoundTripper()}, req)
}

func inTheBubble(t *testing.T, o sim.Options, test func(p *place)) {
	synctest.Test(t, func(t *testing.T) { visit(t, o, nil, inMemory, test) })
}

func TestManyClients_EachHasItsSecret(t *testing.T) {
	inTheBubble(t, sim.Options{ClientID: "first", ClientSecret: "1"}, func(p *place) {
		p.AddClient("second", "2")
		p.AddClient("third", "")
		for _, c := range []struct {
			id, secret string
			status     int
		}{
			{"first", "1", 200}, {"first", "2", 401}, {"second", "2", 200}, {"second", "1", 401}, {"third", "whatever", 200}, {"third", "", 401},
			{"fourth", "1", 401},
		} {
			got := p.as(c.id, c.secret)
			require.Equal(t, c.status, got.status, "%s with %q: %s", c.id, c.secret, got.body)
		}
		p.AddClient("second", "new")
		require.Equal(t, 401, p.as("second", "2").status)
		require.Equal(t, 200, p.as("second", "new").status)
		p.RemoveClient("second")
		require.Equal(t, 401, p.as("second", "new").status)
	})
	inTheBubble(t, sim.Options{}, func(p *place) {
		require.Equal(t, 200, p.as("anyone", "any").status)
		p.AddClient("one", "1")
		require.Equal(t, 401, p.as("anyone", "any").status, "from the first one on, they are those that are known")
	})
}

func TestSelection_ConcernsNoOther(t *testing.T) {
	inTheBubble(t, sim.Options{}, func(p *place) {
		a := p.Client("a")
		a.RespondOnce(503, http.Header{"X-From": {"test"}}, "busy")
		require.Equal(t, 200, p.as("b", "s").status)
		first := p.as("a", "s")
		require.Equal(t, 503, first.status)
		require.Equal(t, "test", first.header.Get("X-From"))
		require.Equal(t, 200, p.as("a", "s").status)

		a.GoDown(time.Minute)
		require.Error(t, p.as("a", "s").err)
		require.Equal(t, 200, p.as("b", "s").status)
		time.Sleep(time.Minute)
		require.Equal(t, 200, p.as("a", "s").status)

		a.Hang(time.Minute)
		began := time.Now()
		require.Equal(t, 200, p.as("b", "s").status)
		require.Zero(t, time.Since(began))
		require.Equal(t, 200, p.as("a", "s").status)
		require.Equal(t, time.Minute, time.Since(began))

		a.SetLatency(time.Second)
		began = time.Now()
		p.as("b", "s")
		require.Zero(t, time.Since(began))
		p.as("a", "s")
		require.Equal(t, time.Second, time.Since(began))

		a.GoDown(0)
		p.Up() // of the server as a whole
		require.Error(t, p.as("a", "s").err)
		a.Respond(3, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(418) })
		a.Up()
		require.Equal(t, 200, p.as("a", "s").status)
		p.GoDown(0)
		require.Error(t, p.as("a", "s").err, "what was set for all holds for it too")
	})
}

func TestSelection_TheMostParticularOneCounts(t *testing.T) {
	inTheBubble(t, sim.Options{Lifetime: time.Hour}, func(p *place) {
		const stock, orders = "https://stock.example.com", "https://orders.example.com"
		p.Client("a").SetLifetime(20 * time.Minute)
		p.Audience(stock).SetLifetime(10 * time.Minute)
		p.Client("a").Audience(stock).SetLifetime(5 * time.Minute)
		for _, c := range []struct {
			client, audience, life string
		}{{"b", orders, "3600"}, {"b", stock, "600"}, {"a", orders, "1200"}, {"a", stock, "300"}} {
			require.Equal(t, c.life, p.parse(p.as(c.client, "s", c.audience)).ExpiresIn.String(), "%s, %s", c.client, c.audience)
		}
		require.Equal(t, "300", p.parse(p.as("a", "s", orders, stock)).ExpiresIn.String(), "one of two audiences")
		require.Equal(t, p.Audience(stock).Client("a"), p.Client("a").Audience(stock))
		require.Equal(t, "client a, audience "+stock, p.Client("a").Audience(stock).String())
		require.Equal(t, "client a", p.Client("a").String())
		require.Equal(t, "audience "+stock, p.Audience(stock).String())
	})
}

func TestHold_AsksForAPause(t *testing.T) {
	inTheBubble(t, sim.Options{}, func(p *place) {
		p.Client("a").Hold(90 * time.Second)
		time.Sleep(500 * time.Millisecond)
		held := p.as("a", "s")
		require.Equal(t, 429, held.status)
		require.Equal(t, "90", held.header.Get("Retry-After"))
		require.Contains(t, held.body, "slow_down")
		require.Equal(t, 200, p.as("b", "s").status)
		time.Sleep(90 * time.Second)
		require.Equal(t, 200, p.as("a", "s").status)
		p.Hold(time.Minute)
		require.Equal(t, 429, p.as("b", "s").status)
		p.Hold(0)
		require.Equal(t, 200, p.as("b", "s").status)
		p.Hold(time.Minute)
		p.Up()
		require.Equal(t, 200, p.as("b", "s").status)
	})
}

func TestSelection_RevokesAndRecords(t *testing.T) {
	inTheBubble(t, sim.Options{}, func(p *place) {
		const stock, orders = "https://stock.example.com", "https://orders.example.com"
		of := func(client, audience string) string { return p.parse(p.as(client, "s", audience)).Token }
		aStock, aOrders, bStock := of("a", stock), of("a", orders), of("b", stock)
		p.Audience(stock).Client("a").Revoke()
		p.wantStatus(aStock, 401)
		p.wantStatus(aOrders, 200)
		p.wantStatus(bStock, 200)
		require.Equal(t, "b", p.lastRequest().ClientID)
		require.Equal(t, []string{stock}, p.lastRequest().Audience)
		p.Audience(stock).Revoke()
		p.wantStatus(bStock, 401)
		p.wantStatus(aOrders, 200)

		require.Len(t, p.Client("a").TokenRequests(), 2)
		require.Len(t, p.Audience(stock).TokenRequests(), 2)
		require.Len(t, p.Client("b").Audience(orders).TokenRequests(), 0)
		require.Equal(t, []string{orders}, p.Client("a").TokenRequests()[1].Audience)
		require.Len(t, p.Client("b").Requests(), 2)
		require.Len(t, p.Audience(orders).Requests(), 2)
		require.Len(t, p.Requests(), 5)
	})
}

func TestCheckAudience(t *testing.T) {
	inTheBubble(t, sim.Options{CheckAudience: true}, func(p *place) {
		get := func(host, token string) int {
			req, err := http.NewRequest(http.MethodGet, "https://"+host+"/items", nil)
			require.NoError(t, err)
			req.Header.Set("Authorization", "Bearer "+token)
			return p.do(req).status
		}
		of := func(audiences ...string) string { return p.parse(p.as("a", "s", audiences...)).Token }
		require.Equal(t, 200, get("stock.example.com", of("https://stock.example.com")))
		require.Equal(t, 200, get("stock.example.com", of("stock.example.com")))
		require.Equal(t, 200, get("stock.example.com", of("https://orders.example.com", "https://stock.example.com/v2")))
		require.Equal(t, 200, get("stock.example.com", p.fetch().Token), "it is for no audience in particular")
		require.Equal(t, 401, get("stock.example.com", of("https://orders.example.com")))
		require.Equal(t, sim.OtherAudience, p.lastRequest().Refusal)
	})
}

// TestPoolConfig: a pool of tenants, of which one is held and one has a wrong secret. The others do not notice.
func TestPoolConfig(t *testing.T) {
	inTheBubble(t, sim.Options{Lifetime: time.Hour}, func(p *place) {
		for _, id := range []string{"a", "b", "c"} {
			p.AddClient(id, "secret of "+id)
		}
		pool, err := alf.NewPool(p.PoolConfig())
		require.NoError(t, err)
		defer pool.Close()
		get := func(tenant string) error {
			resp, err := pool.Client(alf.Target{Tenant: tenant}).Get(p.APIURL())
			if err == nil {
				resp.Body.Close()
				require.Equal(t, 200, resp.StatusCode)
			}
			return err
		}
		p.Client("a").Hold(5 * time.Minute)
		var refused *alf.EndpointError
		require.ErrorAs(t, get("a"), &refused)
		require.Equal(t, 429, refused.Status)
		for range 10 {
			time.Sleep(10 * time.Second)
			require.Error(t, get("a"))
			require.NoError(t, get("b"))
			require.NoError(t, get("c"))
		}
		require.Len(t, p.Client("a").TokenRequests(), 1)
		require.Len(t, p.Client("b").TokenRequests(), 1)
		require.Len(t, p.Client("b").Requests(), 10)
		time.Sleep(5 * time.Minute)
		require.NoError(t, get("a"))

		p.AddClient("c", "another one") // the tenant's configuration has it at the next fetch
		p.Client("c").Revoke()
		require.NoError(t, get("c"))
		err = get("d")
		require.ErrorContains(t, err, `there is no client "d"`)
		var tenant *alf.TenantError
		require.True(t, errors.As(err, &tenant))
	})
}

func TestPoolConfig_AsDocumented(t *testing.T) {
	clk := clock.NewMock()
	server := sim.New(sim.Options{Clock: clk, CheckAudience: true})
	server.AddClient("north", "secret of north")
	server.AddClient("south", "secret of south")
	pool, err := alf.NewPool(server.PoolConfig()) // its tenants are the server's clients

	server.Client("south").Hold(10 * time.Minute) // 429 with a Retry-After: north does not notice
	server.Client("south").Audience("https://stock.example.com").SetLifetime(time.Minute)
	requests := server.Client("south").TokenRequests()

	require.NoError(t, err)
	defer pool.Close()
	require.Empty(t, requests)
	_, err = pool.Client(alf.Target{Tenant: "south"}).Token(t.Context())
	require.ErrorContains(t, err, "429")
	_, err = pool.Client(alf.Target{Tenant: "north"}).Token(t.Context())
	require.NoError(t, err)
	clk.Add(10 * time.Minute)
	token, err := pool.Client(alf.Target{Tenant: "south", Audience: []string{"https://stock.example.com"}}).Token(t.Context())
	require.NoError(t, err)
	require.Equal(t, time.Minute, token.Expiry().Sub(clk.Now()))
	require.Len(t, server.Client("south").TokenRequests(), 2)
}

func TestPoolConfig_OverASocket(t *testing.T) {
	p := &place{T: t, Server: sim.New(sim.Options{})}
	onSocket(p)
	pool, err := alf.NewPool(p.PoolConfig())
	require.NoError(t, err)
	defer pool.Close()
	resp, err := pool.Client(alf.Target{Tenant: "anyone"}).Get(p.APIURL())
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, "anyone", p.lastRequest().ClientID)
}
