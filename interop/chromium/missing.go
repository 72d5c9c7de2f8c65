package chromium

import "github.com/alf-go/alf/interop/child"

// Missing says what has to be installed before Start can do its work; "" if all is there.
func Missing() string {
	if child.Find(program) == "" {
		return "Chromium is missing: install it (on Debian: chromium)"
	}
	return ""
}

const program = "chromium"
