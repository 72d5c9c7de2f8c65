package program

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/files"
)

// file is the configuration file, a JSON object. Its keys are the struct's tags and no others.
type file struct {
	TokenURL           string    `json:"token_url"`
	Issuer             string    `json:"issuer"`
	ClientID           string    `json:"client_id"`
	ClientSecretFile   string    `json:"client_secret_file"`
	Scopes             list      `json:"scopes"`
	Audience           list      `json:"audience"`
	Resource           list      `json:"resource"`
	Params             table     `json:"params"`
	AuthStyle          string    `json:"auth_style"`
	KeyFile            string    `json:"key_file"`
	KeyID              string    `json:"key_id"`
	AssertionFile      string    `json:"assertion_file"`
	AssertionAudience  string    `json:"assertion_audience"`
	AssertionAlgorithm string    `json:"assertion_algorithm"`
	AssertionTyp       string    `json:"assertion_typ"`
	AssertionLifetime  *duration `json:"assertion_lifetime"`
	AssertionFormat    string    `json:"assertion_format"`
	CertFile           string    `json:"cert_file"`
	CertKeyFile        string    `json:"cert_key_file"`
	DPoP               bool      `json:"dpop"`
	DPoPKeyFile        string    `json:"dpop_key_file"`
	DPoPAlgorithm      string    `json:"dpop_algorithm"`
	Origins            list      `json:"origins"`
	AllowHTTP          list      `json:"allow_http"`
	TokenHeader        table     `json:"token_header"`
	Timeout            *duration `json:"timeout"`
	CAFile             string    `json:"ca_file"`

	path string
}

// maxFile keeps a path that points at the wrong thing from being read into memory.
const maxFile = 1 << 20

// readFile reads the file that was asked for, or the one at the usual place if it is there.
func (p *program) readFile(cmd *cli.Command) (*file, error) {
	path, asked := cmd.String("config"), cmd.IsSet("config")
	if !asked {
		path = p.usualFile()
	}
	if path == "" {
		return &file{}, nil
	}
	content, err := files.Read(context.Background(), path, maxFile)
	if errors.Is(err, fs.ErrNotExist) && !asked {
		return &file{}, nil
	}
	if err != nil {
		return nil, usagef("configuration file: %w", err)
	}
	f, err := parseFile(path, content)
	if err != nil {
		return nil, &failure{exitUsage, err}
	}
	return f, nil
}

func (p *program) usualFile() string {
	if dir, _ := p.env.lookup("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "alf", "config.json")
	}
	if home, _ := p.env.lookup("HOME"); home != "" {
		return filepath.Join(home, ".config", "alf", "config.json")
	}
	return ""
}

// parseFile refuses keys it does not know, each by name: a setting that is misspelt must not silently have no effect.
func parseFile(path string, content []byte) (*file, error) {
	given, err := members(content)
	if twice := occursTwice(""); errors.As(err, &twice) {
		err = fmt.Errorf("%w: remove one", twice)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &file{path: path}
	known := f.fields()
	var problems problems
	for _, m := range given {
		target, ok := known[m.key]
		switch {
		case m.key == "client_secret":
			problems.note(fmt.Errorf("%s: a secret does not belong into this file: put it into one of its own "+
				"and name that in client_secret_file, or set ALF_CLIENT_SECRET", f.at(m.key)))
		case !ok:
			problems.note(fmt.Errorf("%s: unknown key %q%s", path, m.key, instead(m.key, sorted(known))))
		default:
			if err := json.Unmarshal(m.value, target); err != nil {
				problems.note(fmt.Errorf("%s: %s", f.at(m.key), wrongValue(target, err)))
			}
		}
	}
	return f, errors.Join(problems...)
}

// instead says what to write for a key that does not exist.
func instead(key string, known []string) string {
	if guess := didYouMean("%q", key, known); guess != "" {
		return guess
	}
	return ": use " + strings.Join(known, ", ")
}

// at names a key in errors.
func (f *file) at(key string) string { return f.path + ": " + key }

// fields finds them by their tags.
func (f *file) fields() map[string]any {
	fields := make(map[string]any)
	for field, value := range reflect.ValueOf(f).Elem().Fields() {
		if key := field.Tag.Get("json"); key != "" {
			fields[key] = value.Addr().Interface()
		}
	}
	return fields
}

// beside makes a path in the file relative to the file.
func (f *file) beside(path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(f.path), path)
}
