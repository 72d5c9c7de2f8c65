package sim_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/sim"
)

// upload is a body that records what was done to it.
type upload struct {
	io.Reader
	closed int
}

func (u *upload) Close() error { u.closed++; return nil }

func (u *upload) left() int {
	rest, _ := io.ReadAll(u.Reader)
	return len(rest)
}

func (p *place) upload(length int64, body io.Reader) (*http.Request, *upload) {
	u := &upload{Reader: body}
	req, err := http.NewRequest(http.MethodPut, p.api+"/orders", u)
	require.NoError(p, err)
	req.ContentLength = length
	req.Header.Set("Authorization", "Bearer "+p.Issue(time.Hour))
	return req, u
}

// roundTrip goes past http.Client, which closes bodies too.
func (p *place) roundTrip(req *http.Request) (*http.Response, error) {
	return p.RoundTripper().RoundTrip(req)
}

func TestRoundTripper_ReadsAndClosesTheBodyWhateverTheResponse(t *testing.T) {
	ignoring := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	visit(t, sim.Options{API: ignoring}, nil, inMemory, func(p *place) {
		for name, prepare := range map[string]func(*http.Request){
			"ignored by the API": func(*http.Request) {},
			"refused":            func(r *http.Request) { r.Header.Del("Authorization") },
		} {
			req, body := p.upload(-1, strings.NewReader(filler(100_000)))
			prepare(req)
			resp, err := p.roundTrip(req)
			require.NoError(p, err, name)
			require.NoError(p, resp.Body.Close())
			require.Equal(p, 1, body.closed, name)
			require.Zero(p, body.left(), name)
		}
		p.GoDown(0)
		for name, prepare := range map[string]func(*http.Request) *http.Request{
			"refused connection": func(r *http.Request) *http.Request { r.URL.Path = sim.TokenPath; return r },
			"no host":            func(r *http.Request) *http.Request { r.URL.Host = ""; return r },
			"no URL":             func(r *http.Request) *http.Request { r.URL = nil; return r },
			"ended context": func(r *http.Request) *http.Request {
				ctx, cancel := context.WithCancel(r.Context())
				cancel()
				return r.WithContext(ctx)
			},
		} {
			req, body := p.upload(3, strings.NewReader("tea"))
			_, err := p.roundTrip(prepare(req))
			require.Error(p, err, name)
			require.Equal(p, 1, body.closed, name)
		}
	})
}

func TestRoundTripper_DoesNotSendABodyThatIsAwaitedInVain(t *testing.T) {
	visit(t, sim.Options{}, nil, inMemory, func(p *place) {
		req, body := p.upload(3, strings.NewReader("tea"))
		req.Header.Set("Expect", "100-continue")
		req.Header.Del("Authorization")
		resp, err := p.roundTrip(req)
		require.NoError(p, err)
		require.Equal(p, http.StatusUnauthorized, resp.StatusCode)
		require.Equal(p, 1, body.closed)
		require.Equal(p, 3, body.left())
	})
}

func TestRoundTripper_CarriesTheBodyAsAConnectionWould(t *testing.T) {
	broken := errors.New("the disk is gone")
	everywhere(t, sim.Options{}, func(p *place) {
		for name, c := range map[string]struct {
			length int64
			body   io.Reader
			want   string // "": an error
		}{
			"known length":   {3, strings.NewReader("tea"), "tea"},
			"unknown length": {-1, strings.NewReader("tea"), "tea"},
			"none said":      {0, strings.NewReader("tea"), "tea"},
			"too short":      {4, strings.NewReader("tea"), ""},
			"breaks":         {-1, io.MultiReader(strings.NewReader("te"), readerFunc(func([]byte) (int, error) { return 0, broken })), ""},
		} {
			req, _ := p.upload(c.length, c.body)
			got := p.do(req)
			if c.want == "" {
				require.Error(p, got.err, name)
				continue
			}
			require.NoError(p, got.err, name)
			require.Equal(p, c.want, got.body, name)
		}
	})
	// Over a connection, the response may be there before that is noticed.
	visit(t, sim.Options{}, nil, inMemory, func(p *place) {
		req, _ := p.upload(2, strings.NewReader("tea"))
		require.ErrorContains(p, p.do(req).err, "ContentLength")
	})
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestRoundTripper_LeavesTheRequestAlone(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Header.Set("Authorization", "changed")
		r.URL.Path = "/changed"
		require.NotNil(t, r.Body)
		require.NotNil(t, r.TLS)
		require.NotEmpty(t, r.RemoteAddr)
		require.Equal(t, "orders.example", r.Host)
	})
	visit(t, sim.Options{API: api}, nil, inMemory, func(p *place) {
		req := p.getRequest(p.Context(), p.Issue(time.Hour))
		req.URL.Host, req.Host, req.Method = "orders.example", "", ""
		header, url := req.Header.Clone(), req.URL.String()
		resp, err := p.roundTrip(req)
		require.NoError(p, err)
		require.Same(p, req, resp.Request)
		require.Equal(p, header, req.Header)
		require.Equal(p, url, req.URL.String())
		require.Equal(p, "GET", p.lastRequest().Method)
		require.Equal(p, http.StatusOK, p.lastRequest().Status, "that of an API which says nothing")
	})
}

