package proxyfile

import (
	"encoding/json"

	"github.com/alf-go/alf/internal/files"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// maxFile keeps a path that points at the wrong thing from being read into memory. Thousands of routes fit.
const maxFile = 4 << 20

// reader fills a config from a file, by the schema.
type reader struct {
	*problems
	file string
}

// readFile reads the file at a path. A nil config: it is no JSON, and the problem says where.
func readFile(path string, p *problems) (*config, error) {
	content, err := files.Read(path, maxFile)
	if err != nil {
		return nil, exit.Usagef("configuration of the proxy: %w", err)
	}
	root, bad := parse(content)
	if bad != nil {
		p.add(spot{at: bad.at, file: path}, "%s", bad.problem)
		return nil, nil
	}
	r := &reader{p, path}
	root.duplicates("", func(at position, label string, first position) {
		p.add(r.spot(at, label), "occurs twice: remove one; the other is in line %d", first.line)
	})
	c := newConfig()
	c.path = path
	r.object(root, "", &c.given, c.schema())
	for _, key := range c.requiredObjects() {
		p.missing(&c.given, key, "add it")
	}
	return c, nil
}

// requiredObjects are required arrays that are not given, or are empty.
func (c *config) requiredObjects() (keys []string) {
	for _, f := range c.schema() {
		if f.required && !c.has(f.Name) {
			keys = append(keys, f.Name)
		}
	}
	return keys
}

func (r *reader) spot(at position, label string) spot { return spot{at, r.file, label} }

// object reads the members of an object, whose path is label.
func (r *reader) object(n *node, label string, g *given, s schema) {
	g.self = r.spot(n.at, label)
	if n.kind != '{' {
		r.add(g.self, "must be an object")
		g.note("", g.self)
		return
	}
	for _, m := range n.members {
		f := s.find(m.key)
		if f == nil {
			r.add(spot{at: m.at, file: r.file}, "%s", settings.UnknownKey(path(label, m.key), m.key, s.names()))
			continue
		}
		if m.value.isNull() || g.has(m.key) {
			continue
		}
		g.note(m.key, r.spot(m.value.at, path(label, m.key)))
		if f.read != nil {
			f.read(r, m.value, path(label, m.key))
			continue
		}
		r.value(f, m.value.raw, g)
	}
}

// value reads one that is neither an object of the schema nor an array of such.
func (r *reader) value(f *field, raw json.RawMessage, g *given) {
	problem := ""
	if err := f.Decode(raw, r.file); err != nil {
		problem = err.Error()
	} else {
		problem = f.problem()
	}
	if problem != "" {
		g.bad[f.Name] = true
		r.add(g.at(f.Name), "%s", problem)
	}
}

// array calls read for each item of an array of objects.
func (r *reader) array(n *node, label, of string, read func(n *node, label string)) {
	switch {
	case n.kind != '[':
		r.add(r.spot(n.at, label), "must be an array of %s", of)
	case len(n.items) == 0:
		r.add(r.spot(n.at, label), "is empty: add one")
	}
	for i, value := range n.items {
		read(value, item(label, i))
	}
}

func (c *config) readListeners(r *reader, n *node, label string) {
	r.array(n, label, "objects", func(n *node, label string) {
		l := newListener()
		r.object(n, label, &l.given, l.schema())
		l.Address = beside(r.file, l.Address)
		if n.kind == '{' {
			c.listeners = append(c.listeners, l)
		}
	})
}

func (c *config) readRoutes(r *reader, n *node, label string) {
	r.array(n, label, "objects", func(n *node, label string) {
		one := newRoute()
		r.object(n, label, &one.given, one.schema())
		if n.kind == '{' {
			c.routes = append(c.routes, one)
		}
	})
}

func (c *config) readClient(r *reader, n *node, label string) {
	if c.client = r.settings(n, label, ""); c.client == nil {
		c.bad["client"] = true
	}
}

func (c *config) readTenants(r *reader, n *node, label string) {
	if n.kind != '{' {
		r.add(r.spot(n.at, label), "must be an object of objects of settings")
		c.bad["tenants"] = true
		return
	}
	seen := make(map[string]bool)
	for _, m := range n.members {
		name := path(label, m.key)
		if seen[m.key] {
			continue // it is reported as that
		}
		seen[m.key] = true
		if m.key == "" {
			r.add(r.spot(m.at, label), "has a tenant without a name: give it one, by which routes name it")
			continue
		}
		if tenant := r.settings(m.value, name, m.key); tenant != nil {
			c.tenants = append(c.tenants, tenant)
		} else {
			c.bad["tenants"] = true
		}
	}
}

// settings takes apart an object whose keys are those of the table of settings.
func (r *reader) settings(n *node, label, name string) *object {
	o := &object{self: r.spot(n.at, label), name: name}
	if n.kind != '{' {
		r.add(o.self, "must be an object of settings")
		return nil
	}
	seen := make(map[string]bool)
	for _, m := range n.members {
		if seen[m.key] {
			continue // it is reported as that
		}
		seen[m.key] = true
		value, key := r.spot(m.value.at, ""), r.spot(m.at, "")
		o.entries = append(o.entries, settings.Entry{
			Key: m.key, Value: m.value.distinct(), At: value.where(), KeyAt: key.where(), Label: path(label, m.key),
		})
	}
	return o
}
