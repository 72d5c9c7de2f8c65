package statuspage

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
)

// scrape is what Prometheus reads.
type scrape map[string]*dto.MetricFamily

// get requests a page of the admin listener.
func (o *operated) get(ctx context.Context, t *testing.T, path string) (http.Header, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, o.url(path), nil)
	require.NoError(t, err)
	client := http.Client{Timeout: time.Minute, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	require.NoError(t, err)
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode, string(body))
	return response.Header, body
}

// scrape reads /metrics as Prometheus does, by the content type that it has.
func (o *operated) scrape(t *testing.T) (scrape, []byte) {
	t.Helper()
	header, text := o.get(t.Context(), t, "/metrics")
	require.Equal(t, expfmt.TypeTextPlain, expfmt.ResponseFormat(header).FormatType(), header)
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	require.NoError(t, err)
	return families, text
}

// sum adds up the values of a family's samples that have these labels, given as name and value alternately. Of a
// histogram or a summary it is the count.
func (s scrape) sum(family string, labels ...string) (sum float64) {
	for _, m := range s[family].GetMetric() {
		if hasLabels(m, labels) {
			sum += value(m)
		}
	}
	return sum
}

// one is the sample of a family with these labels.
func (s scrape) one(t *testing.T, family string, labels ...string) *dto.Metric {
	t.Helper()
	for _, m := range s[family].GetMetric() {
		if hasLabels(m, labels) {
			return m
		}
	}
	require.Fail(t, "no sample of "+family, "%q", labels)
	return nil
}

func hasLabels(m *dto.Metric, labels []string) bool {
	has := map[string]string{}
	for _, l := range m.GetLabel() {
		has[l.GetName()] = l.GetValue()
	}
	for i := 0; i < len(labels); i += 2 {
		if v, ok := has[labels[i]]; !ok || v != labels[i+1] {
			return false
		}
	}
	return true
}

func value(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount()+m.GetSummary().GetSampleCount())
}

// cumulative are the samples that may only rise, by family, labels and what they are.
func (s scrape) cumulative() map[string]float64 {
	all := make(map[string]float64)
	for name, family := range s {
		for _, m := range family.GetMetric() {
			var labels strings.Builder
			labels.WriteString(name)
			for _, l := range m.GetLabel() {
				labels.WriteString(" " + l.GetName() + "=" + l.GetValue())
			}
			key := labels.String()
			switch family.GetType() {
			case dto.MetricType_COUNTER:
				all[key] = m.GetCounter().GetValue()
			case dto.MetricType_HISTOGRAM:
				h := m.GetHistogram()
				all[key+" count"], all[key+" sum"] = float64(h.GetSampleCount()), h.GetSampleSum()
				for _, b := range h.GetBucket() {
					all[key+" le="+model.SampleValue(b.GetUpperBound()).String()] = float64(b.GetCumulativeCount())
				}
			case dto.MetricType_SUMMARY:
				all[key+" count"], all[key+" sum"] = float64(m.GetSummary().GetSampleCount()), m.GetSummary().GetSampleSum()
			}
		}
	}
	return all
}

// findings are what Prometheus's linter and these rules find in an exposition: the linter of promtool does not ask for
// a type, and no parser for ordered buckets.
func findings(t *testing.T, text []byte) (all []string) {
	problems, err := promlint.New(bytes.NewReader(text)).Lint()
	require.NoError(t, err)
	for _, p := range problems {
		all = append(all, p.Metric+": "+p.Text)
	}
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	require.NoError(t, err)
	for name, family := range families {
		if family.GetType() == dto.MetricType_UNTYPED {
			all = append(all, name+": has no type")
		}
		if family.GetHelp() == "" {
			all = append(all, name+": has no help")
		}
		for _, m := range family.GetMetric() {
			all = append(all, bucketFindings(name, m.GetHistogram())...)
		}
	}
	return all
}

func bucketFindings(name string, h *dto.Histogram) (all []string) {
	var last uint64
	buckets := h.GetBucket()
	for _, b := range buckets {
		if b.GetCumulativeCount() < last {
			all = append(all, name+": a bucket has less than the one before it")
		}
		last = b.GetCumulativeCount()
	}
	if len(buckets) > 0 && last != h.GetSampleCount() {
		all = append(all, name+": the last bucket is not the count")
	}
	return all
}

