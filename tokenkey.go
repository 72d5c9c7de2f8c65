package alf

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/textproto"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/manager"
)

// The key of a token says which token requests are the same: two configurations have the same key if and only if the
// authorization server would see no difference between their token requests, apart from the order of scopes and from
// what differs in each request anyway, the times and ids of assertions and proofs (P2). What decides about the
// response, such as StrictScope and AuthScheme, counts as well: a token that one configuration would refuse must not
// reach it through another.
//
// Nothing in it is a guess. A field that is not mentioned below counts, whatever it is. Values are compared, and
// functions too where they are constants. What cannot be compared (other functions, transports of types that Go cannot
// compare) is the same only within one configuration, which scope names.

// canonical collects the parts of a key. Each part is preceded by its length when it becomes a key, so that no
// two lists of parts become the same one.
type canonical struct{ parts []string }

func (c *canonical) text(s string) { c.parts = append(c.parts, s) }

func (c *canonical) number(n uint64) { c.text(fmt.Sprint(n)) }

func (c *canonical) flag(b bool) { c.text(fmt.Sprint(b)) }

func (c *canonical) list(l []string) {
	c.number(uint64(len(l)))
	for _, s := range l {
		c.text(s)
	}
}

// values are parameters, whose names are sent in order.
func (c *canonical) values(v map[string][]string) {
	names := make([]string, 0, len(v))
	for name, values := range v {
		if len(values) > 0 {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	c.number(uint64(len(names)))
	for _, name := range names {
		c.text(name)
		c.list(v[name])
	}
}

func (c *canonical) key() manager.Key { return manager.KeyOf(c.parts...) }

// scopes name what a configuration's functions are the same within: those of its TokenRequest, and all others.
type scopes struct{ config, tokenRequest string }

// tokenKey returns the key of the token that a configuration requests. refs numbers what is compared by its address.
func (c Config) tokenKey(within scopes, refs *references) manager.Key {
	k := &canonicalConfig{scope: within.config, refs: refs}
	f := c.FetcherConfig()
	k.credentials(&f)

	scopes := slices.Clone(f.Scopes)
	slices.Sort(scopes)
	k.list(scopes)
	k.list(f.Audience)
	k.list(f.Resource)
	k.values(f.Params)
	header := make(http.Header, len(f.TokenRequest.Header))
	for _, name := range sorted(f.TokenRequest.Header) {
		for _, value := range f.TokenRequest.Header[name] {
			header.Add(name, textproto.TrimString(value))
		}
	}
	k.values(header)

	tokenType, authScheme := f.TokenType, f.AuthScheme
	if tokenType == "" {
		tokenType = "Bearer"
		if f.DPoP != nil {
			tokenType = "DPoP"
		}
	}
	k.text(strings.ToLower(tokenType))
	k.text(authScheme)

	// What was said above, what makes no difference to a request, and what belongs to the pool.
	f.Scopes, f.Audience, f.Resource, f.Params, f.TokenRequest.Header = nil, nil, nil, nil, nil
	f.TokenType, f.AuthScheme, f.AllowHTTP, f.TokenRequest.Timeout, f.Clock = "", "", nil, 0, nil
	request := f.TokenRequest
	f.TokenRequest = fetcher.TokenRequest{}
	k.value("Config", reflect.ValueOf(f))
	k.scope = within.tokenRequest
	k.value("TokenRequest", reflect.ValueOf(request))
	k.scope = within.config
	k.value("Fetcher", reflect.ValueOf(&c.Fetcher).Elem())
	return k.key()
}

func sorted(header http.Header) []string {
	names := make([]string, 0, len(header))
	for name := range header {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

type canonicalConfig struct {
	canonical
	scope string
	refs  *references
}

// credentials are compared as they are sent: Basic with and without encoding are the same where nothing needs to be
// encoded, and a constant is the same as an equal one. What they are sent in has times and ids, which do not count.
func (c *canonicalConfig) credentials(f *fetcher.Config) {
	style := f.AuthStyle
	secret, constant := constantSecret(f.ClientSecret)
	switch {
	case constant && (style == fetcher.Basic || style == fetcher.BasicRaw):
		id := f.ClientID
		if style == fetcher.Basic {
			id, secret = url.QueryEscape(id), url.QueryEscape(secret)
		}
		style = fetcher.BasicRaw
		f.ClientID, f.ClientSecret = "", nil // they are in the header, and nowhere else
		c.text(id + ":" + secret)
	case constant:
		f.ClientSecret = nil
		c.text(secret)
	}
	c.number(uint64(style))
	f.AuthStyle = fetcher.Basic
	c.assertion(&f.Assertion, style)
}

func (c *canonicalConfig) assertion(a *fetcher.Assertion, style fetcher.AuthStyle) {
	if source, constant := constantSecret(a.Source); constant {
		a.Source = nil
		c.text(source)
	}
	a.Lifetime = 0
	if a.Audience == "" {
		a.Audience = fetcher.AudienceTokenEndpoint
	}
	if a.Algorithm == "" && style == fetcher.SecretJWT {
		a.Algorithm = "HS256"
	}
	for _, members := range []map[string]any{a.Header, a.Claims} {
		text, _ := json.Marshal(members) // validated: they have a JSON form
		if len(members) == 0 {
			text = nil
		}
		c.text(string(text))
	}
	a.Header, a.Claims = nil, nil
}

// constantCode identifies the functions that Secret returns: all of them have the same code. Other functions may be
// expensive, and are called at fetches only.
var constantCode = reflect.ValueOf(fetcher.Secret("")).Pointer()

func constantSecret(f SecretFunc) (value string, ok bool) {
	if f == nil || reflect.ValueOf(f).Pointer() != constantCode {
		return "", false
	}
	value, _ = f(context.Background())
	return value, true
}

// value adds anything.
func (c *canonicalConfig) value(path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.Bool:
		c.flag(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		c.number(uint64(v.Int()))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		c.number(v.Uint())
	case reflect.Float32, reflect.Float64:
		c.number(math.Float64bits(v.Float()))
	case reflect.String:
		c.text(v.String())
	case reflect.Slice, reflect.Array:
		c.number(uint64(v.Len()))
		for i := range v.Len() {
			c.value(path, v.Index(i))
		}
	case reflect.Map:
		c.mapping(path, v)
	case reflect.Struct:
		for i := range v.NumField() {
			c.value(path+"."+v.Type().Field(i).Name, v.Field(i))
		}
	case reflect.Pointer:
		c.reference(path, v)
	case reflect.Interface:
		c.flag(!v.IsNil())
		switch {
		case v.IsNil():
		case v.CanInterface() && v.Elem().Comparable(): // a transport, mostly a pointer or a struct with one
			c.number(c.refs.number(v.Interface()))
		default:
			c.text(v.Elem().Type().String())
			c.value(path, v.Elem())
		}
	default: // functions, channels
		c.flag(!v.IsNil())
		if !v.IsNil() {
			c.text(c.scope + path)
		}
	}
}

func (c *canonicalConfig) mapping(path string, v reflect.Value) {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	c.number(uint64(len(keys)))
	for _, key := range keys {
		c.text(fmt.Sprint(key))
		c.value(path, v.MapIndex(key))
	}
}

// reference adds what is compared by its address: it is the same only where it is the same one.
func (c *canonicalConfig) reference(path string, v reflect.Value) {
	c.flag(!v.IsNil())
	switch {
	case v.IsNil():
	case v.CanInterface():
		c.number(c.refs.number(v.Interface()))
	default:
		c.text(c.scope + path)
	}
}

// references numbers pointers. It keeps what they point to, so that no other object takes the place of one that was
// compared. No number is used again.
type references struct {
	mu      sync.Mutex
	numbers map[any]uint64
	last    uint64
}

// maxReferences bounds what is kept. Beyond it, all are numbered again: then some tokens are not shared that could be.
const maxReferences = 10_000

func (r *references) number(pointer any) uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	n, known := r.numbers[pointer]
	if !known {
		if r.numbers == nil || len(r.numbers) >= maxReferences {
			r.numbers = make(map[any]uint64)
		}
		r.last++
		n = r.last
		r.numbers[pointer] = n
	}
	return n
}
