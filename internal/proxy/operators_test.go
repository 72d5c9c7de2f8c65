package proxy_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/proxy"
)

func TestX3_AdminRefusesOtherSites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		defer l.end()
		for _, c := range []struct {
			target string
			header http.Header
			status int
		}{
			{"http://127.0.0.1:8482/status", nil, 200},
			{"http://localhost:8482/status", nil, 200},
			{"http://[::1]:8482/metrics", nil, 200},
			{"http://rebound.example:8482/status", nil, 421},
			{"http://192.0.2.1:8482/status", nil, 421},
			{"http://localhost/status", http.Header{"Sec-Fetch-Site": {"none"}}, 200},
			{"http://localhost/status", http.Header{"Sec-Fetch-Site": {"same-origin"}}, 200},
			{"http://localhost/status", http.Header{"Sec-Fetch-Site": {"same-site"}}, 403},
			{"http://localhost/metrics", http.Header{"Sec-Fetch-Site": {"cross-site"}}, 403},
			{"http://localhost/metrics", http.Header{"Origin": {"https://evil.example"}}, 403},
			{"http://localhost/readyz", nil, 404},
			{"http://localhost/orders", nil, 404},
		} {
			w := call(l.proxy.Admin(tcp), "GET", c.target, c.header)
			require.Equal(t, c.status, w.Code, c)
			if c.status == 200 {
				require.Equal(t, "DENY", w.Header().Get("X-Frame-Options"))
				require.Equal(t, "no-store", w.Header().Get("Cache-Control"))
				require.Empty(t, w.Header().Get("Access-Control-Allow-Origin"))
			}
		}
		require.Equal(t, 405, call(l.proxy.Admin(tcp), "POST", "http://localhost/metrics", nil).Code)
	})
}

const odd = "odd \"route\"\\ with\nlines and é"

// sampleLine is a sample of the text format 0.0.4: a name, labels, and a value.
var sampleLine = regexp.MustCompile(`^([a-z_]+)(\{[a-z_]+="(?:[^"\\\n]|\\[\\"n])*"(?:,[a-z_]+="(?:[^"\\\n]|\\[\\"n])*")*\})? (\S+)$`)

func TestX3_MetricsAreOfTheTextFormat(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, func(l *memoryLab) {
			l.config.Routes[0].Name = odd
			l.config.Routes[0].Path = "/in"
		})
		defer l.end()
		c := l.caller("main")
		l.get(c, "/in")
		l.get(c, "/out")
		l.get(c, "/in")
		synctest.Wait()
		w := call(l.proxy.Admin(unix), "GET", "/metrics", nil)
		require.Equal(t, "text/plain; version=0.0.4; charset=utf-8", w.Header().Get("Content-Type"))
		text := w.Body.String()
		families, samples := map[string]bool{}, map[string]bool{}
		family := ""
		for line := range strings.Lines(text) {
			line = strings.TrimSuffix(line, "\n")
			if name, ok := strings.CutPrefix(line, "# HELP "); ok {
				family, _, _ = strings.Cut(name, " ")
				require.False(t, families[family], "%s is in two places", family)
				families[family] = true
				continue
			}
			if strings.HasPrefix(line, "# TYPE "+family+" ") {
				continue
			}
			parts := sampleLine.FindStringSubmatch(line)
			require.NotNil(t, parts, line)
			require.Regexp(t, "^"+family+"(_bucket|_sum|_count)?$", parts[1])
			require.False(t, samples[parts[1]+parts[2]], "%s is twice", line)
			samples[parts[1]+parts[2]] = true
		}
		const label = `route="odd \"route\"\\ with\nlines and é"`
		require.Contains(t, text, "alf_proxy_requests_total{"+label+`,code_class="2xx"} 2`)
		require.Contains(t, text, `alf_proxy_refused_total{reason="no-route"} 1`)
		require.Contains(t, text, `alf_proxy_request_seconds_count{`+label+"} 2")
		require.Contains(t, text, `alf_proxy_request_seconds_bucket{`+label+`,le="+Inf"} 2`)
		require.Contains(t, text, "alf_proxy_ready 1\n")
		require.Contains(t, text, "alf_proxy_inflight 0\n")
		require.Contains(t, text, `alf_token_requests_total{name="default",cause="cold start"} 1`)
	})
}

func TestX3_GaugesOfRequestsAndWebsockets(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, nil)
		defer l.end()
		metric := func(text string) {
			t.Helper()
			synctest.Wait()
			require.Contains(t, call(l.proxy.Admin(unix), "GET", "/metrics", nil).Body.String(), text)
		}
		ws, _ := l.websocket("main")
		metric("alf_proxy_upgraded 1\n")
		metric("alf_proxy_inflight 1\n")
		ws.Close()
		metric("alf_proxy_upgraded 0\n")
		metric("alf_proxy_inflight 0\n")
		metric(`alf_proxy_requests_total{route="api",code_class="1xx"} 1`)
		metric(`alf_proxy_request_seconds_count{route="api"} 0`)
	})
}

// slowWriter blocks until it is told to go on.
type slowWriter struct {
	mu    sync.Mutex
	text  bytes.Buffer
	begin chan struct{}
}

