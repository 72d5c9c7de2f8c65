package alf

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/alf-go/alf/manager"
)

// Target says which token of a [Pool] is wanted: for whom, and for what. The zero value is the token of
// [PoolConfig].Config as it is.
//
// Targets whose token requests the authorization server could not tell apart share a token: the order of Scopes makes
// no difference, and neither does it whether a value comes from the Target or from the configuration.
type Target struct {
	// Tenant is the name that [PoolConfig].Tenant is called with. It is required in a pool that has such a function,
	// and refused in one that has none.
	Tenant string
	// Scopes, Audience and Resource take the place of those of the configuration. Nil: those of the configuration.
	Scopes, Audience, Resource []string
	// Params take the place of the parameters of the same names in the configuration's.
	Params url.Values
}

// Apply returns a configuration as it is for the target, apart from its Tenant: what a [Pool] requests the target's
// token with. It is for code that looks at that before it is used, such as a check. It does not change c.
func (t Target) Apply(c Config) Config {
	if t.Scopes != nil {
		c.Scopes = t.Scopes
	}
	if t.Audience != nil {
		c.Audience = t.Audience
	}
	if t.Resource != nil {
		c.Resource = t.Resource
	}
	if len(t.Params) > 0 {
		params := maps.Clone(c.Params)
		if params == nil {
			params = url.Values{}
		}
		maps.Copy(params, t.Params)
		c.Params = params
	}
	return c
}

// clone returns a copy that later changes do not affect.
func (t Target) clone() Target {
	t.Scopes, t.Audience, t.Resource = slices.Clone(t.Scopes), slices.Clone(t.Audience), slices.Clone(t.Resource)
	t.Params = maps.Clone(t.Params)
	for name, values := range t.Params {
		t.Params[name] = slices.Clone(values)
	}
	return t
}

// name is how events call a target: a short text for people.
func (t Target) name() string {
	var parts []string
	if t.Tenant != "" {
		parts = append(parts, t.Tenant)
	}
	parts = append(parts, t.Audience...)
	parts = append(parts, t.Resource...)
	parts = append(parts, t.Scopes...)
	return strings.Join(parts, " ")
}

// key names the target within a pool. Equal keys mean equal targets; targets with different keys may share a token all
// the same.
func (t Target) key() manager.Key {
	var c canonical
	c.text(t.Tenant)
	for _, list := range [][]string{t.Scopes, t.Audience, t.Resource} {
		c.flag(list != nil)
		c.list(list)
	}
	c.values(t.Params)
	return c.key()
}

// PreparedTarget is a [Target] whose place in a pool is looked up once, for code that makes many requests for it. Make
// one with [PrepareTarget]. It is safe for concurrent use, and may be kept for as long as needed: it does not keep a
// token in the pool.
type PreparedTarget struct {
	target Target
	key    manager.Key
	// found is the client of the pool that it was last used with.
	found atomic.Pointer[Client]
}

// PrepareTarget prepares a target. Later changes to t have no effect.
func PrepareTarget(t Target) *PreparedTarget {
	t = t.clone()
	return &PreparedTarget{target: t, key: t.key()}
}

// Target returns the target that was prepared.
func (t *PreparedTarget) Target() Target { return t.target.clone() }

type targetKey struct{}

// WithTarget returns a context whose requests get the token of a target, if they are sent by [Pool.HTTPClient] or
// through [Pool.Transport]. It takes the place of a target that ctx may have already. Where the same target is used
// again and again, prepare it: see [WithPreparedTarget].
func WithTarget(ctx context.Context, t Target) context.Context {
	return WithPreparedTarget(ctx, PrepareTarget(t))
}

// WithPreparedTarget is [WithTarget] for a target that was prepared.
func WithPreparedTarget(ctx context.Context, t *PreparedTarget) context.Context {
	return context.WithValue(ctx, targetKey{}, t)
}

func targetOf(ctx context.Context) *PreparedTarget {
	t, _ := ctx.Value(targetKey{}).(*PreparedTarget)
	return t
}
