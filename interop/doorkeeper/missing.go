package doorkeeper

import (
	"os/exec"
	"strings"
	"sync"
)

// gems are what the script asks for.
var gems = []string{"doorkeeper", "activerecord", "sqlite3", "puma"}

// versions are the installed versions of the gems, by their names; empty if there is no Ruby.
var versions = sync.OnceValue(func() map[string]string {
	const script = `ARGV.each { |name| puts "#{name} #{Gem::Specification.find_by_name(name).version}" rescue nil }`
	found := map[string]string{}
	text, err := exec.Command("ruby", append([]string{"-e", script}, gems...)...).Output()
	if err != nil {
		return found
	}
	for line := range strings.Lines(string(text)) {
		name, version, _ := strings.Cut(strings.TrimSpace(line), " ")
		found[name] = version
	}
	return found
})

// Missing says what has to be installed before a Server can start; "" if all is there.
func Missing() string {
	for _, gem := range gems {
		if versions()[gem] == "" {
			return "the gem " + gem + " is missing: install it (on Debian: ruby-doorkeeper ruby-activerecord ruby-sqlite3 puma)"
		}
	}
	return ""
}
