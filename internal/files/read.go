// Package files reads small files, such as secrets and keys.
package files

import (
	"fmt"
	"io"
	"os"
)

// Read reads a file of at most limit bytes. The limit keeps a path that points at the wrong file, or at a device that never
// ends, from being read into memory. The error names the path.
func Read(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err == nil && int64(len(content)) > limit {
		err = fmt.Errorf("%s is larger than %d KiB: is it the right file?", path, limit>>10)
	}
	if err != nil {
		return nil, err
	}
	return content, nil
}
