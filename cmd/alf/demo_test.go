package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"
)

func TestDemo_KeepsItsPromisesAndPrintsNoControlCharacters(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays in real time")
	}
	r := alfIn(t, invocation{}, "demo", "--callers", "20", "--every", "10ms", "--lifetime", "1s")
	require.Equal(t, exitOK, r.code, r.out+r.err)
	for _, section := range []string{"REQUESTS", "TIME", "TOKEN REQUESTS", "kept"} {
		require.Contains(t, r.out, section)
	}
	require.NotContains(t, r.out, "BROKEN")
	for _, act := range []string{"cold start", "token revoked", "short outage", "slow endpoint", "long outage", "recovered"} {
		require.Contains(t, r.err, act+": ")
	}
	for _, c := range r.out + r.err {
		require.True(t, c == '\n' || !unicode.IsControl(c), "%q", c)
	}
}

func TestTerminal_FilesPipesAndTheNullDeviceAreNone(t *testing.T) {
	p := &program{env: func(string) (string, bool) { return "xterm", true }}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(t, err)
	defer null.Close()
	file, err := os.Create(filepath.Join(t.TempDir(), "out"))
	require.NoError(t, err)
	defer file.Close()
	reader, pipe, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	defer pipe.Close()
	for _, f := range []*os.File{null, file, pipe} {
		require.False(t, p.isTerminal(f))
	}
	require.False(t, p.isTerminal(new(strings.Builder)))
}
