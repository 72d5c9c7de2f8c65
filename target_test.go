package alf_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
)

func TestP1_ApplyReplacesWhatATargetNamesAndNothingElse(t *testing.T) {
	cfg := alf.Config{
		ClientID: "orders", Scopes: []string{"read"}, Audience: []string{"stock"}, Resource: []string{"https://stock.example.com"},
		Params: url.Values{"a": {"1"}, "b": {"2"}},
	}
	require.Equal(t, cfg, alf.Target{Tenant: "t42"}.Apply(cfg))
	applied := alf.Target{Scopes: []string{}, Audience: []string{"other"}, Params: url.Values{"b": {"3"}, "c": {"4"}}}.Apply(cfg)
	require.Empty(t, applied.Scopes)
	require.Equal(t, []string{"other"}, applied.Audience)
	require.Equal(t, cfg.Resource, applied.Resource)
	require.Equal(t, url.Values{"a": {"1"}, "b": {"3"}, "c": {"4"}}, applied.Params)
	require.Equal(t, "orders", applied.ClientID)
	require.Equal(t, url.Values{"a": {"1"}, "b": {"2"}}, cfg.Params)
}
