package proxyfile

import (
	"net/netip"
	"strings"

	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/program/suggest"
	"github.com/alf-go/alf/internal/wire"
)

// validate checks the configuration as a whole. What is wrong with clients comes later.
func (c *config) validate(p *problems) {
	for _, l := range c.listeners {
		l.validate(p)
	}
	for _, r := range c.routes {
		r.validate(p)
	}
	c.validateAddresses(p)
	c.validateDraining(p)
	c.validateNames(p)
	c.validateOverlaps(p)
	c.validateLoops(p)
	c.validateTenants(p)
}

// validateAddresses finds two that cannot both be listened on.
func (c *config) validateAddresses(p *problems) {
	type taken struct {
		address
		at spot
	}
	var all []taken
	add := func(g *given, key, value string) {
		if !g.has(key) || !g.good(key) {
			return
		}
		a, problem := parseAddress(value)
		if problem != "" {
			return
		}
		at := g.at(key)
		for _, other := range all {
			if a.equals(other.address) {
				p.add(at, "is the same address as %s: choose another one", other.at.label)
				return
			}
		}
		all = append(all, taken{a, at})
	}
	for _, l := range c.listeners {
		add(&l.given, "address", l.Address)
	}
	add(&c.given, "health_address", c.HealthAddress)
	add(&c.given, "admin_address", c.AdminAddress)
	if a, _ := parseAddress(c.AdminAddress); a.path != "" && c.good("admin_address") {
		if problem := checkLength(a.path); problem != "" {
			p.add(c.at("admin_address"), "%s", problem)
		}
	}
}

// validateDraining wants the part to end before the whole. By default it does.
func (c *config) validateDraining(p *problems) {
	if !c.good("drain_time", "upgrade_drain_time") || c.UpgradeDrainTime <= c.DrainTime {
		return
	}
	if !c.has("upgrade_drain_time") {
		c.UpgradeDrainTime = c.DrainTime
		return
	}
	p.add(c.at("upgrade_drain_time"), "is longer than %s, after which the proxy ends: lower it, or raise %s", c.name("drain_time"), c.name("drain_time"))
}

// validateNames also names routes that have none, and differ from another one in their methods alone, by those.
func (c *config) validateNames(p *problems) {
	nameless := make(map[string]int)
	for _, r := range c.routes {
		if !r.has("name") {
			nameless[r.title()]++
		}
	}
	for _, r := range c.routes {
		if !r.has("name") && nameless[r.title()] > 1 && len(r.Methods) > 0 {
			r.Name = strings.Join(r.Methods, ",") + " " + r.title()
		}
	}
	seen := make(map[string]*route)
	for _, r := range c.routes {
		if !r.good("name", "host", "path") {
			continue
		}
		if other := seen[r.title()]; other != nil && (r.has("name") || other.has("name")) {
			p.add(r.at("name"), "is also the name of %s: choose another one", other.self.label)
		}
		seen[r.title()] = r
	}
}

// validateOverlaps finds routes that take the same requests, by the rule that chooses among them.
func (c *config) validateOverlaps(p *problems) {
	for i, r := range c.routes {
		for _, other := range c.routes[:i] {
			if !r.good("host", "path", "methods") || !other.good("host", "path", "methods") {
				continue
			}
			if _, err := routing.NewTable(nil, []routing.Route{other.matched(), r.matched()}); err != nil {
				p.add(r.at("path"), "takes the same requests as %s: change the host, path or methods of one", other.self.label)
				break
			}
		}
	}
}

// matched is the part of a route by which it is chosen.
func (r *route) matched() routing.Route {
	d := routing.Route{Name: r.title(), Path: r.Path, Methods: r.Methods}
	if r.Host != "" {
		d.Host, _ = routing.HostName(r.Host)
	}
	return d
}

// validateLoops finds upstreams that are listeners of this proxy.
func (c *config) validateLoops(p *problems) {
	for _, r := range c.routes {
		if r.upstream == nil {
			continue
		}
		port := wire.Port(r.upstream)
		host := strings.ToLower(r.upstream.Hostname())
		ip, err := netip.ParseAddr(host)
		if host == "localhost" {
			ip, err = netip.AddrFrom4([4]byte{127, 0, 0, 1}), nil
		}
		for _, l := range c.listeners {
			if !l.has("address") || !l.good("address") || err != nil {
				continue
			}
			if l.parsed().equals(address{ip: ip.Unmap(), port: port}) {
				p.add(r.at("upstream"), "is %s, so that requests would go round in circles: name the server that is meant", l.self.labelOr("the proxy's own address"))
			}
		}
	}
}

// labelOr is for messages about what stands elsewhere.
func (s spot) labelOr(text string) string {
	if s.label == "" {
		return text
	}
	return s.label
}

// validateTenants finds the client of each route.
func (c *config) validateTenants(p *problems) {
	var names []string
	for _, t := range c.tenants {
		names = append(names, t.name)
	}
	for _, r := range c.routes {
		if !r.good("tenant") {
			continue
		}
		switch client := c.clientOf(r); {
		case client != nil:
			client.used = true
		case r.has("tenant") && !c.good("tenants"):
		case r.has("tenant"):
			guess := suggest.Phrase("%q", r.Tenant, names)
			if guess == "" {
				guess = ": add it to tenants, or remove this"
			}
			p.add(r.at("tenant"), "is none of tenants%s", guess)
		case c.good("client"):
			p.add(r.self, "has no client to get a token: add client to the file, or name one of tenants by tenant")
		}
	}
	for _, t := range c.tenants {
		if !t.used {
			p.warn(t.self, "no route names it: remove it, or name it by tenant in a route")
		}
	}
	if c.client != nil && !c.client.used && len(c.tenants) == 0 && len(c.routes) > 0 {
		p.warn(c.client.self, "no route uses it: remove it")
	}
}

// clientOf is nil if there is none.
func (c *config) clientOf(r *route) *object {
	if !r.has("tenant") {
		return c.client
	}
	for _, t := range c.tenants {
		if t.name == r.Tenant {
			return t
		}
	}
	return nil
}

// plain is a host in the form of the setting allow_http, for an upstream that a route allows to be one.
func (r *route) plain() string {
	if !r.AllowHTTP || r.upstream == nil || wire.PlainHTTPAllowed(r.upstream, nil) {
		return ""
	}
	if r.upstream.Port() == "" {
		return r.upstream.Host + ":80"
	}
	return r.upstream.Host
}
