package program

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestToken_Bare(t *testing.T) {
	require.Equal(t, "token-1\n", newIDP(t).alf(t, "token").out)
	require.Equal(t, "token-1\n", newIDP(t).alf(t, "token", "--output", "bare").out)
}

func TestToken_AsHeader(t *testing.T) {
	require.Equal(t, "Authorization: Bearer token-1\n", newIDP(t).alf(t, "token", "--output", "header").out)
	i := newIDP(t)
	env := i.configured(map[string]string{"ALF_OUTPUT": "header"})
	require.Equal(t, "Authorization: Bearer token-1\n", alfIn(t, invocation{env: env}, "token").out)
}

func TestToken_AsJSON(t *testing.T) {
	r := newIDP(t).alf(t, "token", "-o", "json")
	require.Equal(t, exit.OK, r.code)
	require.Contains(t, r.out, "read <all>", "as the server wrote it")
	var got struct {
		AccessToken string    `json:"access_token"`
		TokenType   string    `json:"token_type"`
		ExpiresIn   int       `json:"expires_in"`
		Expiry      time.Time `json:"expiry"`
		Scope       string    `json:"scope"`
	}
	require.NoError(t, json.Unmarshal([]byte(r.out), &got))
	require.Equal(t, "token-1", got.AccessToken)
	require.Equal(t, "Bearer", got.TokenType)
	require.Equal(t, "read <all>", got.Scope)
	require.InDelta(t, 3600, got.ExpiresIn, 60)
	require.WithinDuration(t, time.Now().Add(time.Hour), got.Expiry, time.Minute)
}

func TestToken_JSONWithoutAScope(t *testing.T) {
	i := newIDP(t)
	i.refuse(200, `{"access_token":"x","token_type":"Bearer"}`)
	r := i.alf(t, "token", "-o", "json")
	require.Equal(t, exit.OK, r.code)
	require.NotContains(t, r.out, "scope")
}
