package alf_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// slowToClose is a base transport that responds before it has read the body, as HTTP/2 does: its Read runs on after its
// Close, and ends later.
type slowToClose struct {
	closeAfter, readUntil time.Duration // since the response; 0: at once

	mu    sync.Mutex
	sends []time.Duration
	start time.Time
	sent  []string
}

func (s *slowToClose) RoundTrip(req *http.Request) (*http.Response, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sends = append(s.sends, time.Since(s.start))
	if len(s.sends) > 1 {
		body, err := io.ReadAll(req.Body)
		req.Body.Close()
		s.sent = append(s.sent, string(body))
		return respond(req, 200, "second"), err
	}
	_, _ = io.ReadFull(req.Body, make([]byte, 3))
	if s.readUntil > 0 {
		go req.Body.Read(make([]byte, 1)) // it takes as long as the body wants
		synctest.Wait()
	}
	if s.closeAfter >= 0 {
		time.AfterFunc(s.closeAfter, func() { req.Body.Close() })
	}
	return respond(req, 401, "first"), nil
}

// slowBody is a body whose fourth byte takes a while.
type slowBody struct {
	*strings.Reader
	delay time.Duration
}

func (b *slowBody) Read(p []byte) (int, error) {
	if b.Len() == 7 {
		time.Sleep(b.delay)
	}
	return b.Reader.Read(p)
}

func (*slowBody) Close() error { return nil }

func TestC4_NothingIsSentAgainBeforeTheFirstBodyIsClosedAndNoReadOfItRuns(t *testing.T) {
	for _, tc := range []struct {
		closeAfter, readUntil, want time.Duration
	}{
		{0, 0, 0},
		{200 * time.Millisecond, 0, 200 * time.Millisecond},
		{200 * time.Millisecond, 300 * time.Millisecond, 300 * time.Millisecond},
		{300 * time.Millisecond, 200 * time.Millisecond, 300 * time.Millisecond},
		{499 * time.Millisecond, 0, 499 * time.Millisecond},
	} {
		for name, open := range map[string]func(*http.Request){
			"true copies": func(*http.Request) {},
			"rewound": func(req *http.Request) {
				reader := &slowBody{strings.NewReader("0123456789"), tc.readUntil}
				req.Body = reader
				req.GetBody = func() (io.ReadCloser, error) {
					_, err := reader.Seek(0, io.SeekStart)
					return reader, err
				}
			},
			"without GetBody": func(req *http.Request) {
				req.Body, req.GetBody = &slowBody{strings.NewReader("0123456789"), tc.readUntil}, nil
			},
		} {
			want := tc.want
			if name == "true copies" {
				want = 0 // what is sent again shares nothing with the first body
			}
			t.Run(fmt.Sprint(name, tc.closeAfter, tc.readUntil), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					base := &slowToClose{closeAfter: tc.closeAfter, readUntil: tc.readUntil, start: time.Now()}
					req, err := http.NewRequest(http.MethodPost, apiURL, strings.NewReader("0123456789"))
					require.NoError(t, err)
					open(req)
					resp, err := over(t, &fakeSource{}, base).Do(req)
					require.NoError(t, err)
					require.Equal(t, "second", readAll(t, resp))
					require.Equal(t, []time.Duration{0, want}, base.sends)
					require.Equal(t, []string{"0123456789"}, base.sent)
				})
			})
		}
	}
}

func TestC4_ABodyThatIsNotClosedWithinHalfASecondReturnsTheFirst401(t *testing.T) {
	for name, base := range map[string]*slowToClose{
		"never closed":    {closeAfter: -1},
		"closed too late": {closeAfter: 501 * time.Millisecond},
		"a Read runs on":  {readUntil: 501 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				base.start = time.Now()
				source := &fakeSource{}
				req, err := http.NewRequest(http.MethodPost, apiURL, nil)
				require.NoError(t, err)
				req.Body, req.ContentLength = &slowBody{strings.NewReader("0123456789"), base.readUntil}, 10
				req.GetBody = func() (io.ReadCloser, error) { return nil, errors.New("must not be called") }
				resp, err := over(t, source, base).Do(req)
				require.NoError(t, err)
				require.Equal(t, 500*time.Millisecond, time.Since(base.start))
				require.Equal(t, 401, resp.StatusCode)
				require.Equal(t, "first", readAll(t, resp))
				require.Len(t, base.sends, 1)
				require.Len(t, source.invalidated, 1, "other requests get the successor")
				time.Sleep(time.Second)
			})
		})
	}
}

