package fetcher_test

import (
	"context"
	"crypto/tls"
	"encoding/pem"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/certtest"
)

// serveMutualTLS is a token endpoint that asks for certificates, and names the authorities it would like them from.
func serveMutualTLS(t *testing.T, authority *certtest.Authority, handler http.HandlerFunc) *recorder {
	t.Helper()
	r := serveUnstarted(t, handler)
	r.TLS = &tls.Config{
		Certificates: []tls.Certificate{authority.Issue(t, "server")},
		ClientAuth:   tls.RequestClientCert, ClientCAs: authority.Pool(),
	}
	r.StartTLS()
	t.Cleanup(r.Close)
	return r
}

// shown is the name on the certificate that a request's connection was made with.
func shown(r *http.Request) string {
	if len(r.TLS.PeerCertificates) == 0 {
		return "none"
	}
	return r.TLS.PeerCertificates[0].Subject.CommonName
}

func mutualTLS(authority *certtest.Authority, server *recorder, style fetcher.AuthStyle) fetcher.Config {
	cfg := server.at()
	cfg.ClientSecret, cfg.AuthStyle = nil, style
	cfg.TokenRequest.TLS = &tls.Config{RootCAs: authority.Pool()}
	return cfg
}

func TestF1_ACertificateAuthenticatesTheClient(t *testing.T) {
	authority := certtest.New(t)
	server := serveMutualTLS(t, authority, respond(200, good))
	for style, certificate := range map[fetcher.AuthStyle]tls.Certificate{
		fetcher.TLS: authority.Issue(t, "issued"),
		// The server names other authorities than the certificate's, which has none.
		fetcher.SelfSignedTLS: certtest.SelfSigned(t, "self-signed"),
	} {
		cfg := mutualTLS(authority, server, style)
		cfg.Certificate = fetcher.Certificate(certificate)
		f := newFetcher(t, cfg)
		require.Nil(t, f.Certificate("tok-1"))
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		last := server.requests[len(server.requests)-1]
		require.Equal(t, certificate.Leaf.Subject.CommonName, shown(last))
		require.Empty(t, last.Header["Authorization"])
		require.Equal(t, "client_id=client-7&grant_type=client_credentials", server.bodies[len(server.bodies)-1])
		require.Equal(t, certificate.Certificate, f.Certificate("tok-1").Certificate)
	}
}

func TestF4_ACertificateIsReadAgainWhenItsFilesChange(t *testing.T) {
	authority := certtest.New(t)
	server := serveMutualTLS(t, authority, respond(200, good))
	dir := t.TempDir()
	certificatePath, keyPath := certtest.Write(t, dir, authority.Issue(t, "first"))
	cfg := mutualTLS(authority, server, fetcher.TLS)
	cfg.Certificate = fetcher.CertificateFiles(certificatePath, keyPath)
	f := newFetcher(t, cfg)
	fetchAs := func(want string) {
		_, err := f.Fetch(context.Background())
		require.NoError(t, err)
		require.Equal(t, want, shown(server.requests[len(server.requests)-1]))
	}
	fetchAs("first")
	fetchAs("first")
	require.Equal(t, server.requests[0].RemoteAddr, server.requests[1].RemoteAddr, "the connection is kept")
	certtest.Write(t, dir, authority.Issue(t, "second"))
	fetchAs("second")

	// One file was replaced, the other not yet: they do not fit, and what they were before is shown.
	other := t.TempDir()
	certtest.Write(t, other, authority.Issue(t, "third"))
	require.NoError(t, os.Rename(filepath.Join(other, "client.pem"), certificatePath))
	fetchAs("second")
	require.NoError(t, os.Rename(filepath.Join(other, "client.key"), keyPath))
	fetchAs("third")
}

// Certificates bind tokens with other styles as well (RFC 8705 section 3).
func TestF1_ACertificateBesideASecret(t *testing.T) {
	authority := certtest.New(t)
	server := serveMutualTLS(t, authority, respond(200, good))
	cfg := mutualTLS(authority, server, fetcher.Basic)
	cfg.ClientSecret = fetcher.Secret(secret)
	cfg.Certificate = fetcher.Certificate(authority.Issue(t, "bound"))
	mustFetch(t, cfg)
	require.Equal(t, "bound", shown(server.requests[0]))
	require.NotEmpty(t, server.requests[0].Header["Authorization"])
}

