package alfprom

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/alf-go/alf"
)

// Collector is a [prometheus.Collector] over any number of clients, pools and token endpoints. It is safe for
// concurrent use; what is added later is part of the next scrape. It keeps what was added from being freed until that
// is removed.
type Collector struct {
	mu      sync.Mutex
	sources map[string]source
}

var _ prometheus.Collector = (*Collector)(nil)

// source writes the metrics of one name.
type source func(w writer)

// NewCollector returns a collector of nothing. Register it once.
func NewCollector() *Collector { return &Collector{sources: make(map[string]source)} }

// AddClient adds a client, under a name for people. An error says that the name is empty, no UTF-8, or in use.
func (c *Collector) AddClient(name string, client *alf.Client) error {
	return c.add(name, client != nil, func(w writer) { w.client(client.Stats()) })
}

// AddPool adds a pool; its tokens are counted together. Errors are those of AddClient.
func (c *Collector) AddPool(name string, pool *alf.Pool) error {
	return c.add(name, pool != nil, func(w writer) { w.pool(pool.Stats()) })
}

// AddTokenEndpoint adds what clients of one token endpoint share. Errors are those of AddClient.
func (c *Collector) AddTokenEndpoint(name string, endpoint *alf.TokenEndpoint) error {
	return c.add(name, endpoint != nil, func(w writer) { w.endpoint(endpoint.Stats()) })
}

// Remove removes what was added under a name, such as a client that is closed. It reports whether there was anything.
func (c *Collector) Remove(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, found := c.sources[name]
	delete(c.sources, name)
	return found
}

func (c *Collector) add(name string, given bool, s source) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, taken := c.sources[name]
	switch {
	case !given:
		return fmt.Errorf("alfprom: %q is nil: add what alf.New, alf.NewPool or alf.NewTokenEndpoint returned", name)
	case name == "" || !utf8.ValidString(name):
		return fmt.Errorf("alfprom: name: %q is no label: use a name for people, in UTF-8", name)
	case taken:
		return fmt.Errorf("alfprom: name: %q is in use: use another one, or Remove first", name)
	}
	c.sources[name] = s
	return nil
}

// Describe implements [prometheus.Collector].
func (c *Collector) Describe(descs chan<- *prometheus.Desc) {
	for _, d := range all {
		descs <- d.desc
	}
}

// Collect implements [prometheus.Collector].
func (c *Collector) Collect(metrics chan<- prometheus.Metric) {
	c.mu.Lock()
	sources := maps.Clone(c.sources)
	c.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(sources)) {
		sources[name](writer{metrics, name})
	}
}
