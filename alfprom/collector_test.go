package alfprom_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfprom"
)

func endpoint(t *testing.T) *alf.TokenEndpoint {
	e, err := alf.NewTokenEndpoint(alf.TokenEndpointConfig{TokenURL: "https://auth.example.com/token"})
	require.NoError(t, err)
	return e
}

// TestM18_WhatIsCounted: names and help follow Prometheus's rules, values are those of Stats, and nothing is secret.
func TestM18_WhatIsCounted(t *testing.T) {
	f := new(fetcher)
	client, pool := newClient(t, f), newPool(t, f)
	metrics := alfprom.NewCollector()
	require.NoError(t, metrics.AddClient("orders", client))
	require.NoError(t, metrics.AddPool("tenants", pool))
	require.NoError(t, metrics.AddTokenEndpoint("auth", endpoint(t)))
	registry := registered(t, metrics)

	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alf_token_ready Whether a token is at hand that can be used (1) or not (0).
# TYPE alf_token_ready gauge
alf_token_ready{name="orders"} 0
`), "alf_token_ready", "alf_token_expiry_timestamp_seconds"))

	token, err := client.Token(t.Context())
	require.NoError(t, err)
	_, err = client.Replace(t.Context(), token, "https://api.example.com/")
	require.NoError(t, err)
	for n := range 3 {
		_, err := pool.Client(alf.Target{Tenant: fmt.Sprint("very-secret-tenant-", n)}).Token(t.Context())
		require.NoError(t, err)
	}
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alf_pool_tokens Tokens in the pool, by state.
# TYPE alf_pool_tokens gauge
alf_pool_tokens{name="tenants",state="busy"} 0
alf_pool_tokens{name="tenants",state="idle"} 3
# HELP alf_token_ready Whether a token is at hand that can be used (1) or not (0).
# TYPE alf_token_ready gauge
alf_token_ready{name="orders"} 1
# HELP alf_endpoint_suspect Whether the token endpoint does not work, as far as is known (1), or does (0).
# TYPE alf_endpoint_suspect gauge
alf_endpoint_suspect{name="auth"} 0
`), "alf_token_ready", "alf_pool_tokens", "alf_endpoint_suspect"))
	require.NoError(t, testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP alf_tokens_published_total Tokens that were put into use.
# TYPE alf_tokens_published_total counter
alf_tokens_published_total{name="orders"} 2
alf_tokens_published_total{name="tenants"} 3
# HELP alf_token_requests_ended_total Token requests that ended, by outcome.
# TYPE alf_token_requests_ended_total counter
alf_token_requests_ended_total{name="orders",outcome="abandoned"} 0
alf_token_requests_ended_total{name="orders",outcome="denied"} 0
alf_token_requests_ended_total{name="orders",outcome="expired on arrival"} 0
alf_token_requests_ended_total{name="orders",outcome="failed"} 0
alf_token_requests_ended_total{name="orders",outcome="stale"} 0
alf_token_requests_ended_total{name="orders",outcome="succeeded"} 2
alf_token_requests_ended_total{name="tenants",outcome="abandoned"} 0
alf_token_requests_ended_total{name="tenants",outcome="denied"} 0
alf_token_requests_ended_total{name="tenants",outcome="expired on arrival"} 0
alf_token_requests_ended_total{name="tenants",outcome="failed"} 0
alf_token_requests_ended_total{name="tenants",outcome="stale"} 0
alf_token_requests_ended_total{name="tenants",outcome="succeeded"} 3
# HELP alf_token_rejections_total Tokens that an API rejected and that led to a token request.
# TYPE alf_token_rejections_total counter
alf_token_rejections_total{name="orders"} 1
alf_token_rejections_total{name="tenants"} 0
`), "alf_tokens_published_total", "alf_token_requests_ended_total", "alf_token_rejections_total"))

	problems, err := testutil.GatherAndLint(registry)
	require.NoError(t, err)
	require.Empty(t, problems)
	families, err := registry.Gather()
	require.NoError(t, err)
	require.NotContains(t, fmt.Sprint(families), "very-secret")
}

// TestM18_SeriesDependOnNamesAlone, however many tokens a pool has.
func TestM18_SeriesDependOnNamesAlone(t *testing.T) {
	f := new(fetcher)
	pool := newPool(t, f)
	metrics := alfprom.NewCollector()
	require.NoError(t, metrics.AddPool("tenants", pool))
	registry := registered(t, metrics)
	before, err := testutil.GatherAndCount(registry)
	require.NoError(t, err)
	for n := range 100 {
		_, err := pool.Client(alf.Target{Tenant: fmt.Sprint(n)}).Token(t.Context())
		require.NoError(t, err)
	}
	after, err := testutil.GatherAndCount(registry)
	require.NoError(t, err)
	require.Equal(t, before, after)
}

// TestM18_AFailureIsSeen: what the alert rules look at is there in an outage.
func TestM18_AFailureIsSeen(t *testing.T) {
	f := new(fetcher)
	f.down.Store(true)
	client := newClient(t, f)
	metrics := alfprom.NewCollector()
	require.NoError(t, metrics.AddClient("orders", client))
	_, err := client.Get("https://api.example.com/")
	require.Error(t, err)
	n, err := testutil.GatherAndCount(registered(t, metrics), "alf_token_next_attempt_timestamp_seconds")
	require.NoError(t, err)
	require.Equal(t, 1, n)
	require.EqualValues(t, 1, client.Stats().Unsent)
	require.NoError(t, testutil.CollectAndCompare(metrics, strings.NewReader(`
# HELP alf_api_unsent_total Requests that were not sent, by reason.
# TYPE alf_api_unsent_total counter
alf_api_unsent_total{name="orders",reason="no token"} 1
alf_api_unsent_total{name="orders",reason="not allowed"} 0
`), "alf_api_unsent_total"))
}

// TestM18_NamesAreChecked, and can be used again once they are removed.
func TestM18_NamesAreChecked(t *testing.T) {
	client := newClient(t, new(fetcher))
	metrics := alfprom.NewCollector()
	require.ErrorContains(t, metrics.AddClient("", client), "name")
	require.ErrorContains(t, metrics.AddClient("\xff", client), "UTF-8")
	require.ErrorContains(t, metrics.AddClient("x", nil), "alf.New")
	require.ErrorContains(t, metrics.AddPool("x", nil), "nil")
	require.ErrorContains(t, metrics.AddTokenEndpoint("x", nil), "nil")
	require.NoError(t, metrics.AddClient("x", client))
	require.ErrorContains(t, metrics.AddClient("x", client), "in use")
	require.True(t, metrics.Remove("x"))
	require.False(t, metrics.Remove("x"))
	n := testutil.CollectAndCount(metrics)
	require.Zero(t, n)
	require.NoError(t, metrics.AddClient("x", client))
	require.NoError(t, client.Close())
	require.NotZero(t, testutil.CollectAndCount(metrics), "a client that is closed has counted as well")
}

// TestM18_AlertsUseWhatIsExported, as far as their names go; promtool checks the rest where it is installed.
func TestM18_AlertsUseWhatIsExported(t *testing.T) {
	rules, err := os.ReadFile("alerts.yml")
	require.NoError(t, err)
	source, err := os.ReadFile("metrics.go")
	require.NoError(t, err)
	names := regexp.MustCompile(`alf_[a-z_]+`).FindAllString(string(rules), -1)
	require.NotEmpty(t, names)
	for _, name := range names {
		require.Contains(t, string(source), `"`+strings.TrimPrefix(name, "alf_")+`"`)
	}
	tool, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed: install Debian's package prometheus")
	}
	out, err := exec.CommandContext(t.Context(), tool, "check", "rules", "alerts.yml").CombinedOutput()
	require.NoError(t, err, "%s", out)
	out, err = exec.CommandContext(t.Context(), tool, "test", "rules", filepath.Join("testdata", "alerts_test.yml")).CombinedOutput()
	require.NoError(t, err, "%s", out)
}
