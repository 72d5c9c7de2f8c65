package ambiguous

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Outcome is what became of a request at a proxy.
type Outcome struct {
	Danger Danger
	Text   string // what the table has
}

// Try sends a request to a proxy, which listens on an address, and takes what reaches the server behind it.
func Try(ctx context.Context, address string, server *Server, r Request, limit time.Duration) (Outcome, error) {
	received, err := Send(ctx, address, r, limit)
	if err != nil {
		return Outcome{}, err
	}
	requests, err := server.Take(ctx, limit)
	if err != nil {
		return Outcome{}, err
	}
	danger := Assess(requests, server.Address())
	if len(received.Statuses) > 1 && endUncertain(r.Bytes) {
		danger |= Kept
	}
	outcome := describe(received, requests, danger, server.Address())
	// A first response that is a success leaves the connection open for what follows, or the proxy takes no chances.
	if !r.Alone && danger&Reached != 0 && len(received.Statuses) == 1 && received.Statuses[0] < 400 {
		outcome.Text += "; " + received.Ended
	}
	return outcome, nil
}

func describe(received *Received, requests []*Forwarded, danger Danger, server string) Outcome {
	o := Outcome{Danger: danger, Text: received.String()}
	var forwarded []string
	for _, f := range requests {
		if f.Target != next {
			forwarded = append(forwarded, f.summary(server))
		}
	}
	if len(forwarded) > 0 {
		o.Text += " → " + strings.Join(forwarded, " and ")
	}
	if dangers := (o.Danger &^ Reached).String(); dangers != "" {
		o.Text += " **" + dangers + "**"
	}
	return o
}

// summary is a forwarded request in the table: its line, its Host where that is not an ordinary one, and its length.
func (f *Forwarded) summary(server string) string {
	text := f.Method + " " + f.Target
	if !slices.Contains([]string{"HTTP/1.1", "HTTP/1.0"}, f.Version) {
		text += " " + f.Version
	}
	text = code(text)
	switch hosts := f.Values("Host"); {
	case len(hosts) == 0:
		text += " without Host"
	case len(hosts) == 1 && (hosts[0] == Host || hosts[0] == server):
	case hosts[0] == "":
		text += " Host empty"
	default:
		text += " Host " + code(strings.Join(hosts, ", "))
	}
	switch {
	case len(f.Values("Transfer-Encoding")) > 0 && len(f.Values("Content-Length")) > 0:
		text += " length and chunks"
	case len(f.Values("Transfer-Encoding")) > 0:
		text += " chunks"
	case len(f.Values("Content-Length")) > 0:
		text += " length " + code(strings.Join(f.Values("Content-Length"), ", "))
	}
	return text
}

// code is text in Markdown's code, in a cell of a table: short, and with what cannot be seen written as Go does.
func code(text string) string {
	text = strings.ToValidUTF8(text, "\ufffd")
	text = fmt.Sprintf("%q", text)
	text = strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(text[1 : len(text)-1])
	if len(text) > 40 {
		text = text[:20] + "…"
	}
	text = strings.ReplaceAll(text, "|", `\|`) // which ends a cell, in code as well
	if strings.Contains(text, "`") {
		return "`` " + text + " ``"
	}
	return "`" + text + "`"
}
