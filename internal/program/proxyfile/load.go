package proxyfile

import (
	"context"
	"io"
	"net/url"
	"slices"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/settings"
	"github.com/alf-go/alf/internal/proxy"
)

// Loaded is a configuration that makes sense.
type Loaded struct {
	// Config is what the proxy is made from. Its Log is for the caller to set, and AccessLog follows from AccessLog.
	Config proxy.Config
	// AccessLog is off, stdout or stderr.
	AccessLog string
	// Warnings are about what can be meant, but seldom is, in the order of the file.
	Warnings []string
	// Clients are those of Config.Clients, in the same order.
	Clients []*Client
	// Routes say where those of Config.Routes stand, in the same order.
	Routes []Route
}

// Route is what a person wants to know of a route beside what the proxy does.
type Route struct {
	// Where is where it stands, and Upstream where its upstream does, as messages begin.
	Where, Upstream string
	// UpstreamName is what remedies call that.
	UpstreamName string
	// Policies say what becomes of headers, for people.
	Policies []string
}

// Load reads the file at a path. Its error reports everything that is wrong, a line each in the order of the file, and
// has exit code 2.
func (with *Clients) Load(ctx context.Context, path string) (*Loaded, error) {
	p := new(problems)
	c, err := readFile(path, p)
	if err != nil {
		return nil, err
	}
	if c == nil {
		return nil, p.err()
	}
	c.validate(p)
	return with.finish(c, c.make(ctx, with, p), p)
}

// LoadFlags makes the configuration of one route of a command's flags. The client's settings are flags and variables,
// or come from the configuration file at the usual place.
func (with *Clients) LoadFlags(ctx context.Context, cmd *cli.Command, f *Flags, stdin io.Reader) (*Loaded, error) {
	p := new(problems)
	c, err := f.read(cmd, p)
	if err != nil {
		return nil, err
	}
	c.client = &object{used: true}
	c.note("client", spot{})
	c.validate(p)
	made := make(map[*object]*Client)
	v, err := settings.Read(cmd, with.Table, f.env, stdin)
	if err != nil {
		p.lines(spot{}, err)
		return with.finish(c, made, p)
	}
	v.Service = true
	if client := with.complete(ctx, v, c.client, p); client != nil {
		made[c.client] = client
		for _, w := range v.Warnings() {
			p.warnings = append(p.warnings, problem{text: w.Cause + ": " + w.Remedy})
		}
	}
	return with.finish(c, made, p)
}

// finish checks what routes and clients have to do with each other, and makes the proxy's configuration.
func (with *Clients) finish(c *config, made map[*object]*Client, p *problems) (*Loaded, error) {
	for _, r := range c.routes {
		if client := made[c.clientOf(r)]; client != nil {
			r.validateTarget(client, with, p)
		}
	}
	if err := p.err(); err != nil {
		return nil, err
	}
	l := &Loaded{AccessLog: c.AccessLog, Warnings: sorted(p.warnings), Config: proxy.Config{
		Health: c.HealthAddress, Admin: beside(c.path, c.AdminAddress), DrainTime: c.DrainTime, UpgradeDrainTime: c.UpgradeDrainTime,
	}}
	for _, one := range c.listeners {
		l.Config.Listeners = append(l.Config.Listeners, one.listen())
	}
	index := make(map[*object]int)
	for _, o := range c.objects() {
		client := made[o]
		if client == nil {
			continue
		}
		var plain []string
		for _, r := range c.routes {
			if host := r.plain(); host != "" && c.clientOf(r) == o {
				plain = append(plain, host)
			}
		}
		slices.Sort(plain)
		index[o] = len(l.Clients)
		l.Clients = append(l.Clients, client)
		l.Config.Clients = append(l.Config.Clients, client.proxied(slices.Compact(plain)))
	}
	for _, r := range c.routes {
		policies := []string{"Authorization: " + r.Authorization, "cookies: " + r.Cookies, "Host: " + r.HostHeader, "Forwarded: " + r.Forwarded, "encoded slashes: " + r.EncodedSlashes}
		l.Config.Routes = append(l.Config.Routes, r.proxied(index[c.clientOf(r)]))
		l.Routes = append(l.Routes, Route{r.self.prefix(), r.at("upstream").prefix(), r.name("upstream"), policies})
	}
	return l, nil
}

// proxied is what the proxy makes a route from.
func (r *route) proxied(client int) proxy.Route {
	return proxy.Route{
		Route: r.decided(), Upstream: &url.URL{Scheme: strings.ToLower(r.upstream.Scheme), Host: r.upstream.Host},
		HTTP2: r.HTTP2, ResponseTime: r.ResponseTime, Client: client, Target: r.target(),
	}
}

// Writer is where the access log goes; nil if there is none.
func (l *Loaded) Writer(stdout, stderr io.Writer) io.Writer {
	switch l.AccessLog {
	case "stdout":
		return stdout
	case "stderr":
		return stderr
	}
	return nil
}
