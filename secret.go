package alf

import "github.com/alf-go/alf/fetcher"

// SecretFunc returns the client secret; see [fetcher.SecretFunc].
type SecretFunc = fetcher.SecretFunc

// Secret returns a SecretFunc for a constant secret.
func Secret(value string) SecretFunc { return fetcher.Secret(value) }

// SecretEnv returns a SecretFunc that reads the environment variable name at every fetch. It fails, naming the variable,
// while that is unset or empty.
func SecretEnv(name string) SecretFunc { return fetcher.SecretEnv(name) }

// SecretFile returns a SecretFunc that reads the file at path at every fetch, as mounted secrets are replaced while a
// program runs. Line ends at the end of the file are not part of the secret.
func SecretFile(path string) SecretFunc { return fetcher.SecretFile(path) }