// rotated is a client whose first certificate is no longer accepted; the second time it is asked for one, it has the
// second.
func rotated(t *testing.T) (cfg fetcher.Config, server *recorder, first, second tls.Certificate) {
	authority := certtest.New(t)
	first, second = authority.Issue(t, "first"), authority.Issue(t, "second")
	server = serveMutualTLS(t, authority, func(w http.ResponseWriter, r *http.Request) {
		if shown(r) == "first" {
			respond(401, `{"error":"invalid_client"}`)(w, r)
			return
		}
		respond(200, good)(w, r)
	})
	cfg = mutualTLS(authority, server, fetcher.TLS)
	reads := 0
	cfg.Certificate = func(context.Context) (*tls.Certificate, error) {
		if reads++; reads == 1 {
			return &first, nil
		}
		return &second, nil
	}
	return cfg, server, first, second
}

func TestF4_ARefusedCertificateIsReadAgain(t *testing.T) {
	cfg, server, first, _ := rotated(t)
	mustFetch(t, cfg)
	require.Equal(t, 2, server.seen())

	cfg.Certificate = fetcher.Certificate(first)
	e := mustFail(t, cfg)
	require.Equal(t, "is that certificate registered for the client? Servers may have another token endpoint for mutual TLS, which is found if Issuer is set", e.Hint)
	require.Equal(t, 3, server.seen())
}

func TestF4_TheCertificateThatWasAcceptedIsTheOneBound(t *testing.T) {
	cfg, _, _, second := rotated(t)
	f := newFetcher(t, cfg)
	_, err := f.Fetch(context.Background())
	require.NoError(t, err)
	require.Equal(t, second.Certificate, f.Certificate("tok-1").Certificate)
}

func TestF1_CertificatesThatCannotBeRead(t *testing.T) {
	authority := certtest.New(t)
	server := serveMutualTLS(t, authority, respond(200, good))
	cfg := mutualTLS(authority, server, fetcher.TLS)
	absent := filepath.Join(t.TempDir(), "absent.pem")
	cfg.Certificate = fetcher.CertificateFiles(absent, absent)
	e := mustFail(t, cfg)
	require.ErrorIs(t, e, os.ErrNotExist)
	require.ErrorContains(t, e, "no request was sent, the certificate could not be read")
	cfg.Certificate = func(context.Context) (*tls.Certificate, error) { return nil, nil }
	require.ErrorContains(t, mustFail(t, cfg), "the certificate could not be read: there is none")
	one, _ := certtest.Write(t, t.TempDir(), authority.Issue(t, "one"))
	_, other := certtest.Write(t, t.TempDir(), authority.Issue(t, "other"))
	cfg.Certificate = fetcher.CertificateFiles(one, other)
	require.ErrorContains(t, mustFail(t, cfg), "private key does not match public key")
	require.Zero(t, server.seen())
}

func TestF1_CertificatesNeedATransportOfTheKnownKind(t *testing.T) {
	cfg := config(always(200, good))
	cfg.ClientSecret, cfg.AuthStyle = nil, fetcher.TLS
	cfg.Certificate = fetcher.Certificate(certtest.SelfSigned(t, "x"))
	_, err := fetcher.New(cfg)
	require.ErrorContains(t, err, "Transport: is no *http.Transport, so that Certificate could not be presented: use one, or configure the certificate there")
	cfg.TokenRequest.Transport = &http.Transport{}
	require.NoError(t, cfg.Validate())
	cfg.TokenRequest.Transport, cfg.TokenRequest.HTTPClient = nil, &http.Client{}
	require.NoError(t, cfg.Validate())
	cfg.Certificate = nil
	require.ErrorContains(t, cfg.Validate(), "Certificate: missing: use CertificateFiles, Certificate or a function of your own")
	cfg.TokenURL = "http://localhost/token"
	require.ErrorContains(t, cfg.Validate(), "TokenURL: plain http cannot present a certificate: use https with tls_client_auth")
}

func TestF1_MetadataOverMutualTLS(t *testing.T) {
	authority := certtest.New(t)
	var server *recorder
	server = serveMutualTLS(t, authority, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet {
			respond(200, `{"issuer":"`+server.URL+`","token_endpoint":"`+server.URL+`/token"}`)(w, r)
			return
		}
		respond(200, good)(w, r)
	})
	cfg := mutualTLS(authority, server, fetcher.TLS)
	cfg.TokenURL, cfg.Issuer, cfg.Certificate = "", server.URL, fetcher.Certificate(authority.Issue(t, "client"))
	mustFetch(t, cfg)
	for _, r := range server.requests {
		require.Equal(t, "client", shown(r), r.Method)
	}
}

