// Package rabbitmq runs RabbitMQ with its OAuth 2.0 plugin: its management API, as an API that verifies the signature
// of JWTs, and AMQP, whose connections end with their token.
//
// What is particular about it: a token that it does not accept, whatever the reason, is refused with a challenge for
// passwords, Basic realm="RabbitMQ Management"; a request for which the token lacks a permission is refused with 401 as
// well, without a challenge, and only the body distinguishes the two; and a key stays known by its id once it has been
// used, so that tokens live on when the authorization server has other keys.
package rabbitmq

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"text/template"

	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/ports"
)

//go:embed rabbitmq.conf.tmpl advanced.config.tmpl
var files embed.FS

// Kind is a path of the management API.
type Kind string

// The paths.
const (
	Whoami Kind = "/api/whoami" // for every user of the management API
	Users  Kind = "/api/users"  // for administrators, which the tokens of Start's scope are not
)

// Server is a RabbitMQ that runs.
type Server struct {
	port  int
	amqp  int
	names *child.Process // epmd, by which Erlang's nodes find each other
	node  *child.Process
}

// Start starts a RabbitMQ that keeps its files in dir. It accepts tokens for the resource [Server.Resource] that are
// signed by a key at keysURL, whose certificate it does not check, and takes scope for the permission to use the
// management API, and for all permissions over AMQP.
func Start(ctx context.Context, dir, keysURL, scope string) (*Server, error) {
	found, err := ports.Find(4)
	if err != nil {
		return nil, err
	}
	s := &Server{port: found[0], amqp: found[3]}
	values := map[string]any{"Port": s.port, "AMQP": s.amqp, "Resource": s.Resource(), "Keys": keysURL, "Scope": scope}
	for _, name := range []string{"rabbitmq.conf", "advanced.config"} {
		if err := write(filepath.Join(dir, name), name+".tmpl", values); err != nil {
			return nil, err
		}
	}
	plugins := filepath.Join(dir, "enabled_plugins")
	if err := os.WriteFile(plugins, []byte("[rabbitmq_management,rabbitmq_auth_backend_oauth2].\n"), 0o600); err != nil {
		return nil, err
	}
	epmd := strconv.Itoa(found[1])
	// It says nothing when it is ready; -d has it say that it has started.
	if s.names, err = child.Serve(ctx, "entering the main select() loop", "epmd", "-d", "-d", "-port", epmd, "-address", "127.0.0.1"); err != nil {
		return nil, err
	}
	environment := []string{
		"HOME=" + dir, "ERL_EPMD_PORT=" + epmd, "ERL_EPMD_ADDRESS=127.0.0.1",
		"RABBITMQ_NODENAME=alf" + epmd + "@localhost", "RABBITMQ_DIST_PORT=" + strconv.Itoa(found[2]),
		"RABBITMQ_MNESIA_BASE=" + filepath.Join(dir, "mnesia"), "RABBITMQ_LOG_BASE=" + dir, "RABBITMQ_LOGS=-",
		"RABBITMQ_CONFIG_FILE=" + filepath.Join(dir, "rabbitmq.conf"), "RABBITMQ_SCHEMA_DIR=" + filepath.Join(dir, "schema"),
		"RABBITMQ_ADVANCED_CONFIG_FILE=" + filepath.Join(dir, "advanced.config"),
		"RABBITMQ_ENABLED_PLUGINS_FILE=" + plugins, "RABBITMQ_GENERATED_CONFIG_DIR=" + filepath.Join(dir, "generated"),
		"RABBITMQ_FEATURE_FLAGS_FILE=" + filepath.Join(dir, "feature_flags"), "RABBITMQ_PID_FILE=" + filepath.Join(dir, "pid"),
		"RABBITMQ_CONF_ENV_FILE=/dev/null",
		"RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
	}
	args := append(environment, filepath.Join(home(), "sbin", "rabbitmq-server"))
	// It is a group of processes, which the supervisor kills together.
	if s.node, err = child.Serve(ctx, "Server startup complete", "setsid", append([]string{"env"}, args...)...); err != nil {
		s.names.Close()
		return nil, err
	}
	return s, nil
}

// write makes a file of a template.
func write(name, of string, values map[string]any) error {
	text, err := template.ParseFS(files, of)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(text.Execute(file, values), file.Close())
}

// Resource is the resource server's identifier, which the audience of tokens has to be.
func (s *Server) Resource() string { return fmt.Sprintf("http://127.0.0.1:%d/", s.port) }

// URL is a path of the API.
func (s *Server) URL(kind Kind) string { return fmt.Sprintf("http://127.0.0.1:%d%s", s.port, kind) }

// AMQPURL is where it speaks AMQP 0-9-1. A token of Start's scope may do anything there.
func (s *Server) AMQPURL() string { return fmt.Sprintf("amqp://127.0.0.1:%d/", s.amqp) }

// Log is the last lines that RabbitMQ wrote.
func (s *Server) Log() string { return s.node.Said() }

// Close ends RabbitMQ.
func (s *Server) Close() {
	s.node.Close()
	s.names.Close()
}