func TestC8_ABodyThatWasReadToItsEndNeedsNoClose(t *testing.T) {
	for _, length := range []int64{-1, 10} {
		for _, again := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				var sent []string
				var first io.ReadCloser
				base := roundTripper(func(req *http.Request) (*http.Response, error) {
					if len(sent) == 0 {
						first = req.Body
					}
					body, err := io.ReadAll(req.Body)
					sent = append(sent, string(body))
					return respond(req, []int{401, 200}[len(sent)-1], ""), err
				})
				body := hide("0123456789")
				req, err := http.NewRequest(http.MethodPost, apiURL, body)
				require.NoError(t, err)
				req.ContentLength = length
				if again {
					req.GetBody = func() (io.ReadCloser, error) {
						require.True(t, body.isClosed())
						return hide("0123456789"), nil
					}
				}
				resp, err := over(t, &fakeSource{}, base).Do(req)
				require.NoError(t, err)
				readAll(t, resp)
				require.Equal(t, []string{"0123456789", "0123456789"}, sent)
				require.Equal(t, 500*time.Millisecond, time.Since(start))
				require.NoError(t, first.Close(), "it comes too late to do harm")
				require.Equal(t, 1, body.closed)
				_, err = first.Read(make([]byte, 1))
				require.Error(t, err)
			})
		}
	}
}

func TestC4_RestOfAShortBodyIsReadOnlyIfItComesSoon(t *testing.T) {
	// The sender of the rest waits for the response.
	synctest.Test(t, func(t *testing.T) {
		reader, writer := io.Pipe()
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			_, _ = io.ReadFull(req.Body, make([]byte, 4))
			req.Body.Close()
			return respond(req, 401, "first"), nil
		})
		go writer.Write([]byte("half"))
		req, err := http.NewRequest(http.MethodPost, apiURL, reader)
		require.NoError(t, err)
		req.ContentLength = 8
		start := time.Now()
		resp, err := over(t, &fakeSource{}, base).Do(req)
		require.NoError(t, err)
		require.Equal(t, 401, resp.StatusCode)
		require.Equal(t, "first", readAll(t, resp))
		require.Equal(t, 500*time.Millisecond, time.Since(start))
		synctest.Wait()
		_, err = writer.Write([]byte("rest"))
		require.ErrorIs(t, err, io.ErrClosedPipe, "the body is closed")
	})
}

func TestC4_ABodyThatTheBaseSendsAgainByItselfIsWatchedToo(t *testing.T) {
	// net/http does so when a kept connection turns out to be closed.
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		sends := 0
		base := roundTripper(func(req *http.Request) (*http.Response, error) {
			if sends++; sends > 1 {
				body, err := io.ReadAll(req.Body)
				req.Body.Close()
				return respond(req, 200, string(body)), err
			}
			req.Body.Close()
			again, err := req.GetBody()
			if err != nil {
				return nil, err
			}
			time.AfterFunc(100*time.Millisecond, func() { again.Close() })
			return respond(req, 401, ""), nil
		})
		body := &rewinding{r: bytes.NewReader([]byte("the body"))}
		req, err := http.NewRequest(http.MethodPost, apiURL, body)
		require.NoError(t, err)
		req.GetBody = body.get
		resp, err := over(t, &fakeSource{}, base).Do(req)
		require.NoError(t, err)
		require.Equal(t, "the body", readAll(t, resp))
		require.Equal(t, 100*time.Millisecond, time.Since(start))
	})
}
