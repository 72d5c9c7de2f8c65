package fetcher

import (
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxFile keeps a path that points at the wrong file, or at a device
// that never ends, from being read into memory.
const maxFile = 64 << 10

// SecretFunc returns the client secret. It is called at every fetch, and once
// more after the server has refused the client, so that a rotated secret is
// picked up without a restart. It may be called concurrently, should return
// when ctx ends, and must not put the secret into its error.
type SecretFunc func(ctx context.Context) (string, error)

// Secret returns a SecretFunc for a constant secret.
func Secret(value string) SecretFunc {
	return func(context.Context) (string, error) { return value, nil }
}

// SecretEnv returns a SecretFunc that reads the environment variable name at
// every fetch. It fails, naming the variable, while that is unset or empty.
func SecretEnv(name string) SecretFunc {
	return func(context.Context) (string, error) {
		value := os.Getenv(name)
		if value == "" {
			return "", fmt.Errorf("environment variable %q is unset or empty: set it to the client secret", name)
		}
		return value, nil
	}
}

// SecretFile returns a SecretFunc that reads the file at path at every fetch,
// as secret mounts are replaced while a program runs. Line ends at the end of
// the file are not part of the secret. It fails, naming the path, if the file
// cannot be read, is empty, or is larger than 64 KiB.
func SecretFile(path string) SecretFunc {
	return func(context.Context) (string, error) {
		value, err := readSecret(path)
		if err != nil {
			return "", fmt.Errorf("secret file: %w", err)
		}
		return value, nil
	}
}

func readSecret(path string) (string, error) {
	content, err := readFile(path)
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(content), "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s is empty: write the client secret into it", path)
	}
	return value, nil
}

func readFile(path string) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	content, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err != nil {
		return nil, err
	}
	if len(content) > maxFile {
		return nil, fmt.Errorf("%s is larger than 64 KiB: is it the right file?", path)
	}
	return content, nil
}
