package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
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
	content, err := files.Read(path, maxFile)
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
	if dir, _ := p.env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "alf", "config.json")
	}
	if home, _ := p.env("HOME"); home != "" {
		return filepath.Join(home, ".config", "alf", "config.json")
	}
	return ""
}

// parseFile refuses keys it does not know, each by name: a setting that is misspelt must not silently have no effect.
func parseFile(path string, content []byte) (*file, error) {
	given, err := members(content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	f := &file{path: path}
	known := f.fields()
	var problems []error
	for _, m := range given {
		target, ok := known[m.key]
		switch {
		case m.key == "client_secret":
			problems = append(problems, fmt.Errorf("%s: client_secret: a secret does not belong into this file: put it into one of its own "+
				"and name that in client_secret_file, or set ALF_CLIENT_SECRET", path))
		case !ok:
			problems = append(problems, fmt.Errorf("%s: unknown key %q: use %s", path, m.key, strings.Join(sorted(known), ", ")))
		default:
			delete(known, m.key)
			if err := json.Unmarshal(m.value, target); err != nil {
				problems = append(problems, fmt.Errorf("%s: %s: %s", path, m.key, kindOf(target)))
			}
		}
	}
	return f, errors.Join(problems...)
}

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

type member struct {
	key   string
	value json.RawMessage
}

// members takes one JSON object apart, and keeps what encoding/json would drop: keys that occur twice.
func members(content []byte) ([]member, error) {
	var all []member
	d := json.NewDecoder(bytes.NewReader(content))
	if start, err := d.Token(); err != nil || start != json.Delim('{') {
		return nil, errors.New("not a JSON object")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		m := member{key: key.(string)}
		if err := d.Decode(&m.value); err != nil {
			return nil, fmt.Errorf("not JSON: %w", err)
		}
		if slices.ContainsFunc(all, func(other member) bool { return other.key == m.key }) {
			return nil, fmt.Errorf("%q occurs twice: remove one", m.key)
		}
		all = append(all, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("not JSON: %w", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("something follows the JSON object: remove it")
	}
	return all, nil
}
