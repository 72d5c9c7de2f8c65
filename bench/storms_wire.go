package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"github.com/alf-go/alf"
)

// What is on the wire between a client and its token endpoint, in memory.
const (
	tokenURL = "https://auth.example.com/token"
	evilHost = "evil.example.com"
	secret   = "correct-horse-battery-staple"
)

// wire is a token endpoint that is spoken to in HTTP.
type wire struct {
	e      *endpoint
	handle func(req *http.Request) (status int, header, body string) // header: a Location
	leaked int                                                       // secrets and tokens that reached evilHost
}

// RoundTrip is the token endpoint, and whatever a client is led to from there.
func (w *wire) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		b, err := io.ReadAll(req.Body)
		req.Body.Close()
		if err != nil {
			return nil, err
		}
		body = string(b)
	}
	if req.URL.Host == evilHost {
		if req.Header.Get("Authorization") != "" || strings.Contains(body, secret) {
			w.leaked++
		}
		return respond(req, http.StatusUnauthorized), nil
	}
	w.e.set(func(e *endpoint) { e.fetches++ })
	status, location, text := w.handle(req)
	resp := respond(req, status)
	resp.Header.Set("Content-Type", "application/json")
	if location != "" {
		resp.Header.Set("Location", location)
	}
	resp.Body = io.NopCloser(strings.NewReader(text))
	return resp, nil
}

// wired is a client built from an endpoint's address, an id and a secret, as users build it.
type wired struct {
	source
	carrier
	wire  *wire
	token func(ctx context.Context) (any, error) // as the library hands it out
	build func(id string) *wired                 // another one, of the same make
}

// wiredLibraries are those that speak to a token endpoint themselves.
var wiredLibraries = []string{theClient.name, xoauth2.name}

// overTheWire makes sources that speak to an endpoint which responds like that.
func overTheWire(handle func(req *http.Request) (status int, location, body string)) map[string]func(*endpoint, tuning) source {
	return map[string]func(*endpoint, tuning) source{
		theClient.name: func(e *endpoint, _ tuning) source { return wireAlf(&wire{e: e, handle: handle}, "client", middle) },
		xoauth2.name:   func(e *endpoint, _ tuning) source { return wireOAuth2(&wire{e: e, handle: handle}, "client") },
	}
}

func wireAlf(w *wire, id string, rand func() float64) *wired {
	c := newClient(alf.Config{
		TokenURL: tokenURL, ClientID: id, ClientSecret: alf.Secret(secret), Rand: rand,
		TokenRequest: alf.TokenRequest{Transport: w},
	})
	return &wired{
		source: wiredAlf{c}, carrier: c, wire: w,
		token: func(ctx context.Context) (any, error) { return c.Token(ctx) },
		build: func(id string) *wired { return wireAlf(w, id, rand) },
	}
}

type wiredAlf struct{ *alf.Client }

// Token is the client's.
func (c wiredAlf) Token(ctx context.Context) (string, error) {
	t, err := c.Client.Token(ctx)
	return t.Value(), err
}

func wireOAuth2(w *wire, id string) *wired {
	cfg := clientcredentials.Config{ClientID: id, ClientSecret: secret, TokenURL: tokenURL}
	s := oauth2Source{cfg.TokenSource(context.WithValue(context.Background(), oauth2.HTTPClient, &http.Client{Transport: w}))}
	return &wired{
		source: s, carrier: s, wire: w,
		token: func(context.Context) (any, error) { return s.TokenSource.Token() },
		build: func(id string) *wired { return wireOAuth2(w, id) },
	}
}

// Close ends what can be ended.
func (w *wired) Close() {
	if c, ok := w.source.(wiredAlf); ok {
		_ = c.Client.Close()
	}
}

// issue responds with a token that names the client it is for.
func issue(rest string) func(req *http.Request) (int, string, string) {
	return func(req *http.Request) (int, string, string) {
		id, _, _ := req.BasicAuth()
		return http.StatusOK, "", fmt.Sprintf(`{"access_token":"token-of-%s","token_type":"Bearer"%s}`, id, rest)
	}
}

// malformed is what a broken proxy responds with.
func malformed(*http.Request) (int, string, string) {
	return http.StatusOK, "", "<html>502 Bad Gateway</html>"
}

