package check

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/program/format"
)

// maxJWT bounds what is read of one, in bytes.
const maxJWT = 64 << 10

// jwt is what anyone can read of a JSON Web Token. Nothing in it has been verified: that is for the API to do, which
// has the keys.
type jwt struct {
	header, claims map[string]json.RawMessage
	encrypted      bool // the claims are not known
}

// readJWT fails for what is no JWT in compact form (RFC 7515 section 3.1, RFC 7516 section 3.1).
func readJWT(token string) (*jwt, bool) {
	if len(token) > maxJWT {
		return nil, false
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 && len(parts) != 5 {
		return nil, false
	}
	header, ok := jsonSegment(parts[0])
	if !ok || header["alg"] == nil {
		return nil, false
	}
	if len(parts) == 5 {
		return &jwt{header: header, encrypted: true}, true
	}
	claims, ok := jsonSegment(parts[1])
	return &jwt{header: header, claims: claims}, ok
}

// jsonSegment decodes a segment that is a JSON object. Some servers pad.
func jsonSegment(segment string) (map[string]json.RawMessage, bool) {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(segment, "="))
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(raw), []byte("{")) {
		return nil, false
	}
	var members map[string]json.RawMessage
	err = json.Unmarshal(raw, &members)
	return members, err == nil
}

// shownClaims are those worth a person's while, in the order of their being shown.
var shownClaims = []struct {
	name string
	kind claimKind
}{
	{"iss", plainClaim}, {"sub", plainClaim}, {"aud", plainClaim}, {"client_id", plainClaim}, {"azp", plainClaim},
	{"appid", plainClaim}, {"scope", plainClaim}, {"scp", plainClaim}, {"roles", plainClaim},
	{"iat", timeClaim}, {"nbf", timeClaim}, {"exp", timeClaim}, {"cnf", boundClaim},
}

type claimKind int

const (
	plainClaim claimKind = iota
	timeClaim
	boundClaim
)

// describe has a line for the header and one for each claim. Everything in it is untrusted text.
func (j *jwt) describe(secrets []string, now time.Time) []string {
	header := "header: alg " + clean(textOf(j.header["alg"]), secrets)
	for _, name := range []string{"typ", "kid"} {
		if value := textOf(j.header[name]); value != "" {
			header += ", " + name + " " + clean(value, secrets)
		}
	}
	lines := []string{header}
	for _, claim := range shownClaims {
		raw, ok := j.claims[claim.name]
		if !ok {
			continue
		}
		value := textOf(raw)
		switch claim.kind {
		case timeClaim:
			if t, known := j.time(claim.name); known {
				value = format.Moment(t, now)
			}
		case boundClaim:
			value = strings.Join(bindings(raw), ", ")
		}
		lines = append(lines, fmt.Sprintf("%-9s %s", claim.name, clean(value, secrets)))
	}
	return lines
}

// textOf is a JSON value in words: a string, a list of them, or else what it is in JSON.
func textOf(raw json.RawMessage) string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return one
	}
	var many []string
	if json.Unmarshal(raw, &many) == nil {
		return strings.Join(many, ", ")
	}
	return string(raw)
}

// has reports whether a claim is there and says something.
func (j *jwt) has(name string) bool {
	switch value := textOf(j.claims[name]); value {
	case "", "null", "[]":
		return false
	}
	return true
}

// list is a claim of one or several values, those of a text apart by spaces.
func (j *jwt) list(name string) []string {
	var many []string
	if json.Unmarshal(j.claims[name], &many) == nil {
		return many
	}
	var one string
	if json.Unmarshal(j.claims[name], &one) != nil {
		return nil
	}
	return strings.Fields(one)
}

// time is a claim in seconds since 1970, from the years 1 to 9999.
func (j *jwt) time(name string) (time.Time, bool) {
	var seconds float64
	if json.Unmarshal(j.claims[name], &seconds) != nil || string(j.claims[name]) == "null" || math.Abs(seconds) > 253402300799 {
		return time.Time{}, false
	}
	return time.Unix(int64(seconds), 0), true
}

// bindings lists how a token names the key or the certificate it is bound to (RFC 7800 section 3): never the key
// itself.
func bindings(cnf json.RawMessage) []string {
	var members map[string]json.RawMessage
	if json.Unmarshal(cnf, &members) != nil {
		return []string{"unreadable"}
	}
	var all []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		switch name {
		case "jkt", "x5t#S256", "kid":
			all = append(all, name+" "+textOf(members[name]))
		default:
			all = append(all, name)
		}
	}
	return all
}

// boundTo is the thumbprint under a name in the token's cnf; "" for none.
func (j *jwt) boundTo(name string) string {
	var members map[string]json.RawMessage
	if json.Unmarshal(j.claims["cnf"], &members) != nil {
		return ""
	}
	return textOf(members[name])
}
