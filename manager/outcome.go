package manager

import "time"

// Outcome is what a resource server made of a token: the evidence by which the manager distinguishes a server that
// always responds with a 401 from one whose tokens are really revoked. See [Manager.ReportOutcome].
type Outcome struct {
	// Token is the token that the request carried.
	Token *Token
	// Origin is the resource server's origin, which the path of the request may follow:
	// "https://api.example.com:443/v1/items".
	Origin string
	// Retry says that the request was sent for the second time, after a 401 of the first.
	Retry bool
	// Accepted is false if the response rejected the token.
	Accepted bool
	// Sent is when the request was sent, by the clock of the manager. That a token was accepted is evidence against an
	// earlier rejection only if the request was sent after that rejection was reported. Zero: now.
	Sent time.Time
}
