package readme_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/interop/readme"
)

func TestAPartIsWrittenOrCompared(t *testing.T) {
	file := filepath.Join(t.TempDir(), "README.md")
	require.NoError(t, os.WriteFile(file, []byte("head\n<begin>\nold\nsame\n<end>\ntail\n"), 0o600))
	find := func() *readme.Part {
		p, err := readme.Find(file, "<begin>\n", "<end>\n")
		require.NoError(t, err)
		return p
	}
	require.Equal(t, "old\nsame\n", find().Text)

	t.Setenv("CI", "true")
	err := find().Publish("new\nsame\n", "was measured", nil)
	require.ErrorContains(t, err, "is not what was measured")
	require.ErrorContains(t, err, "- old\n+ new\n")
	require.NoError(t, find().Publish("OLD\nsame\n", "was measured", strings.EqualFold))
	require.Equal(t, "old\nsame\n", find().Text)

	t.Setenv("CI", "")
	require.NoError(t, find().Publish("new\nsame\n", "was measured", nil))
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, "head\n<begin>\nnew\nsame\n<end>\ntail\n", string(content))

	_, err = readme.Find(file, "<begin>\n", "<other>\n")
	require.ErrorContains(t, err, "lacks the lines")
}
