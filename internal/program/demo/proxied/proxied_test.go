package proxied

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestX1_X3_TheDemonstrationKeepsItsPromises(t *testing.T) {
	var progress, text bytes.Buffer
	measured, err := Run(t.Context(), Options{Progress: &progress})
	require.NoError(t, err)
	require.NoError(t, measured.Write(&text))
	require.True(t, measured.Held(), "%s", text.String())
	require.Len(t, measured.Acts, 7)
	for _, a := range measured.Acts {
		served, refused, _, _, _ := a.sum()
		require.Positive(t, served+refused, "%s: %s", a.Name, text.String())
	}
	_, refused, _, _, _ := measured.Acts[3].sum()
	require.Positive(t, refused)
	require.Contains(t, progress.String(), "SIGTERM")
}

func TestDemo_OfTheProxyEndsEarly(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	measured, err := Run(ctx, Options{Progress: io.Discard})
	require.NoError(t, err)
	require.Equal(t, "start", measured.Stopped)
	var text bytes.Buffer
	require.NoError(t, measured.Write(&text))
	require.Contains(t, text.String(), "interrupted during: start")
}

func TestDemo_OfTheProxySaysWhatWasBroken(t *testing.T) {
	act := func(change func(*Act)) *Report {
		a := &Act{Name: "revoked", Counts: make([]counts, len(kinds)), Most: 1, TokenRequests: 1}
		change(a)
		return &Report{Acts: []*Act{a}}
	}
	require.True(t, act(func(*Act) {}).Held())
	for text, change := range map[string]func(*Act){
		"1 failed, the first: revoked, HTTP/2: gone": func(a *Act) { a.Counts[3].note(failed, errors.New("gone"), 0) },
		"1 were":     func(a *Act) { a.Counts[0].note(refused, nil, 0) },
		"revoked: 2": func(a *Act) { a.TokenRequests = 2 },
	} {
		r := act(change)
		require.False(t, r.Held())
		var out bytes.Buffer
		require.NoError(t, r.Write(&out))
		require.Contains(t, out.String(), text)
	}
}
