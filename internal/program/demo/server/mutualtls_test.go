package server_test

import (
	"crypto/tls"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/demo/pki"
	"github.com/alf-go/alf/internal/program/demo/server"
)

// withCertificates starts the two with TLS. as returns the same pair, reached over connections that show a certificate;
// nil for none.
func withCertificates(t *testing.T, method server.Method) (as func(shown *tls.Certificate) *pair) {
	authority, err := pki.NewAuthority("servers")
	require.NoError(t, err)
	certificate, err := authority.ForServer()
	require.NoError(t, err)
	p := startFor(t, server.Client{ID: "me", Method: method}, certificate)
	return func(shown *tls.Certificate) *pair {
		base := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: authority.Pool()}}
		if shown != nil {
			base.TLSClientConfig.Certificates = []tls.Certificate{*shown}
		}
		t.Cleanup(base.CloseIdleConnections)
		return &pair{t, p.auth, p.api, &http.Client{Transport: base}}
	}
}

// made unwraps what cannot fail.
func made(t *testing.T) func(*tls.Certificate, error) *tls.Certificate {
	return func(certificate *tls.Certificate, err error) *tls.Certificate {
		require.NoError(t, err)
		return certificate
	}
}

func (p *pair) show(id string) reply {
	got, err := p.post(form("client_id", id), func(*http.Request) {})
	require.NoError(p.t, err)
	return got
}

func TestCertificates_AreVerifiedByAuthorityOrByTheRecord(t *testing.T) {
	ours, err := pki.NewAuthority("ours")
	require.NoError(t, err)
	theirs, err := pki.NewAuthority("ours")
	require.NoError(t, err)
	made := made(t)
	mine, alone := made(ours.ForClient("me")), made(pki.SelfSigned("me"))
	issued := withCertificates(t, server.IssuedCertificate{Authorities: ours.Pool(), Subject: "CN=me"})
	pinned := withCertificates(t, server.PinnedCertificate{Thumbprint: server.Thumbprint(alone.Leaf)})

	for name, c := range map[string]struct {
		to    func(*tls.Certificate) *pair
		shown *tls.Certificate
		id    string
		why   string
	}{
		"issued":                         {issued, mine, "me", ""},
		"issued, under another id":       {issued, mine, "other", "another client's"},
		"issued, for another":            {issued, made(ours.ForClient("other")), "me", `"CN=other"`},
		"issued by another authority":    {issued, made(theirs.ForClient("me")), "me", "x509"},
		"issued for a server":            {issued, made(ours.ForServer()), "me", "x509"},
		"issued by no authority":         {issued, alone, "me", "x509"},
		"issued, but not shown":          {issued, nil, "me", "no certificate"},
		"on record":                      {pinned, alone, "me", ""},
		"on record, under another id":    {pinned, alone, "other", "another client's"},
		"not on record":                  {pinned, made(pki.SelfSigned("me")), "me", "not the one on record"},
		"not on record, although issued": {pinned, mine, "me", "not the one on record"},
		"on record, but not shown":       {pinned, nil, "me", "no certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			requireVerified(t, c.to(c.shown).show(c.id), c.why)
		})
	}
}

func TestCertificates_TokensAreBoundToThem(t *testing.T) {
	made := made(t)
	mine := made(pki.SelfSigned("me"))
	as := withCertificates(t, server.PinnedCertificate{Thumbprint: server.Thumbprint(mine.Leaf)})
	token := as(mine).show("me").AccessToken
	for _, c := range []struct {
		shown *tls.Certificate
		want  int
	}{{mine, 200}, {made(pki.SelfSigned("me")), 401}, {nil, 401}} {
		status, _ := as(c.shown).call("x", token, 0)
		require.Equal(t, c.want, status)
	}
	require.Equal(t, server.Counts{Served: 1, Unbound: 2}, as(mine).api.Counts())
}
