package proxyfile

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/program/settings"
)

// shortestSecret is how many bytes a caller secret has at least: what can be guessed protects nothing.
const shortestSecret = 16

// readSecret reads one. Its errors do not repeat it.
func readSecret(path string) ([]byte, error) {
	content, err := files.Read(path, settings.MaxFile)
	if err != nil {
		return nil, err
	}
	secret := files.Text(content)
	const remedy = "make one with openssl rand -hex 32"
	switch {
	case secret == "":
		return nil, fmt.Errorf("%s is empty: %s", path, remedy)
	case len(secret) < shortestSecret:
		return nil, fmt.Errorf("the secret in %s is shorter than %d bytes: %s", path, shortestSecret, remedy)
	case strings.ContainsFunc(secret, func(r rune) bool { return r <= ' ' || r >= 0x7f }):
		return nil, errors.New("the secret in " + path + " has characters that no header can hold: " + remedy)
	}
	return []byte(secret), nil
}

// looks is how often a file is looked at for a change.
const looks = time.Second

// callerSecret is a secret that can be replaced while it is in use. While it cannot be read, because it is being
// replaced, the one before stays. It is safe for concurrent use.
type callerSecret struct {
	path string

	mu      sync.Mutex
	looked  time.Time
	changed time.Time
	size    int64
	secret  []byte
}

func (s *callerSecret) read() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if s.secret != nil && now.Sub(s.looked) < looks && !now.Before(s.looked) {
		return s.secret, nil
	}
	s.looked = now
	info, err := os.Stat(s.path)
	if err == nil && s.secret != nil && info.ModTime().Equal(s.changed) && info.Size() == s.size {
		return s.secret, nil
	}
	secret, readErr := readSecret(s.path)
	switch {
	case readErr == nil && err == nil:
		s.secret, s.changed, s.size = secret, info.ModTime(), info.Size()
	case s.secret == nil:
		return nil, errors.Join(err, readErr)
	}
	return s.secret, nil
}