func TestRoundTripper_ResponsesLookLikeThoseOfAConnection(t *testing.T) {
	api := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodDelete:
			w.WriteHeader(http.StatusNoContent)
		case http.MethodPatch:
			w.WriteHeader(http.StatusEarlyHints)
			io.WriteString(w, "one ")
			http.NewResponseController(w).Flush()
			w.(http.Flusher).Flush()
			io.WriteString(w, "two")
		default:
			io.WriteString(w, "hello")
		}
	})
	everywhere(t, sim.Options{API: api}, func(p *place) {
		for method, want := range map[string]struct {
			status int
			length int64
			body   string
		}{
			http.MethodGet:    {200, 5, "hello"},
			http.MethodHead:   {200, 5, ""},
			http.MethodDelete: {204, 0, ""},
			http.MethodPatch:  {200, -1, "one two"},
		} {
			req := p.getRequest(context.Background(), p.Issue(time.Hour))
			req.Method = method
			resp, err := p.http.Do(req)
			require.NoError(p, err, method)
			body, err := io.ReadAll(resp.Body)
			require.NoError(p, err, method)
			require.NoError(p, resp.Body.Close())
			require.Equal(p, want.status, resp.StatusCode, method)
			require.Equal(p, want.body, string(body), method)
			if want.length >= 0 {
				require.Equal(p, want.length, resp.ContentLength, method)
			}
			require.Equal(p, want.status, p.lastRequest().Status, method)
		}
	})
}

func TestRoundTripper_AResponsesBodyEndsWithItsContext(t *testing.T) {
	visit(t, sim.Options{}, nil, inMemory, func(p *place) {
		why := errors.New("enough")
		ctx, cancel := context.WithCancelCause(p.Context())
		resp, err := p.roundTrip(p.getRequest(ctx, p.Issue(time.Hour)))
		require.NoError(p, err)
		cancel(why)
		_, err = io.ReadAll(resp.Body)
		require.ErrorIs(p, err, why)

		resp, err = p.roundTrip(p.getRequest(p.Context(), p.Issue(time.Hour)))
		require.NoError(p, err)
		require.NoError(p, resp.Body.Close())
		_, err = io.ReadAll(resp.Body)
		require.ErrorIs(p, err, http.ErrBodyReadAfterClose)
	})
}

func TestRoundTripper_AHandlersPanicIsTheTestsOwn(t *testing.T) {
	api := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a bug in the test") })
	visit(t, sim.Options{API: api}, nil, inMemory, func(p *place) {
		require.PanicsWithValue(p, "a bug in the test", func() { p.roundTrip(p.getRequest(p.Context(), p.Issue(time.Hour))) })
	})
}

func TestRoundTripper_TrailersOfTheRequestArrive(t *testing.T) {
	var sum string
	api := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		sum = r.Trailer.Get("Sum")
	})
	for _, reach := range []func(*place){inMemory, onSocket} {
		sum = ""
		visit(t, sim.Options{API: api}, clock.New(), reach, func(p *place) {
			req, _ := p.upload(-1, nil)
			req.Trailer = http.Header{"Sum": nil}
			req.Body = io.NopCloser(io.MultiReader(strings.NewReader("tea"), readerFunc(func([]byte) (int, error) {
				req.Trailer.Set("Sum", "42")
				return 0, io.EOF
			})))
			require.NoError(p, p.do(req).err)
			require.Equal(p, "42", sum)
		})
	}
}
