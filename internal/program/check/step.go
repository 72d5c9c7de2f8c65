package check

import (
	"context"
)

// step is one thing that has to be right. Steps that do not apply are not mentioned.
type step struct {
	name    string
	applies func(*checkup) bool // nil: always
	take    func(*checkup, context.Context) finding
	// otherwise is the cause and the remedy if the step fails and knows no better ones.
	otherwise advice
}

// steps are taken in this order.
var steps = []step{
	{"settings", nil, (*checkup).checkSettings, advice{"the configuration cannot be used as it is", "correct what the lines above name"}},
	{"credentials", nil, (*checkup).checkCredentials, advice{"the credentials cannot be used as they are", "correct what the lines above name"}},
	{"name", nil, (*checkup).checkName, advice{"the name of the server could not be resolved", "is the network up, and the name known on it?"}},
	{"connection", nil, (*checkup).checkConnection, advice{"no connection to the server came about", "is the network up, and the server?"}},
	{"TLS", (*checkup).overTLS, (*checkup).checkTLS, advice{"the TLS handshake ended without agreement", "does the server speak TLS 1.2 or later there?"}},
	{"HTTP", nil, (*checkup).checkHTTP, advice{"the server did not respond to an HTTP request", "is that an HTTP server?"}},
	{"clock", nil, (*checkup).checkClock, advice{"the clocks differ", "correct whichever clock is wrong"}},
	{"metadata", (*checkup).hasIssuer, (*checkup).checkMetadata, advice{
		"the issuer's metadata could not be read",
		"is it the right issuer, to the last character? Without metadata, name the token endpoint",
	}},
	{"authenticate", nil, (*checkup).checkAuthenticate, advice{
		"the server issued no token, and its response gives no reason that is known here",
		"the server's log should say why it refused the request; it has the same time as this check",
	}},
	{"token", nil, (*checkup).checkToken, advice{"the token cannot be used", "have the server issue another kind of token"}},
	{"published", (*checkup).hasAPI, (*checkup).checkPublished, advice{"what the API publishes could not be read", ""}},
	{"API", (*checkup).hasAPI, (*checkup).checkAPI, advice{"the API refused the request", apiLog}},
}

func (c *checkup) hasIssuer() bool { return c.Config != nil && c.Config.Issuer != "" }
func (c *checkup) hasAPI() bool    { return c.TestAPI }

// mark shows at a glance how a step went.
type mark int

const (
	ticked mark = iota
	noted       // it works, but is worth a look
	crossed
	skipped
)

// finding is what came of a step.
type finding struct {
	mark    mark
	text    string
	details []string
	advice  []advice
	code    int // if it failed
}

// advice is why something is not as it should be, and what to do about it. Either may be empty.
type advice struct{ cause, remedy string }

func passed(text string, details ...string) finding { return finding{text: text, details: details} }

// note marks what works as worth a look.
func (f *finding) note(cause, remedy string) {
	if f.mark == ticked {
		f.mark = noted
	}
	f.advice = append(f.advice, advice{cause, remedy})
}

func failed(code int, text string, why ...advice) finding {
	return finding{mark: crossed, code: code, text: text, advice: why}
}

// complete gives a failure a cause and a remedy, where the step has found none.
func (f *finding) complete(otherwise advice) {
	if f.mark != crossed {
		return
	}
	cause, remedy := false, false
	for _, a := range f.advice {
		cause, remedy = cause || a.cause != "", remedy || a.remedy != ""
	}
	switch {
	case !cause && !remedy:
		f.advice = append(f.advice, otherwise)
	case !cause:
		f.advice[0].cause = otherwise.cause
	case !remedy:
		f.advice[len(f.advice)-1].remedy = otherwise.remedy
	}
}
