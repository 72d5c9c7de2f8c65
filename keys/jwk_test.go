package keys_test

import (
	"context"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/keys"
)

// jwkOf returns a private key as a JSON Web Key with further members.
func jwkOf(t *testing.T, key any, members map[string]any) string {
	t.Helper()
	text, err := (&jose.JSONWebKey{Key: key}).MarshalJSON()
	require.NoError(t, err)
	var all map[string]any
	require.NoError(t, json.Unmarshal(text, &all))
	for name, value := range members {
		all[name] = value
	}
	text, err = json.Marshal(all)
	require.NoError(t, err)
	return string(text)
}

func setOf(jwks ...string) []byte { return []byte(`{"keys":[` + strings.Join(jwks, ",") + `]}`) }

type m = map[string]any

func TestF7_AKeyOfASetIsChosen(t *testing.T) {
	one, two := ecKey(t, elliptic.P256()), ecKey(t, elliptic.P384())
	a, b := jwkOf(t, one, m{"kid": "a", "use": "sig"}), jwkOf(t, two, m{"kid": "b", "key_ops": []string{"sign"}})
	public := jwkOf(t, one.Public(), m{"kid": "public"})
	others := []string{
		public, jwkOf(t, rsaKey(), m{"kid": "enc", "use": "enc"}), jwkOf(t, rsaKey(), m{"kid": "verify", "key_ops": []string{"verify"}}),
		jwkOf(t, rsaKey(), m{"kid": "oaep", "alg": "RSA-OAEP"}), `{"kty":"oct","k":"AAAA","kid":"oct"}`, `{"kty":"AKP","d":"x","kid":"new"}`, `7`, `{}`,
	}
	for name, c := range map[string]struct {
		set  []byte
		id   string
		want string
	}{
		"the first by its kid":    {setOf(a, b), "a", "a"},
		"the second by its kid":   {setOf(a, b), "b", "b"},
		"the one that signs":      {setOf(append(others[:5:5], b)...), "", "b"},
		"among many":              {setOf(append([]string{a, b}, others...)...), "b", "b"},
		"one of unknown type":     {setOf(others[5], a), "a", "a"},
		"one alone, whatever kid": {setOf(a), "renamed", "renamed"},
	} {
		key, err := keys.ParseWithID(c.set, c.id)
		require.NoError(t, err, name)
		require.Equal(t, c.want, key.ID(), name)
		read, err := keys.FileWithID(file(t, c.set), c.id)(context.Background())
		require.NoError(t, err)
		require.Equal(t, key.Thumbprint(), read.Thumbprint())
	}
	for want, c := range map[string]struct {
		set []byte
		id  string
	}{
		`holds several JSON Web Keys to sign with: choose one by its kid (FileWithID), of "a", "b", or leave the one to sign with`: {setOf(a, b), ""},
		`holds no private key to sign with that has the kid "c": choose one of "a", "b"`:                                           {setOf(a, b), "c"},
		`holds no private key to sign with that has the kid "enc": choose one of "a"`:                                              {setOf(a, others[1]), "enc"},
		`holds several JSON Web Keys, none of them a private key to sign with`:                                                     {setOf(others...), ""},
	} {
		_, err := keys.ParseWithID(c.set, c.id)
		require.ErrorContains(t, err, want)
	}
}

func TestF7_AKeyForAnotherUseIsRefused(t *testing.T) {
	for want, members := range map[string]map[string]any{
		`with the kid "e" that is marked for another use: "use" is "enc", not "sig"`:            {"kid": "e", "use": "enc"},
		`that is marked for another use: "key_ops" is ["verify" "encrypt"], without "sign": us`: {"key_ops": []string{"verify", "encrypt"}},
	} {
		jwk := jwkOf(t, rsaKey(), members)
		for _, content := range [][]byte{[]byte(jwk), setOf(jwk)} {
			_, err := keys.Parse(content)
			require.ErrorContains(t, err, want)
			path := file(t, content)
			_, err = keys.FileWithID(path, "e")(context.Background())
			require.ErrorContains(t, err, path)
		}
	}
	for _, members := range []map[string]any{{"use": "sig"}, {"key_ops": []string{"verify", "sign"}}, {}} {
		_, err := keys.Parse([]byte(jwkOf(t, rsaKey(), members)))
		require.NoError(t, err)
	}
}

