package program

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
	"github.com/alf-go/alf/store"
)

// storeDir is a directory that no other user can change.
func storeDir(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "tokens")
	require.NoError(t, os.Mkdir(dir, 0o700))
	return dir
}

// A command that is run again and again makes one token request (D1).
func TestD1_CommandsShareAToken(t *testing.T) {
	i, dir := newIDP(t), storeDir(t)
	for range 5 {
		require.Equal(t, "token-1\n", i.alf(t, "token", "--store", dir).out)
	}
	require.Equal(t, 1, i.issued)
	require.Equal(t, "token-2\n", i.alf(t, "token", "--store", dir, "--scope", "other").out, "another token")
	key := write(t, "key", "a key of 32 bytes, or a bit more...")
	require.Equal(t, "token-3\n", i.alf(t, "token", "--store", dir, "--store-key-file", key).out, "another key")
	require.Equal(t, "token-3\n", i.alf(t, "token", "--store", dir, "--store-key-file", key).out)

	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(dir, f.Name()))
		require.NoError(t, err)
		for _, shown := range []string{"token-1", theSecret, i.URL, "read <all>"} {
			require.NotContains(t, string(content)+f.Name(), shown)
		}
	}
}

func TestD1_WhatIsWrongWithAStore(t *testing.T) {
	i := newIDP(t)
	r := i.alf(t, "token", "--store-key-file", "key")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "--store")
	r = i.alf(t, "token", "--store", storeDir(t), "--store-key-file", write(t, "key", "short"))
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "16 bytes")
	file := write(t, "file", "")
	r = i.alf(t, "token", "--store", file)
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "--store")
	r = alfIn(t, invocation{env: i.configured(map[string]string{"ALF_CLIENT_SECRET": "short"})}, "token", "--store", storeDir(t))
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "ALF_CLIENT_SECRET: shorter than 16 bytes")
	require.Contains(t, r.err, "set --store-key-file")
	r = i.alf(t, "token", "--store", "redis://127.0.0.1")
	require.Equal(t, exit.Usage, r.code)
	require.Contains(t, r.err, "redisstore/cmd/alf")
}

// A program may have stores built in besides directories.
func TestD2_AStoreThatIsBuiltIn(t *testing.T) {
	i, dir := newIDP(t), storeDir(t)
	alf := func(args ...string) result {
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), append([]string{"alf"}, args...), strings.NewReader(""), &stdout, &stderr, environmentOf(i.configured(nil)), Extension{
			Stores: settings.Stores{"test": func(_ context.Context, url string, warn func(error)) (store.Store, error) {
				if url == "test://wrong" {
					return nil, errors.New("there is no such host")
				}
				warn(errors.New("it is slow"))
				return filestore.New(dir)
			}},
		})
		return result{code, stdout.String(), stderr.String()}
	}
	const warning = "alf: --store: it is slow\n"
	require.Equal(t, result{exit.OK, "token-1\n", warning}, alf("token", "--store", "test://here"))
	require.Equal(t, result{exit.OK, "token-1\n", warning}, alf("token", "--store", "test://here"))
	require.Equal(t, result{exit.OK, "token-1\n", warning}, alf("token", "--config", write(t, "config.json", `{"store": "test://here"}`)))
	require.Equal(t, result{exit.Usage, "", "alf: --store: there is no such host\n"}, alf("token", "--store", "test://wrong"))
	require.Contains(t, alf("token", "--store", "tset://here").err, "tset:// is no store that is known: use a directory, or test://")
}