// A handshake fails where a token would be refused with a 401: no response says that it is time for a new one.
func TestF4_ATokenIsOfNoUseForLongerThanItsCertificate(t *testing.T) {
	authority := certtest.New(t)
	var lifetime string
	server := serveMutualTLS(t, authority, func(w http.ResponseWriter, r *http.Request) {
		respond(200, `{"access_token":"tok-1","token_type":"Bearer"`+lifetime+`}`)(w, r)
	})
	certificate := authority.Issue(t, "of a day")
	end := certificate.Leaf.NotAfter
	certificate.Leaf = nil
	cfg := mutualTLS(authority, server, fetcher.TLS)
	cfg.Certificate = fetcher.Certificate(certificate)
	mock := clock.NewMock()
	cfg.Clock = mock
	for _, c := range []struct {
		lifetime string
		left     time.Duration // of the certificate
		expiry   time.Time
	}{
		{`,"expires_in":3600`, 2 * time.Hour, end.Add(-time.Hour)},
		{`,"expires_in":3600`, time.Minute, end},
		{`,"expires_in":3600`, -time.Hour, end.Add(2 * time.Hour)}, // the server does not mind that it is over
		{"", 10 * time.Minute, time.Time{}},
		{"", time.Minute, end}, // M7 would be 5
		{"", -time.Hour, time.Time{}},
	} {
		lifetime = c.lifetime
		mock.Set(end.Add(-c.left))
		require.Equal(t, c.expiry.UTC(), mustFetch(t, cfg).Expiry.UTC(), c)
	}
}

// M5: some servers repeat a token until it expires, whatever certificate it is asked for with.
func TestM5_ARepeatedTokenKeepsItsCertificateAsLongAsThatIsValid(t *testing.T) {
	authority := certtest.New(t)
	server := serveMutualTLS(t, authority, respond(200, good))
	first, second := authority.Issue(t, "first"), authority.Issue(t, "second")
	current, mock := &first, clock.NewMock()
	cfg := mutualTLS(authority, server, fetcher.TLS)
	cfg.Clock = mock
	cfg.Certificate = func(context.Context) (*tls.Certificate, error) { return current, nil }
	f := newFetcher(t, cfg)
	for _, step := range []struct {
		now   time.Time
		shows *tls.Certificate
		keeps *tls.Certificate
	}{
		{first.Leaf.NotAfter.Add(-time.Hour), &first, &first},
		{first.Leaf.NotAfter.Add(-time.Minute), &second, &first},
		{first.Leaf.NotAfter, &second, &second},
	} {
		current = step.shows
		mock.Set(step.now)
		_, err := f.Fetch(t.Context())
		require.NoError(t, err)
		require.Same(t, step.keeps, f.Certificate("tok-1"))
	}
}

func TestF1_AnEncryptedKeyOfACertificate(t *testing.T) {
	dir := t.TempDir()
	certificatePath, keyPath := certtest.Write(t, dir, certtest.SelfSigned(t, "x"))
	require.NoError(t, os.WriteFile(keyPath, pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: []byte("x")}), 0o600))
	_, err := fetcher.CertificateFiles(certificatePath, keyPath)(t.Context())
	require.ErrorContains(t, err, keyPath+": the private key is encrypted: store it without a passphrase")
}

func TestF4_CertificateFilesThatAreAwayForAMoment(t *testing.T) {
	certificatePath, keyPath := certtest.Write(t, t.TempDir(), certtest.SelfSigned(t, "x"))
	read := fetcher.CertificateFiles(certificatePath, keyPath)
	before, err := read(t.Context())
	require.NoError(t, err)
	again, err := read(t.Context())
	require.NoError(t, err)
	require.Same(t, before, again)
	for _, path := range []string{keyPath, certificatePath} {
		require.NoError(t, os.Remove(path))
		held, err := read(t.Context())
		require.NoError(t, err)
		require.Same(t, before, held)
	}
}

func TestF4_CertificateFilesAreReadByManyAtOnce(t *testing.T) {
	dir := t.TempDir()
	one, other := certtest.SelfSigned(t, "one"), certtest.SelfSigned(t, "other")
	read := fetcher.CertificateFiles(certtest.Write(t, dir, one))
	_, err := read(t.Context())
	require.NoError(t, err, "from now on there is one to go on with")
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			for range 50 {
				certificate, err := read(context.Background())
				assert.NoError(t, err)
				assert.NotNil(t, certificate)
			}
		})
	}
	for range 20 {
		certtest.Write(t, dir, other)
		certtest.Write(t, dir, one)
	}
	readers.Wait()
}
