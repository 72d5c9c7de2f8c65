package brokers

import "os/exec"

// redisMissing says what has to be installed before the tests with Redis can run; "" if all is there.
func redisMissing() string {
	if _, err := exec.LookPath("redis-server"); err != nil {
		return "Redis is missing: install it (on Debian: redis-server)"
	}
	return ""
}
