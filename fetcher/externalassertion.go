package fetcher

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"strings"
)

// replacedAssertion reports whether an assertion of another party is a different one. A function that makes a new
// assertion at each call is no sign that the former was outdated: such assertions are compared without what differs
// each time.
func replacedAssertion(before, after *credentials) bool {
	if before.secret == after.secret {
		return false
	}
	if !before.inputs.Empty() {
		return !before.inputs.Equal(after.inputs)
	}
	was, ok := stableClaims(before.secret)
	if !ok {
		return false
	}
	is, ok := stableClaims(after.secret)
	return ok && !reflect.DeepEqual(was, is)
}

// stableClaims returns the header and the claims of a JSON Web Token without those of RFC 7519 section 4.1 that are
// about the one token. It verifies nothing.
func stableClaims(jwt string) (claims map[string]any, ok bool) {
	parts := strings.Split(jwt, ".")
	if len(parts) != 3 {
		return nil, false
	}
	claims = map[string]any{}
	for i, part := range parts[:2] {
		content, err := base64.RawURLEncoding.DecodeString(part)
		if err != nil {
			return nil, false
		}
		var members map[string]any
		if json.Unmarshal(content, &members) != nil {
			return nil, false
		}
		if i == 0 {
			claims["header"] = members
			continue
		}
		maps.DeleteFunc(members, func(name string, _ any) bool {
			return name == "iat" || name == "nbf" || name == "exp" || name == "jti" || name == "nonce"
		})
		claims["claims"] = members
	}
	return claims, true
}
