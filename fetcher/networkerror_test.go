package fetcher_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/dial"
)

func trusting(s *recorder) *tls.Config {
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return &tls.Config{RootCAs: pool}
}

func TestM10_AnUntrustedCertificateIsPermanent(t *testing.T) {
	s := serveTLS(t, respond(200, good))
	e := mustFail(t, s.at())
	require.True(t, e.Permanent())
	require.Zero(t, e.Status)
	require.Contains(t, e.Hint, "TLS.RootCAs")
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, e, &unknown)
	require.Zero(t, s.seen())

	cfg := s.at()
	cfg.TokenRequest.TLS = trusting(s)
	require.Equal(t, "tok-1", mustFetch(t, cfg).AccessToken)
}

func TestM10_ACertificateForAnotherHostIsPermanent(t *testing.T) {
	s := serveTLS(t, respond(200, good))
	cfg := s.at()
	cfg.TokenRequest.TLS = trusting(s)
	cfg.TokenRequest.TLS.ServerName = "idp.example.org"
	e := mustFail(t, cfg)
	require.True(t, e.Permanent())
	require.Contains(t, e.Hint, "another host")
}

func TestM10_CertificateErrorsArePermanentFromAnyTransport(t *testing.T) {
	for _, err := range []error{
		&tls.CertificateVerificationError{Err: errors.New("odd")},
		x509.CertificateInvalidError{Cert: &x509.Certificate{}, Reason: x509.Expired},
		x509.UnknownAuthorityError{},
		x509.SystemRootsError{},
		tls.RecordHeaderError{Msg: "odd"},
	} {
		e := mustFail(t, config(failing(fmt.Errorf("wrapped: %w", err))))
		require.True(t, e.Permanent(), "%T", err)
		require.NotEmpty(t, e.Hint, "%T", err)
	}
}

func TestM10_PlainHTTPWhereHTTPSWasExpected(t *testing.T) {
	s := serve(t, respond(200, good))
	cfg := s.at()
	cfg.TokenURL = strings.Replace(cfg.TokenURL, "http:", "https:", 1)
	e := mustFail(t, cfg)
	require.True(t, e.Permanent())
	require.Contains(t, e.Hint, "is it https?")
}

// errReset is what Unix calls ECONNRESET; Plan 9 has no number for it.
var errReset = errors.New("connection reset by peer")

func TestF5_NetworkFailuresAreTransient(t *testing.T) {
	for _, err := range []error{
		&net.DNSError{Err: "no such host", Name: "idp.example.com", IsNotFound: true},
		&net.OpError{Op: "dial", Net: "tcp", Err: dial.Refused},
		&net.OpError{Op: "read", Net: "tcp", Err: errReset},
		io.EOF, io.ErrUnexpectedEOF, errors.New("odd"),
	} {
		e := mustFail(t, config(failing(err)))
		require.False(t, e.Permanent(), "%v", err)
		require.Zero(t, e.RetryAfter())
		require.ErrorIs(t, e, err)
		require.ErrorContains(t, e, "fetcher: https://idp.example.com/token: "+err.Error())
	}
}

func TestF5_RealConnectionsThatFail(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	cfg := config(nil)
	cfg.TokenURL = "http://" + address + "/token?code=c0de"
	e := mustFail(t, cfg)
	require.False(t, e.Permanent())
	require.ErrorIs(t, e, dial.Refused)
	require.ErrorContains(t, e, "http://"+address+"/token: ")
	require.NotContains(t, everything(t, e), "c0de")

	hangup := serve(t, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	e = mustFail(t, hangup.at())
	require.False(t, e.Permanent())
	require.ErrorIs(t, e, io.EOF)
}

func TestF5_AResponseThatBreaksOffIsTransient(t *testing.T) {
	const half = `{"error":"invalid_client","access_token":"leak`
	for _, status := range []int{200, 400, 500} {
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.Header().Set("Retry-After", "9")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, half)
		})
		e := mustFail(t, s.at())
		require.False(t, e.Permanent())
		require.Equal(t, status, e.Status)
		require.Equal(t, 9*time.Second, e.RetryAfter())
		require.ErrorIs(t, e, io.ErrUnexpectedEOF)
		require.ErrorContains(t, e, "the response broke off")
		require.NotContains(t, everything(t, e), "leak", "half a secret cannot be recognised")
	}
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(302)
	})
	require.True(t, mustFail(t, s.at()).Permanent(), "no body changes what a redirect is")
}

// stuck responds only when the request's context ends.
func stuck(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// stuckBody sends its head, and never its body.
func stuckBody(r *http.Request) (*http.Response, error) {
	resp := reply(200, "")
	resp.ContentLength = -1
	resp.Body = io.NopCloser(readerFunc(func([]byte) (int, error) {
		<-r.Context().Done()
		return 0, r.Context().Err()
	}))
	return resp, nil
}

func TestSeed_TheTokenTimeoutIsPassedOn(t *testing.T) {
	for name, rt := range map[string]roundTripper{"head": stuck, "body": stuckBody} {
		for _, own := range []bool{true, false} {
			t.Run(fmt.Sprint(name, own), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					cfg := config(rt)
					cfg.TokenRequest.Timeout = 3 * time.Second
					if own {
						cfg.TokenRequest.Transport, cfg.TokenRequest.HTTPClient = nil, &http.Client{Transport: rt, Timeout: time.Hour}
					}
					start := time.Now()
					e := mustFail(t, cfg)
					require.Equal(t, 3*time.Second, time.Since(start))
					require.False(t, e.Permanent())
					require.ErrorContains(t, e, "timed out: no complete response within the Timeout of 3s")
					require.ErrorIs(t, e, context.DeadlineExceeded)
				})
			})
		}
	}
}