// The defects of the exchange itself.
var wireDefects = []row{
	{
		name: "2: the endpoint says invalid_client", bad: "got a token", least: "one way of authenticating, tried once", only: wiredLibraries,
		want: tally{1, 0, 0},
		make: overTheWire(func(*http.Request) (int, string, string) {
			return http.StatusUnauthorized, "", `{"error":"invalid_client"}`
		}),
		run: func(g *stage) {
			_, _, err := g.token(context.Background())
			g.wrong(err == nil)
		},
	},
	{
		name: "12: two clients of one endpoint", bad: "got the other's token", least: "one each", only: wiredLibraries,
		want: tally{2, 0, 0},
		make: overTheWire(issue(`,"expires_in":3600`)),
		run: func(g *stage) {
			a := g.source.(*wired)
			b := a.build("another")
			defer b.Close()
			for range 10 {
				value, _ := a.Token(context.Background())
				other, _ := b.Token(context.Background())
				g.wrong(value != "token-of-client" || other != "token-of-another")
			}
		},
	},
	{
		name: "13: tokens without expires_in, read for an hour", bad: "kept for the whole hour", only: wiredLibraries,
		least: "5 minutes are assumed: one per refresh time, the value being the same until its end", want: tally{13, 0, 0}, virtual: true,
		make: overTheWire(issue("")),
		run: func(g *stage) {
			poll(1, time.Second, time.Hour, func() { _, _, _ = g.token(context.Background()) })
			g.wrong(g.e.count() < 2)
		},
	},
	{
		name: "14: API and token endpoint redirect to another host", bad: "tokens and secrets that went there", only: wiredLibraries,
		least: "one for the request, one that is redirected", want: tally{2, 0, 0},
		make: overTheWire(func(req *http.Request) (int, string, string) {
			if id, _, _ := req.BasicAuth(); id == "redirected" {
				return http.StatusTemporaryRedirect, "https://" + evilHost + "/token", ""
			}
			return issue(`,"expires_in":3600`)(req)
		}),
		run: func(g *stage) {
			c := g.source.(*wired)
			client := g.over(roundTripper(func(req *http.Request) (*http.Response, error) {
				if req.URL.Host == evilHost {
					return c.wire.RoundTrip(req)
				}
				resp := respond(req, http.StatusFound)
				resp.Header.Set("Location", "https://"+evilHost+"/")
				return resp, nil
			}))
			g.send(client, apiURL)
			redirected := c.build("redirected")
			defer redirected.Close()
			_, _ = redirected.Token(context.Background())
			g.bad.Add(int64(c.wire.leaked))
		},
	},
	{
		name: "16: 20 processes get malformed responses at once", bad: "would retry within 1 ms of another", only: alone,
		least: "one round each: a malformed response is tried again too", want: tally{60, 0, 435 * ms},
		run: func(g *stage) {
			next := make([]time.Time, 20)
			burst(20, func(i int) {
				process := wireAlf(&wire{e: g.e, handle: malformed}, "client", func() float64 { return float64(i) / 20 })
				defer process.Close()
				began := time.Now()
				_, _ = process.Token(context.Background())
				g.took(time.Since(began))
				next[i] = process.source.(wiredAlf).Stats().NextAttempt
			})
			slices.SortFunc(next, time.Time.Compare)
			for i := range next[1:] {
				g.wrong(next[i+1].Sub(next[i]) < ms)
			}
		},
	},
	{
		name: "15: a token is printed with %v, %+v, %#v and as JSON", bad: "times it could be read", only: wiredLibraries,
		least: "to have one", want: tally{1, 0, 0},
		make: overTheWire(issue(`,"expires_in":3600`)),
		run: func(g *stage) {
			t, err := g.source.(*wired).token(context.Background())
			g.wrong(err != nil)
			encoded, err := json.Marshal(t)
			g.wrong(err != nil)
			for _, text := range []string{fmt.Sprintf("%v", t), fmt.Sprintf("%+v", t), fmt.Sprintf("%#v", t), string(encoded)} {
				g.wrong(strings.Contains(text, "token-of-client"))
			}
		},
	},
}