// RFC 9864: the same signature under another name.
func TestF7_Ed25519(t *testing.T) {
	private := edKey(t)
	key, err := keys.Parse([]byte(jwkOf(t, private, m{"alg": "Ed25519"})))
	require.NoError(t, err)
	require.Equal(t, keys.Ed25519, key.Algorithm())
	signed, err := key.JWT(t.Context(), "", "", []byte("{}"))
	require.NoError(t, err)
	parsed, err := jose.ParseSignedCompact(signed, []jose.SignatureAlgorithm{"Ed25519"})
	require.NoError(t, err)
	require.Equal(t, "Ed25519", parsed.Signatures[0].Protected.Algorithm)
	parts := strings.Split(signed, ".")
	expected, err := key.Sign(t.Context(), keys.EdDSA, []byte(parts[0]+"."+parts[1]))
	require.NoError(t, err)
	require.Equal(t, expected, parsed.Signatures[0].Signature)
	require.NoError(t, keys.Ed25519.Validate())
	usual, err := keys.New(private, "", "")
	require.NoError(t, err)
	require.Equal(t, keys.EdDSA, usual.Algorithm(), "what most servers know")
	_, err = keys.New(ecKey(t, elliptic.P256()), "", keys.Ed25519)
	require.ErrorContains(t, err, "cannot sign with Ed25519")
}

func TestF7_MembersOfTheHeader(t *testing.T) {
	key, err := keys.New(ecKey(t, elliptic.P256()), "k", "")
	require.NoError(t, err)
	signed, err := key.SignJWT(t.Context(), "", map[string]any{"typ": "JWT", "x5t": "abc", "custom": []string{"d"}}, []byte("{}"))
	require.NoError(t, err)
	parsed, err := jose.ParseSignedCompact(signed, []jose.SignatureAlgorithm{"ES256"})
	require.NoError(t, err)
	header := parsed.Signatures[0].Protected
	require.Equal(t, "k", header.KeyID)
	require.Equal(t, "[JWT abc [d]]", fmt.Sprint([]any{header.ExtraHeaders["typ"], header.ExtraHeaders["x5t"], header.ExtraHeaders["custom"]}))
}

// RFC 7518 section 6.3.2: only "n", "e" and "d" have to be there.
func TestF7_AnRSAKeyWithoutItsPrimes(t *testing.T) {
	whole := rsaKey()
	without := func(key *rsa.PrivateKey, change m, names ...string) string {
		var all m
		require.NoError(t, json.Unmarshal([]byte(jwkOf(t, key, change)), &all))
		for _, name := range names {
			delete(all, name)
		}
		text, err := json.Marshal(all)
		require.NoError(t, err)
		return string(text)
	}
	optional := []string{"p", "q", "dp", "dq", "qi"}
	padded := strings.TrimSuffix(without(whole, nil, optional...), "}") + `,"x":"y"}`
	for name, content := range map[string]string{
		"n, e and d":     without(whole, m{"kid": "a"}, optional...),
		"further ones":   padded,
		"one prime":      without(whole, nil, "q", "dq", "qi"),
		"the other one":  without(whole, nil, "p"),
		"both primes":    without(whole, nil, "dp", "dq", "qi"),
		"empty members":  without(whole, m{"p": "", "q": ""}, "dp", "dq", "qi"),
		"in a set":       string(setOf(without(whole, nil, optional...))),
		"in a large set": string(setOf(without(whole, m{"kid": "a"}, optional...), jwkOf(t, rsaKey(), m{"use": "enc"}))),
	} {
		key, err := keys.Parse([]byte(content))
		require.NoError(t, err, name)
		require.Equal(t, keys.RS256, key.Algorithm(), name)
		require.True(t, whole.PublicKey.Equal(key.Public()), name)
		signed, err := key.JWT(t.Context(), "", "", []byte("{}"))
		require.NoError(t, err, name)
		parsed, err := jose.ParseSignedCompact(signed, []jose.SignatureAlgorithm{jose.RS256})
		require.NoError(t, err, name)
		_, err = parsed.Verify(&whole.PublicKey)
		require.NoError(t, err, name)
	}
	other, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	d := base64.RawURLEncoding.EncodeToString(other.D.Bytes())
	for name, change := range map[string]m{
		"another key's d": {"d": d}, "d is no number": {"d": "?"}, "n is no number": {"n": 7}, "n is even": {"n": "gAAA"}, "no n": {"n": ""},
		"e is even": {"e": "AAAE"}, "e is 1": {"e": "AQ"}, "no e": {"e": ""}, "d is 1": {"d": "AQ"}, "n is 1": {"n": "AQ"},
		"n is huge": {"n": strings.Repeat("_", 3000)},
	} {
		_, err := keys.Parse([]byte(without(whole, change, optional...)))
		require.ErrorContains(t, err, "is not a usable JSON Web Key", name)
		if name == "another key's d" {
			require.ErrorContains(t, err, `is not a usable JSON Web Key: it has no primes, and "d" does not belong to "n" and "e": export it again, with "p" and "q"`)
		}
		require.NotContains(t, err.Error(), d)
	}
}
