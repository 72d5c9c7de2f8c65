package sim_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// Orders is a service that uses the client: it takes an *http.Client, and knows nothing of tokens. The tests below are
// how its author finds out what happens to it when tokens end and servers fail. They are meant to be copied.
type Orders struct {
	client *http.Client
	url    string
}

var errOrder = errors.New("the order was not taken")

// Place orders an item.
func (o Orders) Place(ctx context.Context, item string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, o.url+"/orders", strings.NewReader(item))
	if err != nil {
		return err
	}
	resp, err := o.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if said, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || string(said) != item {
		return fmt.Errorf("%w: %s", errOrder, resp.Status)
	}
	return nil
}

func TestDocuments_ShowATestThatIsRun(t *testing.T) {
	this, err := os.ReadFile("service_test.go")
	require.NoError(t, err)
	for file, indent := range map[string]string{"../docs/testing.md": "", "doc.go": "//\t"} {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		_, shown, found := strings.Cut(string(content), indent+"func TestOrders")
		require.True(t, found, file)
		shown, _, found = strings.Cut(shown, "\n"+indent+"}\n")
		require.True(t, found, file)
		shown = strings.ReplaceAll(strings.ReplaceAll(shown, "\n"+indent, "\n"), "\n//\n", "\n\n")
		require.Contains(t, string(this), "\nfunc TestOrders"+shown+"\n}\n", file)
	}
}

// inBubble runs a test on a service with a server and a clock of its own. Time passes when everyone waits for it: hours
// take milliseconds.
func inBubble(t *testing.T, o sim.Options, test func(t *testing.T, server *sim.Server, orders Orders)) {
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(o)
		client, err := alf.New(server.Config())
		require.NoError(t, err)
		defer client.Close()
		test(t, server, Orders{client.HTTPClient(), server.APIURL()})
	})
}

// This one is in docs/testing.md and in the package's documentation as well, word for word.
func TestOrdersOutliveTheirToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := sim.New(sim.Options{Lifetime: time.Hour})
		client, err := alf.New(server.Config())
		require.NoError(t, err)
		defer client.Close()
		orders := Orders{client.HTTPClient(), server.APIURL()} // your service

		require.NoError(t, orders.Place(t.Context(), "tea"))
		time.Sleep(3 * time.Hour) // of the bubble's time: no token lives that long
		require.NoError(t, orders.Place(t.Context(), "more tea"))
		require.Zero(t, server.Stats().Unauthorized) // refreshed, not rejected

		server.Revoke()
		require.NoError(t, orders.Place(t.Context(), "even more tea"))
		require.Equal(t, 1, server.Stats().Unauthorized) // rejected once, and retried
	})
}

func TestUserService_RunsADayOnOneTokenAtATime(t *testing.T) {
	inBubble(t, sim.Options{Latency: 300 * time.Millisecond}, func(t *testing.T, server *sim.Server, orders Orders) {
		for range 24 * 60 {
			require.NoError(t, orders.Place(t.Context(), "tea"))
			time.Sleep(time.Minute)
		}
		require.Zero(t, server.Stats().Unauthorized)
		require.Equal(t, 1, server.Stats().MostAtOnce)
		require.InDelta(t, 24/0.75, server.Stats().TokenRequests, 1)
	})
}

// A hundred orders are on their way when the token is revoked: all succeed, at the price of one token request.
func TestUserService_WorksThroughARevocationUnderLoad(t *testing.T) {
	inBubble(t, sim.Options{}, func(t *testing.T, server *sim.Server, orders Orders) {
		require.NoError(t, orders.Place(t.Context(), "tea"))
		server.SetAPILatency(time.Second)
		server.SetLatency(time.Second)
		before := server.Stats()

		failures := placeMany(t, orders, 100)
		time.Sleep(time.Second / 2)
		server.Revoke()
		require.Empty(t, failures())

		after := server.Stats()
		require.Equal(t, 1, after.TokenRequests-before.TokenRequests)
		require.Equal(t, 100, after.Unauthorized-before.Unauthorized)
		require.Equal(t, 200, after.Requests-before.Requests)
	})
}

// placeMany places so many orders at once. What it returns waits for them all.
func placeMany(t *testing.T, orders Orders, n int) (failures func() []error) {
	var (
		all    sync.WaitGroup
		mu     sync.Mutex
		failed []error
	)
	for range n {
		all.Go(func() {
			if err := orders.Place(t.Context(), "tea"); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, err)
			}
		})
	}
	return func() []error {
		all.Wait()
		return failed
	}
}

