package files_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/files"
)

func TestF4_TextIsWithoutWhatEditorsAdd(t *testing.T) {
	for content, want := range map[string]string{
		"a": "a", "a\n": "a", "\ufeffa\r\n": "a", " a b ": "a b", "\u00a0a\u200b": "a", "": "", "\ufeff": "",
		"\xff\xfea\x00\n\x00": "a", "\xfe\xff\x00a": "a", "\xff\xfe=\xd8\x00\xde": "😀", "\xff\xfea": "\xff\xfea",
	} {
		require.Equal(t, want, files.Text([]byte(content)), "%q", content)
	}
}

func TestF4_InputsNoticeAChange(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	write := func(s string) { require.NoError(t, os.WriteFile(path, []byte(s), 0o600)) }
	read := func() (*files.Inputs, error) {
		ctx, inputs := files.WithInputs(context.Background())
		_, err := files.ReadInput(ctx, path, 10)
		return inputs, err
	}
	missing, err := read()
	require.ErrorIs(t, err, os.ErrNotExist)
	require.False(t, missing.Empty())
	require.False(t, missing.Changed(), "it is still missing")
	write("one")
	require.True(t, missing.Changed())
	one, err := read()
	require.NoError(t, err)
	require.False(t, one.Changed())
	again, _ := read()
	require.True(t, one.Equal(again))
	write("two")
	require.True(t, one.Changed())
	two, _ := read()
	require.False(t, one.Equal(two))
	for _, truncated := range []string{"", "\n", "\ufeff"} {
		write(truncated)
		require.False(t, one.Changed(), "it is being written")
	}
	require.NoError(t, os.Remove(path))
	require.False(t, one.Changed(), "it is being replaced")
	write("")
	empty, err := read()
	require.NoError(t, err)
	require.False(t, empty.Changed())
	write("one")
	require.True(t, empty.Changed())
	require.NoError(t, os.Remove(path))

	t.Setenv("ALF_TEST_INPUT", "a")
	ctx, inputs := files.WithInputs(context.Background())
	require.True(t, inputs.Empty())
	require.Equal(t, "a", files.Variable(ctx, "ALF_TEST_INPUT"))
	require.False(t, inputs.Changed())
	t.Setenv("ALF_TEST_INPUT", "")
	require.False(t, inputs.Changed())
	t.Setenv("ALF_TEST_INPUT", "b")
	require.True(t, inputs.Changed())

	// Without a context that records, nothing is recorded.
	_, err = files.ReadInput(context.Background(), path, 10)
	require.Error(t, err)
}