func TestX3_MetricsAsPrometheusReadsThem(t *testing.T) {
	o := operate(t)
	before, text := o.scrape(t)
	require.Empty(t, findings(t, text))
	for _, secret := range o.secrets() {
		require.NotContains(t, string(text), secret)
	}
	requireSent(t, before, 1)

	o.round(t, served)
	after, text := o.scrape(t)
	require.Empty(t, findings(t, text))
	requireSent(t, after, 2)
	now, rose := after.cumulative(), 0
	for sample, was := range before.cumulative() {
		require.Contains(t, now, sample)
		require.GreaterOrEqual(t, now[sample], was, sample)
		if now[sample] > was {
			rose++
		}
	}
	require.Greater(t, rose, 20)
}

// requireSent checks that a scrape has what so many rounds of requests are.
func requireSent(t *testing.T, s scrape, rounds float64) {
	t.Helper()
	for _, c := range []struct {
		expected float64
		family   string
		labels   []string
	}{
		{rounds * served, "alf_proxy_requests_total", []string{"route", "orders", "code_class", "2xx"}},
		{rounds * broken, "alf_proxy_requests_total", []string{"route", "orders", "code_class", "5xx"}},
		{rounds * (served + broken), "alf_proxy_requests_total", []string{"route", "orders"}},
		{rounds * (served + broken), "alf_proxy_request_seconds", []string{"route", "orders"}},
		{rounds * withoutAny, "alf_proxy_requests_total", []string{"route", "billing"}},
		{rounds * withoutAny, "alf_proxy_failed_total", []string{"route", "billing", "reason", "no-token"}},
		{rounds * refused, "alf_proxy_failed_total", []string{"route", "reports", "reason", "no-token"}},
		{rounds * unreachable, "alf_proxy_failed_total", []string{"route", legacy, "reason", "upstream"}},
		{rounds * (withoutAny + refused + unreachable), "alf_proxy_failed_total", nil},
		{rounds * elsewhere, "alf_proxy_refused_total", []string{"reason", "no-route"}},
		{rounds * otherHost, "alf_proxy_refused_total", []string{"reason", "host"}},
		{rounds * (elsewhere + otherHost), "alf_proxy_refused_total", nil},
		{0, "alf_proxy_reloads_total", []string{"outcome", "succeeded"}},
		{1, "alf_proxy_reloads_total", []string{"outcome", "failed"}},
		{0, "alf_proxy_last_reload_succeeded", nil},
		{1, "alf_proxy_ready", nil},
		{0, "alf_proxy_inflight", nil},
		{1, "alf_proxy_configurations", nil},
		{1, "alf_api_unauthorized_total", []string{"name", "default"}}, // its token was revoked once
		{1, "alf_api_retries_succeeded_total", []string{"name", "default"}},
		{1, "alf_token_rejections_total", nil},
		{3, "alf_token_requests_ended_total", []string{"name", "default", "outcome", "succeeded"}}, // two, and one more
		{0, "alf_token_requests_ended_total", []string{"name", "outage", "outcome", "succeeded"}},
		{1, "alf_token_ready", []string{"name", "default/orders"}},
		{0, "alf_token_ready", []string{"name", "outage/billing"}},
	} {
		require.Equal(t, c.expected, s.sum(c.family, c.labels...), "%s %q of\n%v", c.family, c.labels, s[c.family])
	}
}

// The checks find what others have got wrong.
func TestX3_MetricsChecksFindDefects(t *testing.T) {
	const histogram = "# HELP a_seconds Help.\n# TYPE a_seconds histogram\n"
	for text, expected := range map[string]string{
		"# HELP a_total Help.\n# TYPE a_total counter\na_total 1\n":                    "",
		"# HELP a Help.\n# TYPE a counter\na 1\n":                                      `a: counter metrics should have "_total" suffix`,
		"# HELP a_total Help.\n# TYPE a_total gauge\na_total 1\n":                      `a_total: non-counter metrics should not have "_total" suffix`,
		"# HELP a_milliseconds Help.\n# TYPE a_milliseconds gauge\na_milliseconds 1\n": "a_milliseconds: use base unit \"seconds\" instead of \"milliseconds\"",
		"# TYPE a gauge\na 1\n":                                                        "a: no help text",
		"# HELP a Help.\na 1\n":                                                        "a: has no type",
		histogram + "a_seconds_bucket{le=\"1\"} 2\na_seconds_bucket{le=\"+Inf\"} 1\na_seconds_sum 1\na_seconds_count 1\n": "a_seconds: a bucket has less than the one before it",
		histogram + "a_seconds_bucket{le=\"1\"} 1\na_seconds_bucket{le=\"+Inf\"} 1\na_seconds_sum 1\na_seconds_count 2\n": "a_seconds: the last bucket is not the count",
	} {
		found := findings(t, []byte(text))
		if expected == "" {
			require.Empty(t, found)
		} else {
			require.Contains(t, found, expected)
		}
	}
}