// The token endpoint is away for 10 minutes just when the token is refreshed. No caller notices.
func TestUserService_DoesNotNoticeAShortOutage(t *testing.T) {
	inBubble(t, sim.Options{Lifetime: time.Hour}, func(t *testing.T, server *sim.Server, orders Orders) {
		for minute := range 120 {
			if minute == 40 {
				server.GoDown(10 * time.Minute)
			}
			began := time.Now()
			require.NoError(t, orders.Place(t.Context(), "tea"))
			require.Zero(t, time.Since(began), "no caller waits, in minute %d", minute)
			time.Sleep(time.Minute)
		}
		require.Zero(t, server.Stats().Unauthorized)
		refreshes := server.TokenRequests()[1:]
		require.Zero(t, refreshes[0].Status, "the outage came at the right time")
	})
}

// The token endpoint is away for longer than the token lives. Orders are refused, soon or at once and with the reason,
// at little cost to the endpoint; and taken again soon after it is back.
func TestUserService_RecoversFromALongOutage(t *testing.T) {
	inBubble(t, sim.Options{Lifetime: time.Hour}, func(t *testing.T, server *sim.Server, orders Orders) {
		require.NoError(t, orders.Place(t.Context(), "tea"))
		server.GoDown(0)
		time.Sleep(time.Hour)

		asked := server.Stats().TokenRequests
		began := time.Now()
		err := orders.Place(t.Context(), "tea")
		var noToken *alf.TokenError
		require.ErrorAs(t, err, &noToken)
		require.Less(t, time.Since(began), time.Second, "three attempts, close together")

		began = time.Now()
		for range 100 {
			require.ErrorAs(t, orders.Place(t.Context(), "tea"), &noToken)
		}
		require.Zero(t, time.Since(began), "refused at once")
		require.Equal(t, 3, server.Stats().TokenRequests-asked)
		require.Equal(t, 1, server.Stats().Requests, "none was sent without a token")

		server.Up()
		time.Sleep(time.Until(noToken.NextAttempt))
		require.NoError(t, orders.Place(t.Context(), "tea"))
	})
}

// The token endpoint takes requests and never responds. A caller without time to wait need not.
func TestUserService_KeepsItsDeadlinesWhenTheEndpointHangs(t *testing.T) {
	inBubble(t, sim.Options{}, func(t *testing.T, server *sim.Server, orders Orders) {
		server.Hang(0)
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		require.ErrorIs(t, orders.Place(ctx, "tea"), context.DeadlineExceeded)
		require.Equal(t, 100*time.Millisecond, time.Since(began))
		server.Up()
		require.NoError(t, orders.Place(t.Context(), "tea"))
		require.Equal(t, 1, server.Stats().TokenRequests)
	})
}

// New keys reach the API five minutes late. Tokens from before serve until then, and the first refusal replaces them.
func TestUserService_WorksThroughAKeyRollOver(t *testing.T) {
	inBubble(t, sim.Options{}, func(t *testing.T, server *sim.Server, orders Orders) {
		require.NoError(t, orders.Place(t.Context(), "tea"))
		server.RollKeys(5 * time.Minute)
		for range 30 {
			require.NoError(t, orders.Place(t.Context(), "tea"))
			time.Sleep(time.Minute)
		}
		require.Equal(t, 1, server.Stats().Unauthorized)
		require.Equal(t, 2, server.Stats().TokenRequests)
	})
}

// An API that rejects everything keeps its 401s, and the token endpoint gets few requests.
func TestUserService_DoesNotHammerWhenTheAPIRejectsAll(t *testing.T) {
	inBubble(t, sim.Options{}, func(t *testing.T, server *sim.Server, orders Orders) {
		server.RejectAll(true)
		for range 600 {
			require.ErrorIs(t, orders.Place(t.Context(), "tea"), errOrder)
			time.Sleep(100 * time.Millisecond)
		}
		require.Less(t, server.Stats().TokenRequests, 10)
	})
}

// The real client through every form of the server, on every clock.
func TestUserService_RecoversInEveryForm(t *testing.T) {
	everywhere(t, sim.Options{ClientID: "shop:1", ClientSecret: "p+w"}, func(p *place) {
		orders := Orders{p.newClient().HTTPClient(), p.api}
		require.Empty(p, placeMany(p.T, orders, 50)())
		require.Equal(p, 1, p.Stats().TokenRequests)
		p.Revoke()
		require.Empty(p, placeMany(p.T, orders, 50)())
		require.Equal(p, 2, p.Stats().TokenRequests)
		require.Equal(p, 1, p.Stats().MostAtOnce)
		require.Equal(p, "shop:1", p.lastTokenRequest().ClientID)
	})
}
