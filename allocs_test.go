package alf_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func TestC1_RequestCostsNoAllocationMoreThanTheFloor(t *testing.T) {
	for name, client := range map[string]*alf.Client{
		"any origin":     newClient(t, alf.Config{Fetcher: constantFetcher(time.Hour)}),
		"listed origins": newClient(t, alf.Config{Fetcher: constantFetcher(time.Hour), Origins: []string{"https://API.example.com:443"}}),
		"own rule":       newClient(t, alf.Config{Manager: &fakeSource{token: sameToken(namedToken("x"))}, Origins: []string{"https://api.example.com"}}),
	} {
		for headers, most := range map[int]float64{3: 3, 12: 5} {
			req := requestWithHeaders(t, headers)
			for _, base := range []http.RoundTripper{newKeeper(), newNetHTTPKeeper()} {
				transport := client.Transport(base)
				got := testing.AllocsPerRun(100, func() {
					if _, err := transport.RoundTrip(req); err != nil {
						t.Error(err)
					}
				})
				require.LessOrEqual(t, got, most, "%s, %d headers, %T", name, headers, base)
			}
		}
	}
}
