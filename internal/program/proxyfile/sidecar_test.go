package proxyfile_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/proxyfile"
	"github.com/alf-go/alf/internal/program/settings"
)

// The configuration in the manifest of the sidecar is one that the program accepts.
func TestX3_ConfigurationOfTheSidecar(t *testing.T) {
	manifest, err := os.ReadFile("../../../deploy/sidecar.yaml")
	require.NoError(t, err)
	_, rest, found := strings.Cut(string(manifest), "proxy.json: |\n")
	require.True(t, found)
	text, _, found := strings.Cut(rest, "\n---\n")
	require.True(t, found)
	folder := t.TempDir()
	secret := filepath.Join(folder, "client.secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret"), 0o600))
	text = strings.ReplaceAll(text, "/etc/alf-secret/client.secret", filepath.ToSlash(secret))
	file := filepath.Join(folder, "proxy.json")
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	loaded, err := (&proxyfile.Clients{Table: settings.All()}).Load(t.Context(), file)
	require.NoError(t, err)
	require.Equal(t, "0.0.0.0:8481", loaded.Config.Health)
	require.Len(t, loaded.Config.Routes, 1)
}
