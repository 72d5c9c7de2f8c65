package statuspage

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// table is the rows of a table of the page, each by the columns' headers.
type table []map[string]string

// row is the one whose header is this.
func (rows table) row(t *testing.T, column, header string) map[string]string {
	t.Helper()
	for _, row := range rows {
		if row[column] == header {
			return row
		}
	}
	require.Fail(t, "no row for "+header, "%v", rows)
	return nil
}

// tables are those of the page, by their headings.
func (s *session) tables(ctx context.Context, t *testing.T) map[string]table {
	all := make(map[string]table)
	require.NoError(t, s.page.Evaluate(ctx, `Object.fromEntries([...document.querySelectorAll("section:has(table)")].map((section) => {
		const text = (e) => e.textContent.trim().replace(/\s+/g, " ");
		const columns = [...section.querySelectorAll("thead th")].map(text);
		const row = (r) => Object.fromEntries([...r.cells].map((cell, i) => [columns[i], text(cell)]));
		return [text(section.querySelector("h2")), [...section.querySelectorAll("tbody tr")].map(row)];
	}))`, &all))
	return all
}

// rates are the requests a second that the status has as JSON, by route.
func (s *session) rates(ctx context.Context, t *testing.T) map[string]float64 {
	var status struct {
		Routes []struct {
			Name string
			Rate float64 `json:"requests_per_second"`
		}
	}
	_, text := s.get(ctx, t, "/status?format=json")
	require.NoError(t, json.Unmarshal(text, &status))
	rates := make(map[string]float64)
	for _, r := range status.Routes {
		rates[r.Name] = r.Rate
	}
	return rates
}

// hasTheFigures compares what the page shows with the metrics, which are compared with what was sent. Token requests
// that fail are repeated meanwhile: so the page is loaded until none was made beside it.
func (s *session) hasTheFigures(ctx context.Context, t *testing.T) {
	var metrics scrape
	var rates map[string]float64
	for {
		before, _ := s.scrape(t)
		rates = s.rates(ctx, t)
		require.NoError(t, s.page.Navigate(ctx, s.url("/status?refresh=off")))
		if metrics, _ = s.scrape(t); metrics.sum("alf_token_requests_total") == before.sum("alf_token_requests_total") {
			break
		}
	}
	later := s.rates(ctx, t)
	requireSent(t, metrics, 1)
	tables := s.tables(ctx, t)
	whole := func(family string, labels ...string) string {
		return strconv.FormatFloat(metrics.sum(family, labels...), 'f', 0, 64)
	}

	require.Len(t, tables["Routes"], 4)
	for _, row := range tables["Routes"] {
		route := []string{"route", row["Route"]}
		require.Equal(t, whole("alf_proxy_requests_total", route...), row["Requests"])
		require.Equal(t, whole("alf_proxy_requests_total", append(route, "code_class", "5xx")...), row["5xx"])
		require.Equal(t, whole("alf_proxy_failed_total", route...), row["Not forwarded"])
		h := metrics.one(t, "alf_proxy_request_seconds", route...).GetHistogram()
		require.Equal(t, fmt.Sprintf("%.1f ms", 1e3*h.GetSampleSum()/float64(h.GetSampleCount())), row["Mean time"])
		rate, err := strconv.ParseFloat(row["A second"], 64)
		require.NoError(t, err)
		require.LessOrEqual(t, rate, rates[row["Route"]]+0.05) // it falls, as there are no more requests
		require.GreaterOrEqual(t, rate, later[row["Route"]]-0.05)
	}

	require.Len(t, tables["Tokens"], 4)
	for _, row := range tables["Tokens"] {
		name := []string{"name", row["Token"]}
		require.Equal(t, metrics.sum("alf_token_ready", name...) == 1, strings.HasPrefix(row["State"], "usable"), row)
		if expiry := metrics.sum("alf_token_expiry_timestamp_seconds", name...); expiry > 0 {
			require.Contains(t, row["Life"], "until "+time.UnixMilli(int64(1e3*expiry)).UTC().Format("15:04:05"))
		} else {
			require.Equal(t, "no token", row["Life"])
		}
	}
	orders := tables["Tokens"].row(t, "Token", "default/orders")
	require.Contains(t, orders["For"], "https://orders.example.com, orders.read, orders.write, "+longScope+" used by orders")
	require.Regexp(t, `^failing.*EOF.*(next attempt in \d+ s|ago; tried again once a request needs it)$`, tables["Tokens"].row(t, "Token", "outage/billing")["State"])
	require.Regexp(t, `^failing.*invalid_client.*(next attempt in \d+ s|ago; tried again once a request needs it)$`, tables["Tokens"].row(t, "Token", "refused/reports")["State"])

	require.Len(t, tables["Clients"], 3)
	for _, row := range tables["Clients"] {
		name := []string{"name", row["Client"]}
		require.Equal(t, whole("alf_token_requests_total", name...), row["Token requests"])
		failed := metrics.sum("alf_token_requests_ended_total", append(name, "outcome", "failed")...) +
			metrics.sum("alf_token_requests_ended_total", append(name, "outcome", "denied")...)
		require.Equal(t, strconv.FormatFloat(failed, 'f', 0, 64), row["Failed"])
		require.Equal(t, whole("alf_api_unauthorized_total", name...), row["401s"])
		require.Equal(t, whole("alf_api_retries_total", name...), row["Sent again"])
	}

	require.Equal(t, "GET, POST /orders/ on any host", tables["Routes"].row(t, "Route", "orders")["Requests for"])
	require.Equal(t, reportsHost+"/reports/", tables["Routes"].row(t, "Route", "reports")["Requests for"])

	var problems []string
	for _, row := range tables["Last problems"] {
		require.Regexp(t, `^\d+ (s|min) ago$`, row["When"])
		require.NotEmpty(t, row["Why"])
		problems = append(problems, row["Route"]+": "+row["Response"])
	}
	require.Equal(t, []string{
		"none: 421 host", "none: 404 no-route, 3 times", legacy + ": 502 upstream, 2 times",
		"reports: 502 no-token", "billing: 503 no-token, 2 times",
	}, problems)

	var text string
	require.NoError(t, s.page.Evaluate(ctx, "document.body.innerText", &text))
	for _, expected := range []string{"ready", "0 in flight", "0 websockets", "0 reloads, 1 failed", "The last reload failed", "routes[1].tenant"} {
		require.Contains(t, text, expected)
	}
}
