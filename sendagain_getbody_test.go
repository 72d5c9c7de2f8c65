package alf_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func TestC4_GetBodyThatRewindsOneFileDamagesNoUpload(t *testing.T) {
	content := make([]byte, 2<<20)
	for i := range content {
		content[i] = byte(i * i >> 7)
	}
	want := fmt.Sprintf("%d %x <nil>", len(content), sha256.Sum256(content))
	path := t.TempDir() + "/upload"
	require.NoError(t, os.WriteFile(path, content, 0o600))
	protocols(t, func(t *testing.T, http2 bool) {
		for name, length := range map[string]int64{"chunked": -1, "of known length": int64(len(content))} {
			server := earlyServer(t, http2, 1<<10)
			client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
			whole, rejected := 0, 0
			for range 20 {
				file, err := os.Open(path)
				require.NoError(t, err)
				req, err := http.NewRequest(http.MethodPut, server.URL, io.NopCloser(file))
				require.NoError(t, err)
				req.ContentLength = length
				req.GetBody = func() (io.ReadCloser, error) {
					_, err := file.Seek(0, io.SeekStart)
					return io.NopCloser(file), err
				}
				resp, err := client.Do(req)
				require.NoError(t, err)
				switch response := readAll(t, resp); {
				case resp.StatusCode == 401:
					rejected++
				case response == want:
					whole++
				}
				file.Close()
			}
			require.Equal(t, 20, whole+rejected, "%s: %d whole, %d rejected, the others damaged", name, whole, rejected)
			require.Equal(t, 20, whole, "%s: %d rejected", name, rejected)
		}
	})
}

// rewinding is a body like that of connect-go: GetBody returns the one body, rewound.
type rewinding struct {
	mu sync.Mutex
	r  *bytes.Reader
}

func (r *rewinding) Read(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.r.Read(p)
}

func (*rewinding) Close() error { return nil }

func (r *rewinding) get() (io.ReadCloser, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, err := r.r.Seek(0, io.SeekStart)
	return r, err
}

func TestC4_GetBodyThatRewindsTheOneBodyLosesNoCall(t *testing.T) {
	protocols(t, func(t *testing.T, http2 bool) {
		server := earlyServer(t, http2, 0)
		client := newClient(t, alf.Config{Manager: stale(), HTTPClient: &http.Client{Transport: clientTransport(t, server)}})
		var failed atomic.Int32
		crowd := 20
		if raceDetector {
			crowd = 4 // a machine that is ten times as slow exceeds the 500 ms that a first send may take to end
		}
		atOnce(crowd, func(i int) {
			for n := range 400 / crowd {
				content := []byte(filler(100 + 997*((i+n)%20)))
				body := &rewinding{r: bytes.NewReader(content)}
				req, err := http.NewRequest(http.MethodPost, server.URL, body)
				if err != nil {
					t.Error(err)
					return
				}
				req.ContentLength, req.GetBody = int64(len(content)), body.get
				resp, err := client.Do(req)
				if err != nil {
					failed.Add(1)
					continue
				}
				response, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || string(response) != fmt.Sprintf("%d %x <nil>", len(content), sha256.Sum256(content)) {
					failed.Add(1)
				}
			}
		})
		require.Zero(t, failed.Load(), "of 400 calls")
	})
}

func TestC4_GetBodyThatReturnsAReadReaderSendsNoPart(t *testing.T) {
	for _, tc := range []struct {
		name   string
		size   int
		length int64 // Content-Length; -1: not known
		read   int   // how much the first send reads
		status int
	}{
		{"short, of unknown length: the replay buffer is preferred", 100, -1, 1000, 200},
		{"very short, of known length: the replay buffer is complete", 100, 100, 1000, 200},
		{"short, read to its end, of known length", 1000, 1000, 2000, 401},
		{"long, read to its end", 100 << 10, -1, 1 << 20, 401},
		{"long, read to its end, of known length", 100 << 10, 100 << 10, 1 << 20, 401},
		{"long, half read", 200 << 10, -1, 100 << 10, 401},
		{"long, a little was read", 200 << 10, -1, 10, 401},
		{"long, half read, of known length", 200 << 10, 200 << 10, 100 << 10, 401},
		{"nothing was read", 200 << 10, -1, 0, 200},
	} {
		t.Run(tc.name, func(t *testing.T) {
			content := make([]byte, tc.size)
			for i := range content {
				content[i] = byte(i) ^ byte(i>>8) ^ byte(i>>16)
			}
			for kind, same := range map[string]io.Reader{"seeker": bytes.NewReader(content), "reader": io.MultiReader(bytes.NewReader(content))} {
				var sent [][]byte
				base := roundTripper(func(req *http.Request) (*http.Response, error) {
					defer req.Body.Close()
					limit := int64(1 << 30)
					if len(sent) == 0 {
						limit = int64(tc.read)
					}
					body, err := io.ReadAll(io.LimitReader(req.Body, limit))
					if err != nil {
						return nil, err
					}
					sent = append(sent, body)
					return respond(req, []int{401, 200}[len(sent)-1], "response"), nil
				})
				req, err := http.NewRequest(http.MethodPost, apiURL, io.NopCloser(same))
				require.NoError(t, err)
				req.ContentLength = tc.length
				req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(same), nil }
				resp, err := over(t, &fakeSource{}, base).Do(req)
				require.NoError(t, err, kind)
				readAll(t, resp)
				require.Equal(t, tc.status, resp.StatusCode, kind)
				require.Equal(t, tc.status == 200, len(sent) == 2, kind)
				if len(sent) == 2 {
					require.True(t, bytes.Equal(content, sent[1]), "%s: %d of %d bytes were sent", kind, len(sent[1]), len(content))
				}
			}
		})
	}
}

func TestC4_APartThatWasMistakenForTheWholeIsNotSentToItsEnd(t *testing.T) {
	// The content repeats itself, so that only its length shows a loss.
	content := strings.Repeat("x", 100<<10)
	sends := 0
	base := roundTripper(func(req *http.Request) (*http.Response, error) {
		defer req.Body.Close()
		sends++
		_, err := io.ReadAll(req.Body)
		if err != nil {
			return nil, err
		}
		return respond(req, []int{401, 200}[sends-1], ""), nil
	})
	req, err := http.NewRequest(http.MethodPost, apiURL, io.NopCloser(strings.NewReader(content)))
	require.NoError(t, err)
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content[:90<<10])), nil }
	_, err = over(t, &fakeSource{}, base).Do(req)
	require.ErrorContains(t, err, "did not return the whole body again")
}
