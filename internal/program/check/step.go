package check

import (
	"context"
)

// step is one thing that has to be right. Steps that do not apply are not mentioned.
type step struct {
	name    string
	applies func(*checkup) bool // nil: always
	take    func(*checkup, context.Context) finding
}

// steps are taken in this order.
var steps = []step{
	{"settings", nil, (*checkup).checkSettings},
	{"proof", nil, (*checkup).checkProof},
	{"name", nil, (*checkup).checkName},
	{"connection", nil, (*checkup).checkConnection},
	{"TLS", (*checkup).overTLS, (*checkup).checkTLS},
	{"HTTP", nil, (*checkup).checkHTTP},
	{"clock", nil, (*checkup).checkClock},
	{"metadata", (*checkup).hasIssuer, (*checkup).checkMetadata},
	{"authenticate", nil, (*checkup).checkAuthenticate},
	{"token", nil, (*checkup).checkToken},
	{"API", (*checkup).hasAPI, (*checkup).checkAPI},
}

func (c *checkup) hasIssuer() bool { return c.Config != nil && c.Config.Issuer != "" }
func (c *checkup) hasAPI() bool    { return c.TestAPI }

// mark tells at a glance how a step went.
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
