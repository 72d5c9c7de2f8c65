package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/manager"
)

// dpopProofs is what DPoP costs each request.
func dpopProofs(b *bench) section {
	s := section{
		title: "DPoP proofs",
		text: "One RoundTrip of a GET with 3 headers and a DPoP proof (RFC 9449) over a base that keeps the request and does nothing. The floor is " +
			"one ES256 signature over as many bytes, by crypto/ecdsa, and nothing else. Beside them: a proof made by a JOSE library alone " +
			"(go-jose, its header and claims marshalled every time), and the same RoundTrip without DPoP.",
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	contestants := []struct {
		name string
		spin func() func(n int)
	}{
		{"floor: one signature", func() func(int) { return signing(private) }},
		{"alf", func() func(int) { return roundTrips(sendsProofs(private)) }},
		{"go-jose alone", func() func(int) { return joseProofs(private) }},
		{"alf, without DPoP", func() func(int) { return roundTrips(theClient.sender(immediate{})) }},
	}
	t := table{title: "µs per request: median (spread)", heads: []string{"", "1 goroutine", "2 goroutines", "8 goroutines", "times the floor, 1", "2", "8", "bytes", "allocations"}}
	rows := make([][]string, len(contestants))
	over := make([][]string, len(contestants))
	var toFloor []sample
	calls := b.scaled(2000, 100)
	picture := chart{file: "proof", title: "A DPoP proof for every request", unit: "µs per request"}
	for _, goroutines := range []int{1, 2, 8} {
		trials := make([]trial, len(contestants))
		for i, c := range contestants {
			spin := c.spin()
			trials[i] = func() float64 { return perCall(goroutines, calls/goroutines, spin) }
		}
		samples := interleave(b.rounds(41), b.step("proving, "+callers(goroutines)), trials...)
		bars := group{name: callers(goroutines)}
		for i, c := range contestants {
			us := samples[i].median() / 1000
			rows[i] = append(rows[i], number(us)+" ("+percent(samples[i].spread())+")")
			over[i] = append(over[i], exactly(samples[i].over(samples[0]).median()))
			bars.bars = append(bars.bars, bar{c.name, us, number(us) + " µs"})
		}
		toFloor = append(toFloor, samples[1].over(samples[0]))
		picture.groups = append(picture.groups, bars)
	}
	for i, c := range contestants {
		bytes, allocations := allocated(calls/10, c.spin())
		t.row(append(append(append([]string{c.name}, rows[i]...), over[i]...), number(bytes), number(allocations))...)
	}
	s.tables, s.charts = append(s.tables, t), append(s.charts, picture)
	s.compare(toFloor, 1.25, false, "within 1.25 times one signature at 1, 2 and 8 goroutines", "")
	return s
}

func callers(n int) string {
	if n == 1 {
		return "1 goroutine"
	}
	return count(n) + " goroutines"
}

// aProof is as long as what is signed in a proof.
const aProof = 460

func signing(private *ecdsa.PrivateKey) func(n int) {
	input := make([]byte, aProof)
	return func(n int) {
		for range n {
			digest := sha256.Sum256(input)
			if _, err := private.Sign(rand.Reader, digest[:], crypto.SHA256); err != nil {
				panic(err)
			}
		}
	}
}

func sendsProofs(private *ecdsa.PrivateKey) http.RoundTripper {
	return newClient(alf.Config{Fetcher: bound(cached), DPoP: &alf.DPoP{Key: keys.Signer(private, "")}}).Transport(immediate{})
}

// bound is constant, of a token that is bound to a key.
func bound(value string) manager.Fetcher {
	return manager.FetcherFunc(func(context.Context) (*oauth2.Token, error) {
		return &oauth2.Token{AccessToken: value, TokenType: "DPoP", Expiry: inAnHour()}, nil
	})
}

// immediate is a base for several goroutines at once.
type immediate struct{}

// RoundTrip returns at once.
func (immediate) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
}

func roundTrips(transport http.RoundTripper) func(n int) {
	return func(n int) {
		req := requestKind{headers: 3}.request()
		for range n {
			if _, err := transport.RoundTrip(req); err != nil {
				panic(err)
			}
		}
	}
}

// joseProofs is what a proof costs that leaves everything to the library.
func joseProofs(private *ecdsa.PrivateKey) func(n int) {
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: private}, (&jose.SignerOptions{EmbedJWK: true}).WithType("dpop+jwt"))
	if err != nil {
		panic(err)
	}
	return func(n int) {
		for range n {
			sum := sha256.Sum256([]byte(cached))
			claims, err := json.Marshal(map[string]any{
				"jti": rand.Text(), "htm": "GET", "htu": "https://api.example.com/v1/things", "iat": time.Now().Unix(),
				"ath": base64.RawURLEncoding.EncodeToString(sum[:]),
			})
			if err != nil {
				panic(err)
			}
			signed, err := signer.Sign(claims)
			if err != nil {
				panic(err)
			}
			if _, err := signed.CompactSerialize(); err != nil {
				panic(err)
			}
		}
	}
}
