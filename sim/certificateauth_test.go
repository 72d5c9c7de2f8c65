package sim_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/pki"
	"github.com/alf-go/alf/sim"
)

// withCertificates starts a server with TLS. as returns the same one, reached over connections that present a
// certificate; nil for none.
func withCertificates(t *testing.T, client sim.Registration) (as func(presented *tls.Certificate) *pair) {
	client.ClientID = "me"
	p := startFor(t, client, sim.Options{TLS: true})
	return func(presented *tls.Certificate) *pair {
		base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: p.kit.RootCAs()}}
		if presented != nil {
			base.TLSClientConfig.Certificates = []tls.Certificate{*presented}
		}
		t.Cleanup(base.CloseIdleConnections)
		return &pair{t, p.kit, &http.Client{Transport: base}}
	}
}

// made unwraps what cannot fail.
func made(t *testing.T) func(*tls.Certificate, error) *tls.Certificate {
	return func(certificate *tls.Certificate, err error) *tls.Certificate {
		require.NoError(t, err)
		return certificate
	}
}

func (p *pair) show(id string) said { return p.post(form("client_id", id), nothing) }

func TestCertificates_AreVerifiedByAuthorityOrByTheRecord(t *testing.T) {
	ours, err := pki.NewAuthority("ours")
	require.NoError(t, err)
	theirs, err := pki.NewAuthority("ours")
	require.NoError(t, err)
	made := made(t)
	mine, alone := made(ours.ForClient("me")), made(pki.SelfSigned("me"))
	issued := withCertificates(t, sim.Registration{AuthStyle: alf.AuthTLS, Authorities: ours.Pool(), SubjectDN: "CN=me"})
	pinned := withCertificates(t, sim.Registration{AuthStyle: alf.AuthSelfSignedTLS, Certificate: alone.Leaf})

	for name, c := range map[string]struct {
		to        func(*tls.Certificate) *pair
		presented *tls.Certificate
		id        string
		why       string
	}{
		"issued":                         {issued, mine, "me", ""},
		"issued, under another id":       {issued, mine, "other", "no such client"},
		"issued, for another":            {issued, made(ours.ForClient("other")), "me", `"CN=other"`},
		"issued by another authority":    {issued, made(theirs.ForClient("me")), "me", "x509"},
		"issued for a server":            {issued, made(ours.ForServer()), "me", "x509"},
		"issued by no authority":         {issued, alone, "me", "x509"},
		"issued, but not presented":      {issued, nil, "me", "no certificate"},
		"on record":                      {pinned, alone, "me", ""},
		"on record, under another id":    {pinned, alone, "other", "no such client"},
		"not on record":                  {pinned, made(pki.SelfSigned("me")), "me", "not the one on record"},
		"not on record, although issued": {pinned, mine, "me", "not the one on record"},
		"on record, but not presented":   {pinned, nil, "me", "no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			requireVerified(t, c.to(c.presented).show(c.id), c.why)
		})
	}
}

func TestCertificates_TokensAreBoundToThem(t *testing.T) {
	made := made(t)
	mine := made(pki.SelfSigned("me"))
	as := withCertificates(t, sim.Registration{AuthStyle: alf.AuthSelfSignedTLS, Certificate: mine.Leaf})
	token := as(mine).show("me").AccessToken
	for _, c := range []struct {
		presented *tls.Certificate
		want      int
	}{{mine, 200}, {made(pki.SelfSigned("me")), 401}, {nil, 401}} {
		require.Equal(t, c.want, as(c.presented).call(token))
	}
	require.Equal(t, map[sim.Refusal]int{sim.OtherCertificate: 2}, as(mine).kit.Refusals())
}

// call sends a request to the API, and returns the status of its response.
func (p *pair) call(token string) int {
	req, err := http.NewRequestWithContext(p.t.Context(), http.MethodGet, p.kit.APIURL(), nil)
	require.NoError(p.t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	return do(p.client, req).status
}
