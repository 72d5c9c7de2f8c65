package alfotel

import (
	"hash/maphash"
	"sync"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"github.com/alf-go/alf"
)

// Instrumentation is what is reported under one name. It is safe for concurrent use. [Telemetry.For] makes it.
type Instrumentation struct {
	telemetry *Telemetry
	name      attribute.KeyValue

	mu     sync.Mutex
	made   []madeBy          // the token requests that brought the latest tokens
	failed trace.SpanContext // the last one that failed
}

// madeBy is the token request that brought a token.
type madeBy struct {
	token uint64 // a hash of its value
	span  trace.SpanContext
}

// remembered is how many tokens can be linked to their requests. A pool may have more that are waited for at once.
const remembered = 256

var seed = maphash.MakeSeed()

// Observe reports what a client counts, from now on until the end of Telemetry or [Instrumentation.Remove].
func (i *Instrumentation) Observe(client *alf.Client) error {
	return i.observe(client != nil, func(o observer) { o.client(client.Stats()) })
}

// ObservePool is Observe for a pool, whose tokens are counted together.
func (i *Instrumentation) ObservePool(pool *alf.Pool) error {
	return i.observe(pool != nil, func(o observer) { o.pool(pool.Stats()) })
}

// ObserveTokenEndpoint is Observe for what clients of one token endpoint share.
func (i *Instrumentation) ObserveTokenEndpoint(endpoint *alf.TokenEndpoint) error {
	return i.observe(endpoint != nil, func(o observer) { o.endpoint(endpoint.Stats()) })
}

// Remove ends the observation, for example of a client that is closed.
func (i *Instrumentation) Remove() {
	i.telemetry.mu.Lock()
	defer i.telemetry.mu.Unlock()
	delete(i.telemetry.sources, i)
}

func (i *Instrumentation) observe(given bool, s source) error {
	if !given {
		return errNil
	}
	i.telemetry.mu.Lock()
	defer i.telemetry.mu.Unlock()
	i.telemetry.sources[i] = s
	return nil
}

// brought remembers which token request brought a token; none: it failed.
func (i *Instrumentation) brought(token string, span trace.SpanContext) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if token == "" {
		i.failed = span
		return
	}
	if len(i.made) >= remembered {
		i.made = append(i.made[:0], i.made[1:]...)
	}
	i.made = append(i.made, madeBy{maphash.String(seed, token), span})
}

// requestOf is the token request that ended a wait; not valid if it is not known, as of a token from a store.
func (i *Instrumentation) requestOf(token *alf.Token) trace.SpanContext {
	i.mu.Lock()
	defer i.mu.Unlock()
	if token == nil {
		return i.failed
	}
	hash := maphash.String(seed, token.Value())
	for n := len(i.made) - 1; n >= 0; n-- {
		if i.made[n].token == hash {
			return i.made[n].span
		}
	}
	return trace.SpanContext{}
}
