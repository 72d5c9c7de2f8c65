package alf

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/http"
	"net/textproto"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/seal"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/manager"
)

// sharing is what the token manager needs to share the token with other processes; nil without a Store.
func (c Config) sharing() *manager.Sharing {
	if c.Store == nil {
		return nil
	}
	return &manager.Sharing{Store: c.Store, Key: c.sharingKey(), Identity: c.sharedParts()}
}

// sharedParts is everything that the authorization server sees of a token request, in a form that is the same in all
// processes (D1, P2): what is not here, such as how the connection is made, it does not see. The client secret is not
// part of it. It is the key, or there is another one so that the secret can be replaced.
func (c Config) sharedParts() []string {
	k := new(canonical)
	url, issuer, header := c.TokenURL, c.Issuer, c.TokenRequest.Header
	if c.Endpoint != nil && c.Endpoint.shared != nil {
		at := &c.Endpoint.shared.config
		url, issuer = at.TokenURL, at.Issuer
		header = at.TokenRequest.Header.Clone()
		if header == nil {
			header = make(http.Header)
		}
		for name, values := range c.TokenRequest.Header {
			header[textproto.CanonicalMIMEHeaderKey(name)] = values
		}
	}
	k.text(url)
	k.text(issuer)
	k.text(c.ClientID)
	k.number(uint64(c.AuthStyle))
	scopes := slices.Clone(c.Scopes)
	slices.Sort(scopes)
	k.list(scopes)
	k.list(c.Audience)
	k.list(c.Resource)
	k.values(c.Params)
	sent := make(http.Header, len(header))
	for _, name := range sorted(header) {
		for _, value := range header[name] {
			sent.Add(name, textproto.TrimString(value))
		}
	}
	k.values(sent)
	k.text(strings.ToLower(c.TokenType))
	k.text(c.AuthScheme)
	k.flag(c.StrictTokenType)
	k.flag(c.StrictScope)
	k.flag(c.DPoP != nil)
	if c.DPoP != nil {
		k.text(string(c.DPoP.Algorithm))
	}
	a := &c.Assertion
	for _, text := range []string{a.Audience, a.Algorithm, a.Type, a.Format} {
		k.text(text)
	}
	k.list(a.CertificateHeader)
	for _, members := range []map[string]any{a.Header, a.Claims} {
		text, _ := json.Marshal(members) // validated: they have a JSON form
		k.text(string(text))
	}
	return k.parts
}

// sharingKey returns the function that names and encryption keys are derived from: StoreKey, or the client secret. With
// DPoP, the key that tokens are bound to is mixed in: processes with another one do not share.
func (c Config) sharingKey() func(ctx context.Context) (current, previous []byte, err error) {
	read := c.StoreKey
	if read == nil {
		secret := c.ClientSecret
		read = func(ctx context.Context) (current, previous []byte, err error) {
			s, err := secret(ctx)
			return []byte(s), nil, err
		}
	}
	if c.DPoP == nil || c.DPoP.Key == nil {
		return read
	}
	bound := c.DPoP.Key
	return func(ctx context.Context) (current, previous []byte, err error) {
		key, err := bound(ctx)
		if err != nil {
			return nil, nil, err
		}
		if current, previous, err = read(ctx); err != nil {
			return nil, nil, err
		}
		return bind(current, key), bind(previous, key), nil
	}
}

// bind is a key for what is bound to another one. A key that is too short stays what it is.
func bind(secret []byte, to *keys.Key) []byte {
	if len(secret) < seal.MinKey {
		return secret
	}
	b := binary.BigEndian.AppendUint64([]byte("dpop"), uint64(len(secret)))
	b = append(append(b, secret...), to.Thumbprint()...)
	sum := sha256.Sum256(b)
	return sum[:]
}

// checkSharing checks what sharing a token requires (D1).
func (c Config) checkSharing(p *problems) {
	if c.Store == nil {
		if c.StoreKey != nil {
			p.add("StoreKey", "requires Store", "set Store, or unset it")
		}
		return
	}
	switch {
	case c.Manager != nil:
		p.excluded("Manager", "it obtains the tokens by itself", []string{"Store"})
		return
	case c.Fetcher != nil:
		p.excluded("Fetcher", "what it requests is not known, and so not who may share it", []string{"Store"})
		return
	}
	if c.Certificate != nil || c.AuthStyle == AuthTLS || c.AuthStyle == AuthSelfSignedTLS {
		p.add("Store", "tokens may be bound to the certificate of the process that requested them", "unset Store or Certificate")
	}
	if c.DPoP != nil && c.DPoP.Key == nil {
		p.add("DPoP.Key", "each process would generate a key of its own, which Store would mix up",
			"set it to the key that all processes have, or unset Store")
	}
	if c.StoreKey != nil {
		return
	}
	secret, constant := constantSecret(c.ClientSecret)
	switch {
	case c.ClientSecret == nil:
		p.add("StoreKey", "missing: Store needs a key, and there is no client secret to derive one from", "set it; see StoreKey")
	case constant && len(secret) < seal.MinKey:
		p.add("ClientSecret", fmt.Sprintf("shorter than %d bytes, so that what is derived from it for Store could be guessed", seal.MinKey),
			"set StoreKey")
	}
}

// StoreKey returns a function for [Config].StoreKey that returns this key, of 16 bytes at least, 32 random ones as a
// rule.
func StoreKey(key string) func(ctx context.Context) (current, previous []byte, err error) {
	return func(context.Context) (current, previous []byte, err error) { return []byte(key), nil, nil }
}
