package filestore_test

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/filestore"
	"github.com/alf-go/alf/store"
)

func TestD2_ADirectoryThatIsNotSafeIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no modes")
	}
	root := t.TempDir()
	in := func(name string) string { return filepath.Join(root, name) }
	mkdir := func(mode os.FileMode, names ...string) string {
		for _, name := range names {
			require.NoError(t, os.MkdirAll(in(name), 0o700))
		}
		require.NoError(t, os.Chmod(in(names[0]), mode))
		return in(names[len(names)-1])
	}
	link := func(to, name string) string {
		require.NoError(t, os.Symlink(to, in(name)))
		return in(name)
	}
	file := in("file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	writable := mkdir(0o777, "writable", "writable/d")
	sticky := mkdir(0o777|os.ModeSticky, "sticky", "sticky/d")
	safe := mkdir(0o755, "parent", "parent/d")

	for _, c := range []struct{ dir, path, problem, remedy string }{
		{"", `""`, "no directory", "name one"},
		{mkdir(0o755, "open"), in("open"), "mode 0755", "chmod 700 " + in("open")},
		{mkdir(0o770, "with space"), in("with space"), "mode 0770", "chmod 700 '" + in("with space") + "'"},
		{mkdir(0o500, "read-only"), in("read-only"), "mode 0500", "chmod 700"},
		{file, file, "is not a directory", "remove it"},
		{filepath.Join(file, "x"), file, "cannot be made", "use another directory"},
		{link(safe, "link"), in("link"), "symbolic link", "path that it points to"},
		{link("nowhere", "dangling"), in("dangling"), "symbolic link", "path that it points to"},
		{writable, in("writable"), "mode 0777", "chmod go-w " + in("writable")},
		{filepath.Join(link(in("writable"), "detour"), "d"), in("writable"), "mode 0777", "chmod go-w"},
		{filepath.Join(link("sticky/../writable", "relative"), "d"), in("writable"), "mode 0777", "chmod go-w"},
	} {
		_, err := filestore.New(c.dir)
		var problem *filestore.Error
		require.ErrorAs(t, err, &problem, "%q", c.dir)
		require.Equal(t, c.path, problem.Path)
		require.ErrorContains(t, err, c.problem)
		require.Contains(t, problem.Remedy, c.remedy)
	}
	for _, dir := range []string{safe, sticky, in("made/by/us"), filepath.Join(link("parent", "folder"), "d")} {
		s := open(t, dir)
		require.Equal(t, store.Fetch, do(t, s, acquire("a", store.Version{})).Kind)
		require.Equal(t, dir, s.Dir())
	}
	loop := link("loop", "loop")
	require.ErrorContains(t, filestore.CheckParents(loop), "too many symbolic links")
}

func TestD2_AnotherUsersDirectoryIsRefused(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give files away")
	}
	dir := directory(t)
	s := open(t, dir)
	fetch(t, s, "a", 1, store.Version{})
	require.NoError(t, os.Chown(s.StatePath(id), 12345, 0))
	require.Equal(t, store.Fetch, state(t, dir).Kind, "another user's file counts as missing")
	require.NoError(t, os.Chown(dir, 12345, 0))
	_, err := s.Do(t.Context(), id, acquire("a", store.Version{}))
	require.ErrorContains(t, err, "belongs to user 12345, and this process runs as user 0")
	_, err = filestore.New(dir)
	require.ErrorContains(t, err, dir+": belongs to user 12345")
	require.NoError(t, os.Chown(dir, 0, 0))
	require.NoError(t, os.Chown(filepath.Dir(dir), 12345, 0))
	_, err = filestore.New(dir)
	require.ErrorContains(t, err, filepath.Dir(dir)+": belongs to user 12345, who could replace")
}

func TestD2_ARelativePathIsOneFromTheCurrentDirectory(t *testing.T) {
	folder := t.TempDir()
	t.Chdir(folder)
	s := open(t, "tokens")
	t.Chdir("/")
	require.Equal(t, store.Fetch, do(t, s, acquire("a", store.Version{})).Kind)
	require.FileExists(t, filepath.Join(folder, "tokens", filepath.Base(s.StatePath(id))))
}

func TestD2_LocalFileSystemsAreNotRefused(t *testing.T) {
	for _, path := range []string{t.TempDir(), "/dev/shm"} {
		if _, err := os.Stat(path); err == nil {
			_, remote := filestore.Network(path)
			require.False(t, remote, path)
		}
	}
}
