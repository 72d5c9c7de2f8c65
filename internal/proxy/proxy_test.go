package proxy_test

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// echo responds with what it received, once it has all of it: over HTTP/1, net/http's server would stop reading.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	_, _ = w.Write(body)
}

func TestX1_ARequestGetsTheToken(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		l := newLab(t, upstream, echo, nil)
		c := l.caller(t, caller)
		for range 3 {
			resp := do(t, c, request(t, "POST", "/items", strings.NewReader("tea")))
			require.Equal(t, 200, resp.StatusCode)
			require.Equal(t, "tea", resp.body)
		}
		require.Equal(t, 1, l.server.Stats().TokenRequests)
	})
}

func TestX1_C3_C4_ARevokedTokenIsReplacedAndTheRequestSentAgain(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		l := newLab(t, upstream, echo, nil)
		c := l.caller(t, caller)
		require.Equal(t, 200, do(t, c, request(t, "GET", "/", nil)).StatusCode)
		small := strings.Repeat("s", 60<<10)
		for _, body := range []func() io.Reader{
			func() io.Reader { return nil },
			func() io.Reader { return strings.NewReader(small) },
			func() io.Reader { return io.MultiReader(strings.NewReader(small)) }, // of unknown length
		} {
			before := l.server.Stats().TokenRequests
			l.server.Revoke()
			resp := do(t, c, request(t, "PUT", "/items", body()))
			require.Equal(t, 200, resp.StatusCode)
			if body() != nil {
				require.Len(t, resp.body, len(small))
			}
			require.Equal(t, before+1, l.server.Stats().TokenRequests)
		}
	})
}

func TestX1_C4_ALargeBodyIsNotSentAgainButTheNextRequestWorks(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		l := newLab(t, upstream, echo, nil)
		c := l.caller(t, caller)
		require.Equal(t, 200, do(t, c, request(t, "GET", "/", nil)).StatusCode)
		l.server.Revoke()
		large := bytes.Repeat([]byte("l"), 1<<20)
		resp := do(t, c, request(t, "PUT", "/items", bytes.NewReader(large)))
		require.Equal(t, 401, resp.StatusCode)
		resp = do(t, c, request(t, "PUT", "/items", bytes.NewReader(large)))
		require.Equal(t, 200, resp.StatusCode)
		require.Len(t, resp.body, len(large))
		require.Equal(t, 2, l.server.Stats().TokenRequests)
	})
}

func TestX1_C8_ARevocationUnderLoadFailsNoRequest(t *testing.T) {
	each(t, func(t *testing.T, caller, upstream protocol) {
		l := newLab(t, upstream, echo, nil)
		c := l.caller(t, caller)
		require.Equal(t, 200, do(t, c, request(t, "GET", "/", nil)).StatusCode)
		l.server.Revoke()
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				body := strings.Repeat("x", i*100)
				req := request(t, "POST", "/items", strings.NewReader(body))
				resp, err := c.Do(req)
				if err != nil {
					t.Error(err)
					return
				}
				defer resp.Body.Close()
				got, err := io.ReadAll(resp.Body)
				if err != nil || resp.StatusCode != 200 || string(got) != body {
					t.Errorf("%d, %d bytes of %d, %v", resp.StatusCode, len(got), len(body), err)
				}
			})
		}
		wg.Wait()
		require.Equal(t, 2, l.server.Stats().TokenRequests)
	})
}