func (w *slowWriter) Write(p []byte) (int, error) {
	if w.begin != nil {
		<-w.begin
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.Write(p)
}

func TestX3_AccessLogHasNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowWriter{}
		l := newMemoryLab(t, upgrade, func(l *memoryLab) {
			l.config.AccessLog = log
			l.config.Routes[0].Path = "/in"
		})
		c := l.caller("main")
		req, err := http.NewRequest("POST", "http://localhost/in/%C3%A9%9b31m?key=secret-1", strings.NewReader("secret-2"))
		require.NoError(t, err)
		req.Header.Set("X-Key", "secret-3")
		req.Header.Set("Cookie", "a=secret-4")
		resp, err := c.Do(req)
		require.NoError(t, err)
		resp.Body.Close()
		synctest.Wait() // the line is written after the response
		l.get(c, "/out?secret-5")
		synctest.Wait()
		ws, err := l.dial("main")
		require.NoError(t, err)
		_, err = io.WriteString(ws, "GET /in/x\x9b\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
		require.NoError(t, err)
		io.Copy(io.Discard, ws)
		l.end()
		require.NotContains(t, log.text.String(), "secret")
		require.NotRegexp(t, `[^ -~\n]`, log.text.String())
		var lines []map[string]any
		for line := range strings.Lines(log.text.String()) {
			var one map[string]any
			require.NoError(t, json.Unmarshal([]byte(line), &one))
			lines = append(lines, one)
		}
		require.Len(t, lines, 3)
		require.Equal(t, "POST", lines[0]["method"])
		require.Equal(t, "/in/%C3%A9%9b31m", lines[0]["path"])
		require.Equal(t, "api", lines[0]["route"])
		require.Equal(t, "main", lines[0]["listener"])
		require.EqualValues(t, 200, lines[0]["status"])
		require.EqualValues(t, len("secret-2"), lines[0]["received"])
		require.EqualValues(t, len("hello"), lines[0]["sent"])
		require.Contains(t, lines[0], "upstream_ms")
		require.Equal(t, "no-route", lines[1]["error"])
		require.EqualValues(t, 404, lines[1]["status"])
	})
}

func TestX3_ASlowAccessLogDelaysNoRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &slowWriter{begin: make(chan struct{})}
		l := newMemoryLab(t, nil, func(l *memoryLab) { l.config.AccessLog = log })
		h := l.proxy.Handler(0)
		for range 5000 {
			call(h, "GET", "http://localhost/a/../b", nil)
		}
		synctest.Wait()
		require.Contains(t, call(l.proxy.Admin(unix), "GET", "/metrics", nil).Body.String(), "alf_proxy_access_log_dropped_total 903\n")
		began := time.Now()
		l.end() // a second, and not longer
		require.LessOrEqual(t, time.Since(began), 3*time.Second)
		close(log.begin)
		synctest.Wait()
	})
}

func TestX3_StatusHasNoSecretAndIsEscaped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, upgrade, func(l *memoryLab) {
			l.config.Routes[0].Name = `<script>alert("x")</script>`
			l.config.Routes[0].Target = alf.Target{Scopes: []string{"<b>orders.read</b>"}, Audience: []string{"https://orders.example.com"}}
			l.config.Clients[0].Config.ClientSecret = alf.Secret("secret-of-the-client")
		})
		defer l.end()
		c := l.caller("main")
		l.get(c, "/")
		l.get(c, "/%2e%2e/")
		synctest.Wait()
		for _, target := range []string{"/status", "/status?format=json", "/status?refresh=off", "/metrics"} {
			w := call(l.proxy.Admin(unix), "GET", target, nil)
			require.Equal(t, 200, w.Code)
			text := w.Body.String()
			require.NotContains(t, text, "secret-of-the-client")
			require.NotContains(t, text, "sim-", "a token's value")
			if strings.HasPrefix(target, "/status") && !strings.Contains(target, "json") {
				require.NotContains(t, text, "<script")
				require.NotContains(t, text, "<b>orders")
				require.Contains(t, text, "usable")
				require.NotRegexp(t, `(src|href)="(https?:)?//`, text, "it loads nothing")
				require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
				require.Equal(t, !strings.Contains(target, "off"), strings.Contains(text, `http-equiv="refresh"`))
			}
		}
		var st struct {
			Phase  string
			Tokens []struct{ State, Refresh string }
			Routes []struct{ Requests int }
		}
		require.NoError(t, json.Unmarshal(call(l.proxy.Admin(unix), "GET", "/status?format=json", nil).Body.Bytes(), &st))
		require.Equal(t, "ready", st.Phase)
		require.Len(t, st.Tokens, 1)
		require.Equal(t, "usable", st.Tokens[0].State)
		require.Equal(t, 1, st.Routes[0].Requests)
	})
}

// The pool forgets a token that cannot be obtained and is not asked for; the page does not.
func TestX3_StatusKeepsTheLastFailureOfAToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, nil)
		defer l.end()
		synctest.Wait()
		l.server.GoDown(24 * time.Hour)
		time.Sleep(2 * time.Hour)
		status, _ := l.get(l.caller("main"), "/")
		require.Equal(t, 503, status)
		time.Sleep(2 * time.Hour)
		text := call(l.proxy.Admin(unix), "GET", "/status", nil).Body.String()
		require.Contains(t, text, `<span class="state failing">`)
		require.Contains(t, text, `<span class="state ready">`)
		require.Contains(t, text, "2 h ago; tried again once a request needs it")
	})
}

func TestX3_StatusShowsFailuresOfTokensAndReloads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newMemoryLab(t, nil, func(l *memoryLab) { l.server.GoDown(time.Hour) })
		defer l.end()
		status, _ := l.get(l.caller("main"), "/")
		require.Equal(t, 503, status)
		cfg := l.config
		cfg.Clients = []proxy.Client{{Key: "none"}}
		require.Error(t, l.proxy.Reload(cfg))
		text := call(l.proxy.Admin(unix), "GET", "/status", nil).Body.String()
		require.Contains(t, text, "failing")
		require.Contains(t, text, "next attempt")
		require.Contains(t, text, "The last reload failed")
		require.Contains(t, text, "503 no-token")
	})
}
