package ambiguous

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/ports"
)

//go:embed nginx.conf.tmpl haproxy.cfg.tmpl alf.json.tmpl
var files embed.FS

// Proxy is one that runs, in front of a server of its own.
type Proxy struct {
	Server  *Server
	Address string // for HTTP/1
	HTTP2   string // the address for HTTP/2 without TLS

	process *child.Process
	closers []func()
}

// Close ends the proxy and its server.
func (p *Proxy) Close() {
	if p.process != nil {
		p.process.Close()
	}
	for _, closer := range p.closers {
		closer()
	}
	p.Server.Close()
}

// Log is the last lines that the proxy wrote.
func (p *Proxy) Log() string { return p.process.Said() }

// A Program is a proxy that can be started.
type Program struct {
	Name string
	// Missing says what has to be installed; "" if nothing.
	Missing func() string
	// Version is such as "nginx 1.22.1".
	Version func() string

	conf      string // the template of its configuration, which is named without .tmpl in the folder of the process
	onePort   bool   // HTTP/1 and HTTP/2 have the same address
	command   func(dir, conf string) []string
	configure func(p *Proxy, dir string, values map[string]any) error
}

// Start starts the program on free ports of 127.0.0.1, with its files in dir, which is empty.
func (program *Program) Start(ctx context.Context, dir string) (*Proxy, error) {
	server, err := NewServer()
	if err != nil {
		return nil, err
	}
	p := &Proxy{Server: server}
	if err := p.start(ctx, program, dir); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Proxy) start(ctx context.Context, program *Program, dir string) error {
	found, err := ports.Find(2)
	if err != nil {
		return err
	}
	p.Address, p.HTTP2 = address(found[0]), address(found[1])
	if program.onePort {
		p.HTTP2 = p.Address
	}
	values := map[string]any{
		"Address": p.Address, "HTTP2": p.HTTP2, "Server": p.Server.Address(), "Prefix": Prefix, "Token": Token, "Host": Host,
	}
	if program.configure != nil {
		if err := program.configure(p, dir, values); err != nil {
			return err
		}
	}
	conf := filepath.Join(dir, program.conf)
	if err := write(program.conf+".tmpl", conf, values); err != nil {
		return err
	}
	// Not every program says when it is ready, but all open their ports then.
	command := append([]string{"-c", `echo starting; exec "$@"`, "sh"}, program.command(dir, conf)...)
	if p.process, err = child.Serve(ctx, "starting", "sh", command...); err != nil {
		return err
	}
	return errors.Join(p.listens(ctx, p.Address), p.listens(ctx, p.HTTP2))
}

// listens waits until the proxy listens on an address.
func (p *Proxy) listens(ctx context.Context, address string) error {
	for {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the proxy does not listen: %w: %s", context.Cause(ctx), p.Log())
		case <-p.process.Done():
			return fmt.Errorf("the proxy does not start: %s", p.Log())
		case <-time.After(time.Millisecond):
		}
	}
}

func address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// write writes a configuration.
func write(name, path string, values map[string]any) error {
	conf, err := template.ParseFS(files, name)
	if err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(conf.Execute(file, values), file.Close())
}
