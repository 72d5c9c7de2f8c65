package fetcher

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/alf-go/alf/internal/files"
)

// maxFile is more than any secret or certificate needs.
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
			return "", fmt.Errorf("environment variable %q is unset or empty: set it", name)
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
	content, err := files.Read(path, maxFile)
	if err != nil {
		return "", err
	}
	value := strings.TrimRight(string(content), "\r\n")
	if value == "" {
		return "", fmt.Errorf("%s is empty: write what proves the client into it", path)
	}
	return value, nil
}
