package proxyfile

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/settings"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/internal/wire"
	"github.com/alf-go/alf/store"
)

// Clients make clients from settings. It is for one goroutine at a time.
type Clients struct {
	// Table has the settings there are.
	Table settings.Table
	// Stores are opened by the setting store, each once, however often the file is read.
	Stores settings.Stores
	// Configure changes a configuration that settings have come to, for what a program has built in. Each may be nil.
	Configure []func(context.Context, *alf.Config) error

	// Offline reads no file that settings name, and opens no store: for what only looks at the configuration.
	Offline bool

	opened map[string]store.Store // by address
}

// Client is a client of a file, beside what the proxy makes of it.
type Client struct {
	// Where is how messages about it begin.
	Where string
	// Values are its settings, configured.
	Values *settings.Values

	name   string
	digest string
}

// make reads and completes the settings of all clients that routes use. Those with something wrong are left out.
func (c *config) make(ctx context.Context, with *Clients, p *problems) map[*object]*Client {
	reset := with.Table.Originals()
	defer reset()
	made := make(map[*object]*Client)
	var inherited []settings.Entry
	if c.client != nil {
		inherited = c.client.entries
	}
	unreadable := false // what others inherit
	for _, o := range c.objects() {
		object := settings.Object{File: c.path, At: o.self.prefix(), Entries: o.entries}
		if o.name != "" {
			object.Inherited = inherited
		}
		reset()
		err := with.Table.CheckObject(object)
		if err != nil || !o.used || unreadable && o.name != "" {
			// What others inherit, or no route uses, need not be complete.
			unreadable = unreadable || err != nil && o.name == ""
			p.lines(o.self, err)
			continue
		}
		reset()
		v, err := with.Table.ReadObject(object)
		if err != nil {
			p.lines(o.self, err)
			continue
		}
		for _, w := range v.Warnings() {
			p.warnings = append(p.warnings, problem{o.self.at, w.Cause + ": " + w.Remedy})
		}
		if client := with.complete(ctx, v, o, p); client != nil {
			made[o] = client
		}
	}
	return made
}

// objects are client and tenants, in this order.
func (c *config) objects() (all []*object) {
	if c.client != nil {
		all = append(all, c.client)
	}
	return append(all, c.tenants...)
}

// complete reads what the settings name, and validates what they come to. Nil: something is wrong.
func (with *Clients) complete(ctx context.Context, v *settings.Values, o *object, p *problems) *Client {
	at := o.self
	client := &Client{Where: at.prefix(), Values: v, name: o.name}
	if with.Offline {
		return client
	}
	warn := func(err error) { p.warnings = append(p.warnings, problem{at.at, err.Error()}) }
	if err := v.Configure(ctx, with.stores(), warn); err != nil {
		p.lines(at, err)
		return nil
	}
	client.digest = v.Digest(with.Table)
	for _, configure := range with.Configure {
		if configure == nil {
			continue
		}
		if err := configure(ctx, &v.Config); err != nil {
			p.lines(at, v.Invalid(err))
			return nil
		}
	}
	if err := (&proxy.Client{Config: v.Config}).Validate(); err != nil {
		p.lines(at, v.Invalid(err))
		return nil
	}
	return client
}

// validateTarget checks what a route replaces of its client's configuration, and whether its token may go to the
// upstream.
func (r *route) validateTarget(client *Client, with *Clients, p *problems) {
	t := with.Table
	cfg := client.Values.Config
	if r.upstream != nil && len(cfg.Origins) > 0 && !slices.ContainsFunc(cfg.Origins, func(origin string) bool {
		u, err := url.Parse(origin)
		return err == nil && wire.Origin(u) == wire.Origin(r.upstream)
	}) {
		p.add(r.at("upstream"), "is none of the client's origins, outside which its token does not go: add %s to %s, or remove that", wire.Origin(r.upstream), t.Key("Origins"))
	}
	if r.flags != nil && r.upstream != nil && !wire.PlainHTTPAllowed(r.upstream, cfg.AllowHTTP) {
		p.add(r.at("upstream"), "has http://, by which the token goes in plain text: write https://, or set --allow-http if that is meant")
	}
	cfg = r.target().Apply(cfg)
	if with.Offline {
		return // without its credentials it is not valid
	}
	for _, e := range alf.FieldErrors(cfg.Validate()) {
		field, index, _ := strings.Cut(e.Field, "[")
		for _, own := range []string{"Scopes", "Audience", "Resource", "Params"} {
			key := t.Key(own)
			if field != own || !r.has(key) || !r.good(key) {
				continue
			}
			at := r.at(key)
			if index != "" {
				at.label += "[" + index
			}
			text := e.Problem
			if e.Remedy != "" {
				text += ": " + e.Remedy
			}
			p.add(at, "%s", client.Values.InNames(text))
		}
	}
}

// target is which token of its client a route uses.
func (r *route) target() alf.Target {
	return alf.Target{Scopes: r.Scopes, Audience: r.Audience, Resource: r.Resource, Params: r.Params}
}

// proxied is what the proxy makes a client from. plain are upstreams of its routes that may be reached by plain http.
// Its key is a digest of the settings alone: what is in the files that they name is read at every fetch.
func (client *Client) proxied(plain []string) proxy.Client {
	cfg := client.Values.Config
	cfg.AllowHTTP = slices.Concat(cfg.AllowHTTP, plain)
	key := sha256.Sum256(fmt.Appendf(nil, "%q %s %q", client.name, client.digest, plain))
	return proxy.Client{Name: client.name, Key: hex.EncodeToString(key[:]), Config: cfg}
}

// open opens a store once, so that reading the file again leaves no connection behind.
func (with *Clients) open(open settings.OpenStore) settings.OpenStore {
	return func(ctx context.Context, address string, warn func(error)) (store.Store, error) {
		if s := with.opened[address]; s != nil {
			return s, nil
		}
		s, err := open(ctx, address, warn)
		if err == nil {
			if with.opened == nil {
				with.opened = make(map[string]store.Store)
			}
			with.opened[address] = s
		}
		return s, err
	}
}

// stores are those of the program, each opened once.
func (with *Clients) stores() settings.Stores {
	once := make(settings.Stores, len(with.Stores))
	for scheme, open := range with.Stores {
		once[scheme] = with.open(open)
	}
	return once
}
