package program

import (
	"net/http"

	"github.com/alf-go/alf/sim"
)

// Accepts reports whether the kit's API takes a token now, for servers that are no part of the kit.
func Accepts(kit *sim.Server, token string) bool {
	req, err := http.NewRequest(http.MethodGet, "https://api.sim.test/", nil)
	if err != nil {
		return false
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := kit.RoundTripper().RoundTrip(req)
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}
