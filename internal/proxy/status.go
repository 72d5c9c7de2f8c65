package proxy

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/draining"
)

// status is what the page shows, and /status?format=json. It has no secret: of tokens their times alone.
type status struct {
	Now            time.Time      `json:"now"`
	Started        time.Time      `json:"started"`
	Phase          string         `json:"phase"`
	InFlight       int64          `json:"in_flight"`
	Upgraded       int64          `json:"upgraded"`
	Configurations int            `json:"configurations"`
	Reloads        statusReloads  `json:"reloads"`
	Listeners      []string       `json:"listeners"`
	Clients        []statusClient `json:"clients"`
	Tokens         []statusToken  `json:"tokens"`
	Routes         []statusRoute  `json:"routes"`
	Problems       []trouble      `json:"problems"` // the latest first
}

type statusReloads struct {
	Succeeded uint64     `json:"succeeded"`
	Failed    uint64     `json:"failed"`
	Last      *time.Time `json:"last,omitempty"`
	Error     string     `json:"error,omitempty"` // of the last one
}

type statusClient struct {
	Name          string `json:"name"`
	TokenRequests uint64 `json:"token_requests"`
	Failed        uint64 `json:"failed"`
	Unauthorized  uint64 `json:"unauthorized"`
	Retried       uint64 `json:"retried"`
	// Shared says that other processes have the same tokens, by a store; Adopted counts tokens that came from them.
	Shared      bool   `json:"shared"`
	Adopted     uint64 `json:"adopted"`
	StoreErrors uint64 `json:"store_errors"`
}

type statusToken struct {
	Name        string     `json:"name"`
	For         []string   `json:"for"` // audience, resource and scopes
	Routes      []string   `json:"routes"`
	State       string     `json:"state"` // "usable", "requested", "missing", "failing"
	Obtained    *time.Time `json:"obtained,omitempty"`
	Refresh     *time.Time `json:"refresh,omitempty"`
	Expiry      *time.Time `json:"effective_expiry,omitempty"`
	Idle        bool       `json:"idle"`
	Waiting     int        `json:"waiting"`
	Error       string     `json:"error,omitempty"`
	NextAttempt *time.Time `json:"next_attempt,omitempty"`
	// FailedAt is when the token was last missing, if no request has asked for it since.
	FailedAt *time.Time `json:"failed_at,omitempty"`
	// Used and Refreshes are where in its life the token is, and where its refresh is planned, in percent.
	Used      int `json:"-"`
	Refreshes int `json:"-"`
}

type statusRoute struct {
	Name     string  `json:"name"`
	Matches  string  `json:"matches"`
	Upstream string  `json:"upstream"`
	Client   string  `json:"client"`
	Requests uint64  `json:"requests"`
	Rate     float64 `json:"requests_per_second"` // of the last minute
	Failed   uint64  `json:"failed"`              // by the proxy itself
	Errors   uint64  `json:"errors_5xx"`
	Mean     float64 `json:"mean_seconds"`
}

func (p *Proxy) status() *status {
	s, giveBack := p.borrow()
	defer giveBack()
	now := time.Now()
	st := &status{
		Now: now, Started: p.started, Phase: p.life.phase().String(), InFlight: p.inFlight(), Upgraded: p.upgraded.Load(),
		Configurations: p.configurations(), Problems: p.troubles.list(),
	}
	p.mu.Lock()
	st.Reloads = statusReloads{Succeeded: p.reloads.succeeded, Failed: p.reloads.failed, Last: timeOf(p.reloads.at)}
	if p.reloads.err != nil {
		st.Reloads.Error = p.reloads.err.Error()
	}
	p.mu.Unlock()
	for i := range s.cfg.Listeners {
		st.Listeners = append(st.Listeners, s.cfg.Listeners[i].Address)
	}
	for _, c := range s.clientStats() {
		st.Clients = append(st.Clients, newStatusClient(c))
	}
	for i := range s.tokens {
		st.Tokens = append(st.Tokens, newStatusToken(&s.tokens[i], now, st.Problems))
	}
	for i := range s.routes {
		st.Routes = append(st.Routes, p.newStatusRoute(s, &s.routes[i], now))
	}
	return st
}

func newStatusClient(c clientStats) statusClient {
	sc := statusClient{
		Name: c.name, TokenRequests: c.stats.Fetches, Failed: c.stats.Failed,
		Unauthorized: c.stats.Requests.Unauthorized, Retried: c.stats.Requests.Retried,
	}
	if shared := c.stats.Sharing; shared != nil {
		sc.Shared, sc.Adopted, sc.StoreErrors = true, shared.Adopted, shared.Errors
	}
	return sc
}

