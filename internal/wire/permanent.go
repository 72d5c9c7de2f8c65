package wire

// The package does not import net/http, for packages that only need its decisions.
const (
	statusRequestTimeout  = 408
	statusTooManyRequests = 429
)

// Permanent reports whether a failure is one that trying again soon will not repair, so that one attempt is enough.
// status is that of the token endpoint's response, 0 if there was none; code is its OAuth error (RFC 6749 section 5.2,
// RFC 8707 section 2), "" if it had none.
//
// A known code outweighs the status: servers disagree about which status goes with which code far more often than about
// the codes.
func Permanent(status int, code string) bool {
	switch code {
	case "temporarily_unavailable", "server_error", "slow_down":
		return false
	case "invalid_client", "unauthorized_client", "unsupported_grant_type",
		"invalid_scope", "invalid_target", "invalid_request":
		return true
	}
	switch {
	case status == statusRequestTimeout, status == statusTooManyRequests:
		return false
	case status >= 300 && status <= 499:
		return true
	case status >= 200 && status <= 299:
		// An OAuth error under a 2xx is meant as a 400. Without a code the
		// response was merely unreadable, which the next one need not be.
		return code != ""
	}
	return false
}
