// Package files reads small files and environment variables that configure a program, such as secrets and keys, and
// notices when they change.
package files

import (
	"context"
	"fmt"
	"io"
	"os"
)

// Read reads a file of at most limit bytes. The limit keeps a path that points at the wrong file, or at a device that
// never ends, from being read into memory. The error names the path.
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

// ReadInput is [Read], and records the file as an input of ctx; see [WithInputs].
func ReadInput(ctx context.Context, path string, limit int64) ([]byte, error) {
	return record(ctx, func() ([]byte, error) { return Read(path, limit) })
}

// Variable returns an environment variable, "" if it is not set. It is recorded as an input of ctx.
func Variable(ctx context.Context, name string) string {
	value, _ := record(ctx, func() ([]byte, error) { return []byte(os.Getenv(name)), nil })
	return string(value)
}
