package keys

import (
	"crypto"
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-jose/go-jose/v4"
)

// jwk is a JSON Web Key as it was read, with the members that say what it is for (RFC 7517 section 4).
type jwk struct {
	content json.RawMessage

	Type       string   `json:"kty"`
	ID         string   `json:"kid"`
	Algorithm  string   `json:"alg"`
	Use        string   `json:"use"`
	Operations []string `json:"key_ops"`
	Private    string   `json:"d"`
}

// parseJWKs reads a key or a set of keys. Each key of a set is decoded on its own: one that cannot be used does not
// affect the others.
func parseJWKs(content []byte, id string) (*Key, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(content, &set); err != nil {
		return nil, errors.New("is not a JSON Web Key: it is not valid JSON")
	}
	all := set.Keys
	if len(all) == 0 {
		all = []json.RawMessage{content}
	}
	if len(all) == 1 {
		only, err := decodeJWK(all[0])
		if err != nil {
			return nil, err
		}
		return only.key()
	}
	var candidates []jwk
	for _, content := range all {
		if key, err := decodeJWK(content); err == nil && key.signs() {
			candidates = append(candidates, key)
		}
	}
	return choose(candidates, id)
}

// choose returns the key of a set to sign with.
func choose(candidates []jwk, id string) (*Key, error) {
	ids := make([]string, len(candidates))
	for i, candidate := range candidates {
		if ids[i] = fmt.Sprintf("%q", candidate.ID); id != "" && candidate.ID == id {
			return candidate.key()
		}
	}
	switch {
	case len(candidates) == 0:
		return nil, errors.New("holds several JSON Web Keys, none of them a private key to sign with: use one for that")
	case id != "":
		return nil, fmt.Errorf("holds no private key to sign with that has the kid %q: choose one of %s", id, strings.Join(ids, ", "))
	case len(candidates) > 1:
		return nil, fmt.Errorf("holds several JSON Web Keys to sign with: choose one by its kid (FileWithID), of %s, or leave the one to sign with", strings.Join(ids, ", "))
	}
	return candidates[0].key()
}

// decodeJWK fails for what is no private key.
func decodeJWK(content json.RawMessage) (jwk, error) {
	key := jwk{content: content}
	switch err := json.Unmarshal(content, &key); {
	case err != nil || key.Type == "":
		return key, errNoKey
	case key.Type == "oct":
		return key, errors.New(`is a symmetric JSON Web Key ("oct"): a secret goes into ClientSecret, with client_secret_jwt`)
	case key.Private == "":
		return key, errors.New(`is a public JSON Web Key: use the private one, with "d"`)
	}
	return key, nil
}

// otherUse says how a key is marked for something else than signing (RFC 7517 sections 4.2 and 4.3); "" if it is not.
func (k *jwk) otherUse() string {
	switch {
	case k.Use != "" && k.Use != "sig":
		return fmt.Sprintf(`"use" is %q, not "sig"`, k.Use)
	case len(k.Operations) > 0 && !slices.Contains(k.Operations, "sign"):
		return fmt.Sprintf(`"key_ops" is %q, without "sign"`, k.Operations)
	}
	return ""
}

// signs reports whether a key of a set is one to sign with, as far as its members say.
func (k *jwk) signs() bool {
	known := k.Type == "RSA" || k.Type == "EC" || k.Type == "OKP"
	return known && k.otherUse() == "" && (k.Algorithm == "" || Algorithm(k.Algorithm).known())
}

func (k *jwk) key() (*Key, error) {
	if other := k.otherUse(); other != "" {
		named := ""
		if k.ID != "" {
			named = fmt.Sprintf(" with the kid %q", k.ID)
		}
		return nil, fmt.Errorf("is a JSON Web Key%s that is marked for another use: %s: use one to sign with", named, other)
	}
	if k.Type == "RSA" {
		if private, err := withoutPrimes(k.content); err != nil {
			return nil, err
		} else if private != nil {
			return New(private, k.ID, Algorithm(k.Algorithm))
		}
	}
	var parsed jose.JSONWebKey
	if err := parsed.UnmarshalJSON(k.content); err != nil {
		// Not the error itself: it is about numbers that are secret.
		return nil, errUnusable
	}
	signer, ok := parsed.Key.(crypto.Signer)
	if !ok {
		return nil, errNoKey
	}
	if ec, ok := signer.(*ecdsa.PrivateKey); ok && !halvesMatch(ec) {
		return nil, errors.New(`is a JSON Web Key of two halves: "x" and "y" are not the public key of "d"`)
	}
	return New(signer, parsed.KeyID, Algorithm(parsed.Algorithm))
}

// halvesMatch checks what the JOSE library does not: a signature of such a key could not be verified.
func halvesMatch(key *ecdsa.PrivateKey) bool {
	d, err := key.Bytes()
	if err != nil {
		return false
	}
	derived, err := ecdsa.ParseRawPrivateKey(key.Curve, d)
	return err == nil && derived.PublicKey.Equal(&key.PublicKey)
}
