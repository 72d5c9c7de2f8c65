package repository

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the top folder, as seen from here.
const root = "../.."

// files returns the paths of all files of the repository, relative to its root and with slashes.
func files(t *testing.T) []string {
	var found []string
	require.NoError(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			if name := entry.Name(); name == ".git" || name == "node_modules" {
				return filepath.SkipDir
			}
			return nil
		}
		relative, err := filepath.Rel(root, path)
		found = append(found, filepath.ToSlash(relative))
		return err
	}))
	require.Greater(t, len(found), 100, "the repository is not where the test looks")
	return found
}

func read(t *testing.T, file string) string {
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	require.NoError(t, err)
	return string(content)
}