func newStatusToken(t *token, now time.Time, problems []trouble) statusToken {
	s := t.handle.Stats()
	st := statusToken{
		Name: t.name, For: targetParts(t.target), Routes: t.routes, State: tokenState(&s), Idle: s.Idle, Waiting: s.Waiting,
		Refresh: timeOf(s.RefreshTime), Expiry: timeOf(s.EffectiveExpiry), NextAttempt: timeOf(s.NextAttempt),
	}
	if s.Token != 0 {
		obtained := now.Add(-s.Age)
		st.Obtained = &obtained
		st.Used, st.Refreshes = percent(obtained, now, s.EffectiveExpiry), percent(obtained, s.RefreshTime, s.EffectiveExpiry)
	}
	if s.LastError != nil {
		st.Error = s.LastError.Error()
	}
	if st.State == "missing" {
		// The pool has forgotten it, as it does when a token cannot be obtained and is not asked for any more. What its
		// routes have met says more.
		for _, problem := range problems {
			if problem.Reason == noToken && slices.Contains(t.routes, problem.Route) {
				st.State, st.Error, st.FailedAt = "failing", problem.Detail, &problem.At
				break
			}
		}
	}
	return st
}

func tokenState(s *alf.Stats) string {
	switch {
	case s.LastError != nil:
		return "failing"
	case s.Ready:
		return "usable"
	case s.Fetching:
		return "requested"
	}
	return "missing"
}

func targetParts(t alf.Target) []string {
	parts := []string{}
	parts = append(parts, t.Audience...)
	parts = append(parts, t.Resource...)
	return append(parts, t.Scopes...)
}

// percent is where at is between two times.
func percent(from, at, to time.Time) int {
	whole := to.Sub(from)
	if whole <= 0 || at.IsZero() {
		return 0
	}
	return int(min(max(100*at.Sub(from)/whole, 0), 100))
}

func (p *Proxy) newStatusRoute(s *state, r *forwarder, now time.Time) statusRoute {
	c := r.counters
	st := statusRoute{
		Name: r.Name, Upstream: r.Upstream.Scheme + "://" + r.Upstream.Host + r.UpstreamPath, Client: s.cfg.Clients[r.Client].label(),
		Requests: c.total(), Errors: c.classes[5].Load(),
	}
	st.Matches = strings.TrimSpace(strings.Join(r.Methods, ", ") + " " + r.Host + "/" + strings.TrimPrefix(r.Route.Path, "/"))
	if r.Host == "" {
		st.Matches += " on any host"
	}
	st.Rate = p.rates.of(r.Name, st.Requests, now)
	for i := range c.failures {
		st.Failed += c.failures[i].Load()
	}
	var n uint64
	for i := range c.buckets {
		n += c.buckets[i].Load()
	}
	if n > 0 {
		st.Mean = time.Duration(c.sum.Load()).Seconds() / float64(n)
	}
	return st
}

func timeOf(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

//go:embed status.html
var statusHTML string

// statusPolicy lets the page load nothing but its own style, which is in it.
var statusPolicy = func() string {
	_, rest, _ := strings.Cut(statusHTML, "<style>")
	style, _, _ := strings.Cut(rest, "</style>")
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// refreshTime is how often the page loads itself, unless it is asked not to.
const refreshTime = 5 * time.Second

var statusPage = template.Must(template.New("status").Funcs(template.FuncMap{
	"clock": func(t time.Time) string { return t.UTC().Format("15:04:05") },
	"iso":   func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
	"span":  span,
	"number": func(f float64) string {
		if f >= 100 {
			return fmt.Sprintf("%.0f", f)
		}
		return fmt.Sprintf("%.1f", f)
	},
	"millis": func(seconds float64) string { return fmt.Sprintf("%.1f ms", 1e3*seconds) },
	"draining": func(phase string) bool {
		return phase == draining.Draining.String() || phase == draining.Ended.String()
	},
}).Parse(statusHTML))

// span is the time between two times as text: "in 3 min", "12 s ago".
func span(now, t time.Time) string {
	d := t.Sub(now)
	text := func(d time.Duration) string {
		switch {
		case d < 2*time.Minute:
			return fmt.Sprintf("%d s", int(d.Seconds()))
		case d < 2*time.Hour:
			return fmt.Sprintf("%d min", int(d.Minutes()))
		case d < 48*time.Hour:
			return fmt.Sprintf("%d h", int(d.Hours()))
		}
		return fmt.Sprintf("%d days", int(d.Hours()/24))
	}
	if d < 0 {
		return text(-d) + " ago"
	}
	return "in " + text(d)
}

func (p *Proxy) serveStatus(w http.ResponseWriter, r *http.Request) {
	st := p.status()
	if r.URL.Query().Get("format") == "json" {
		w.Header().Set("Content-Type", "application/json")
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(st)
		return
	}
	refresh := 0
	if r.URL.Query().Get("refresh") != "off" {
		refresh = int(refreshTime.Seconds())
	}
	var page bytes.Buffer
	if err := statusPage.Execute(&page, struct {
		*status
		RefreshSeconds int
	}{st, refresh}); err != nil {
		plain(w, http.StatusInternalServerError, "the page cannot be made: "+err.Error())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Security-Policy", statusPolicy)
	_, _ = w.Write(page.Bytes())
}
