package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// root begins the import paths of alf and what it needs in the copy of the standard library. A path whose first element
// has no dot is one of the standard library's.
const root = "alfsuites/"

// This is the place of net/http at which every request of every http.Client passes.
const (
	clientFile = "net/http/client.go"
	transport  = `func (c *Client) transport() RoundTripper {
	if c.Transport != nil {
		return c.Transport
	}
	return DefaultTransport
}`
	transportReplaced = `// Wrap is what a test puts around every transport; nil for nothing.
var Wrap func(RoundTripper) RoundTripper

// WrapTransport is rt with that around it.
func WrapTransport(rt RoundTripper) RoundTripper {
	if Wrap == nil {
		return rt
	}
	return Wrap(rt)
}

func (c *Client) transport() RoundTripper {
	rt := DefaultTransport
	if c.Transport != nil {
		rt = c.Transport
	}
	return WrapTransport(rt)
}`
)

// copyGOROOT makes a copy of GOROOT in dir, with that place changed and with alf, as packages of the standard library,
// so that the tests of net/http can import it.
func copyGOROOT(dir string) error {
	original, err := output(exec.Command("go", "env", "GOROOT"))
	if err != nil {
		return err
	}
	from := strings.TrimSpace(string(original))
	if err := os.Mkdir(dir, 0o755); err != nil {
		return err
	}
	if _, err := output(exec.Command("cp", "-a", filepath.Join(from, "src"), dir)); err != nil {
		return err
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.Name() == "src" {
			continue
		}
		if err := os.Symlink(filepath.Join(from, entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return addToGOROOT(filepath.Join(dir, "src"))
}

func addToGOROOT(src string) error {
	file := filepath.Join(src, clientFile)
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(transport)) {
		return fmt.Errorf("%s has changed: the place of the transport is not there", clientFile)
	}
	text = bytes.Replace(text, []byte(transport), []byte(transportReplaced), 1)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		return err
	}
	if err := copyPackages(src); err != nil {
		return err
	}
	return writeFile(filepath.Join(src, root, "hook", "hook.go"), fmt.Appendf(nil, hook, root+wrapPath, modeVariable, countVariable))
}

// hook is a package that puts the transport in place. It leaves a byte in a file for each 401.
const hook = `package hook

import (
	"net/http"
	"os"

	%q
)

func init() {
	http.Wrap = wrap.Transport(os.Getenv(%q))
	if file, err := os.OpenFile(os.Getenv(%q), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		wrap.Count = func() { _, _ = file.Write([]byte{'.'}) }
	}
}
`

const wrapPath = "github.com/alf-go/alf/interop/suites/wrap"

// copyPackages copies package wrap and all that it imports from outside the standard library.
func copyPackages(src string) error {
	text, err := output(exec.Command("go", "list", "-deps", "-json=ImportPath,Dir,GoFiles,Standard", wrapPath))
	if err != nil {
		return err
	}
	type listed struct {
		ImportPath, Dir string
		GoFiles         []string
		Standard        bool
	}
	var packages []listed
	var rename []string
	for decoder := json.NewDecoder(bytes.NewReader(text)); decoder.More(); {
		var p listed
		if err := decoder.Decode(&p); err != nil {
			return err
		}
		if !p.Standard {
			packages = append(packages, p)
			rename = append(rename, `"`+p.ImportPath+`"`, `"`+root+p.ImportPath+`"`)
		}
	}
	replacer := strings.NewReplacer(rename...)
	for _, p := range packages {
		for _, name := range p.GoFiles {
			content, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				return err
			}
			renamed := replacer.Replace(string(content))
			if err := writeFile(filepath.Join(src, root, p.ImportPath, name), []byte(renamed)); err != nil {
				return err
			}
		}
	}
	return nil
}

// useHook adds a test file to the folder of a package, which puts the transport in place.
func (s *suite) useHook(dir string) error {
	tests, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		return err
	}
	if len(tests) == 0 {
		return nil
	}
	list := s.goCommand("list", "-f", "{{.Name}}", ".")
	list.Dir = dir
	name, err := output(list)
	if err != nil {
		return err
	}
	text := fmt.Sprintf("package %s_test\n\nimport _ %q\n", bytes.TrimSpace(name), root+"hook")
	return writeFile(filepath.Join(dir, "zz_alf_suites_test.go"), []byte(text))
}

func writeFile(name string, text []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// output runs a command and returns its standard output; an error has its standard error.
func output(cmd *exec.Cmd) ([]byte, error) {
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(complaints.Bytes()))
	}
	return text, nil
}
