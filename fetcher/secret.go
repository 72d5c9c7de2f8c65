package fetcher

import (
	"context"
	"fmt"
	"reflect"

	"github.com/alf-go/alf/internal/files"
)

// maxFile is more than any secret or certificate needs, in bytes.
const maxFile = 64 << 10

// SecretFunc returns the client secret. It is called at every fetch, and once more after the server has refused the
// client, so that a rotated secret is used without a restart. It may be called concurrently, should return when ctx
// ends, and must not put the secret into its error. What it returns is sent as it is.
type SecretFunc func(ctx context.Context) (string, error)

// Secret returns a SecretFunc for a constant secret. [Config.Validate] refuses one with white space around it, because
// that is usually a mistake in copying.
//
//go:noinline
func Secret(value string) SecretFunc {
	return func(context.Context) (string, error) { return value, nil }
}

// constantCode identifies the functions that Secret returns. All of them have the same code, because Secret is not
// inlined.
var constantCode = reflect.ValueOf(Secret("")).Pointer()

// constant returns the secret of a function that Secret returned. Other functions may be expensive, and are called at
// fetches only.
func (f SecretFunc) constant() (value string, ok bool) {
	if f == nil || reflect.ValueOf(f).Pointer() != constantCode {
		return "", false
	}
	value, _ = f(context.Background())
	return value, true
}

// SecretEnv returns a SecretFunc that reads the environment variable name at every fetch. White space, line ends and a
// byte order mark around the value are not part of the secret. It fails, naming the variable, while that is unset or
// empty.
func SecretEnv(name string) SecretFunc {
	return func(ctx context.Context) (string, error) {
		value := files.Text([]byte(files.Variable(ctx, name)))
		if value == "" {
			return "", fmt.Errorf("environment variable %q is unset or empty: set it", name)
		}
		return value, nil
	}
}

// SecretFile returns a SecretFunc that reads the file at path at every fetch, as secret mounts are replaced while a
// program runs. White space, line ends and a byte order mark around the content are not part of the secret. It fails,
// naming the path, if the file cannot be read, is empty, or is larger than 64 KiB.
func SecretFile(path string) SecretFunc {
	return func(ctx context.Context) (string, error) {
		content, err := files.ReadInput(ctx, path, maxFile)
		if err != nil {
			return "", fmt.Errorf("secret file: %w", err)
		}
		value := files.Text(content)
		if value == "" {
			return "", fmt.Errorf("secret file: %s is empty: expected a client secret or an assertion", path)
		}
		return value, nil
	}
}
