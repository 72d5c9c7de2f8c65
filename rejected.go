package alf

import (
	"net/http"

	"github.com/alf-go/alf/internal/transport"
)

// RejectsToken is the rule by which a response rejects the token of its request where [Config].Rejected is nil: every
// 401 does, except one whose Bearer or DPoP challenges say insufficient_scope (RFC 6750 section 3.1) or use_dpop_nonce
// (RFC 9449 section 9), and none of them invalid_token. It is for functions in Config.Rejected that add to the rule. It
// does not change resp, and is safe for concurrent use.
func RejectsToken(resp *http.Response) bool { return transport.Rejects(resp) }