func TestSeed_TheCallersClientsTimeoutHoldsIfNoOtherIsSet(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := config(nil)
		cfg.TokenRequest.HTTPClient = &http.Client{Transport: roundTripper(stuck), Timeout: 2 * time.Second}
		start := time.Now()
		require.ErrorContains(t, mustFail(t, cfg), "Timeout of 2s")
		require.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestF5_OtherTimeoutsSaySo(t *testing.T) {
	e := mustFail(t, config(failing(&net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded})))
	require.ErrorContains(t, e, "timed out: dial tcp")
	require.False(t, e.Permanent())
}

func TestF5_TheContextsEndAndItsCauseShow(t *testing.T) {
	why := errors.New("leader lost")
	for name, rt := range map[string]roundTripper{"head": stuck, "body": stuckBody} {
		t.Run(name+" cancelled", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				time.AfterFunc(time.Second, func() { cancel(why) })
				token, err := newFetcher(t, config(rt)).Fetch(ctx)
				e := requireError(t, token, err)
				require.ErrorIs(t, err, context.Canceled)
				require.ErrorIs(t, err, why)
				require.ErrorContains(t, err, "gave up: leader lost")
				require.False(t, e.Permanent())
			})
		})
		t.Run(name+" too late", func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), time.Second)
				defer cancel()
				token, err := newFetcher(t, config(rt)).Fetch(ctx)
				e := requireError(t, token, err)
				require.ErrorIs(t, err, context.DeadlineExceeded)
				require.False(t, e.Permanent())
			})
		})
	}
}

func TestF5_TheErrorNamesTheEndpointWithoutItsQuery(t *testing.T) {
	cfg := config(failing(&url.Error{Op: "Post", URL: "https://idp.example.com/token?code=c0de", Err: io.EOF}))
	cfg.TokenURL += "?code=c0de"
	e := mustFail(t, cfg)
	require.EqualError(t, e, "fetcher: https://idp.example.com/token: EOF")
}

func TestSeed_ANon2xxResponseIsAnErrorThatCarriesTheResponse(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Request-Id", "r-1")
		w.Header().Set("Set-Cookie", "session=1")
		w.WriteHeader(503)
		_, _ = io.WriteString(w, "down for maintenance\n")
	})
	e := mustFail(t, s.at())
	require.Equal(t, 503, e.Status)
	require.Equal(t, "down for maintenance", e.Body)
	var retrieve *oauth2.RetrieveError
	require.ErrorAs(t, e, &retrieve)
	require.Equal(t, "503 Service Unavailable", retrieve.Response.Status)
	require.Equal(t, "r-1", retrieve.Response.Header.Get("X-Request-Id"))
	require.NotContains(t, retrieve.Response.Header, "Set-Cookie")
	require.Equal(t, "down for maintenance", string(retrieve.Body))
	rest, err := io.ReadAll(retrieve.Response.Body)
	require.NoError(t, err)
	require.Empty(t, rest)
	require.Contains(t, retrieve.Error(), "down for maintenance", "its own text needs the response")
}

func TestF5_FetchIsSafeForConcurrentUse(t *testing.T) {
	cfg := config(always(200, good))
	cfg.AuthStyle = fetcher.Post
	f := newFetcher(t, cfg)
	results := make(chan error)
	for range 20 {
		go func() {
			_, err := f.Fetch(t.Context())
			results <- err
		}()
	}
	for range 20 {
		require.NoError(t, <-results)
	}
}

func TestM11_AMissingContextIsAnErrorNotAPanic(t *testing.T) {
	var none context.Context
	token, err := newFetcher(t, config(always(200, good))).Fetch(none)
	require.ErrorContains(t, requireError(t, token, err), "nil Context")
}

// Libraries that send again ask for it; see net.Error.
func TestM10_AnErrorThatMayPassIsTemporary(t *testing.T) {
	for name, c := range map[string]struct {
		transport          http.RoundTripper
		temporary, timeout bool
	}{
		"a server that fails":   {always(503, ""), true, false},
		"a server that is busy": {always(429, ""), true, false},
		"refused":               {always(401, `{"error":"invalid_client"}`), false, false},
		"no connection":         {failing(&net.OpError{Op: "dial", Err: errors.New("connection refused")}), true, false},
		"slow":                  {failing(os.ErrDeadlineExceeded), true, true},
		"an untrusted server":   {failing(x509.UnknownAuthorityError{}), false, false},
		"no token":              {always(200, "<html>"), true, false},
	} {
		var failed interface {
			error
			Temporary() bool // net.Error has it as well, but it is deprecated there
			Timeout() bool
		}
		require.True(t, errors.As(error(mustFail(t, config(c.transport))), &failed), name)
		require.IsType(t, (*fetcher.Error)(nil), failed, name)
		require.Equal(t, c.temporary, failed.Temporary(), name)
		require.Equal(t, c.timeout, failed.Timeout(), name)
	}
}
