package scenarios

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

//go:embed *.json
var shipped embed.FS

// maxFile keeps a path that points at the wrong thing from being read into memory.
const maxFile = 1 << 20

// Names lists the scenarios that come with the program.
func Names() (names []string) {
	entries, _ := shipped.ReadDir(".")
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// Load reads a scenario that comes with the program, by its name, or a file.
func Load(nameOrPath string) (*Scenario, error) {
	content, err := shipped.ReadFile(nameOrPath + ".json")
	if err != nil {
		content, err = readFile(nameOrPath)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: there is no such file, nor a scenario of that name: use a path, or %s", nameOrPath, oneOf(Names()))
	}
	if err != nil {
		return nil, err
	}
	s, err := Parse(content)
	if err != nil {
		return nil, inFile(nameOrPath, err)
	}
	return s, nil
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err == nil && len(content) > maxFile {
		err = fmt.Errorf("%s is larger than 1 MiB: is it the right file?", path)
	}
	return content, err
}

// inFile says of each line of an error where it is from.
func inFile(path string, err error) error {
	var lines []error
	for line := range strings.Lines(err.Error()) {
		lines = append(lines, fmt.Errorf("%s: %s", path, strings.TrimSpace(line)))
	}
	return errors.Join(lines...)
}
