package rabbitmq

import (
	"os/exec"
	"path/filepath"
)

// home is where RabbitMQ is; "" if it is not. Its command on the path changes the user first, which only root may do.
func home() string {
	found, _ := filepath.Glob("/usr/lib/rabbitmq/lib/rabbitmq_server-*")
	if len(found) == 0 {
		return ""
	}
	return found[len(found)-1]
}

// Missing says what has to be installed before Start can do its work; "" if all is there.
func Missing() string {
	if home() == "" {
		return "RabbitMQ is missing: install it (on Debian: rabbitmq-server)"
	}
	if _, err := exec.LookPath("epmd"); err != nil {
		return "epmd is missing: install Erlang (on Debian: erlang-base)"
	}
	if plugins, _ := filepath.Glob(filepath.Join(home(), "plugins", "rabbitmq_auth_backend_oauth2-*")); len(plugins) == 0 {
		return "RabbitMQ's plugin rabbitmq_auth_backend_oauth2 is missing"
	}
	return ""
}
