package check

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
)

// Route is a route of a proxy.
type Route struct {
	// Name is what it is called.
	Name string
	// Where says where it stands.
	Where string
	// Subject is the client that gets its token. It has a configuration, with what the route requests.
	Subject Subject
	// Upstream is where requests go, UpstreamWhere where that stands, and UpstreamSetting what remedies call it.
	Upstream                       *url.URL
	UpstreamWhere, UpstreamSetting string
}

// upstream takes the place of the client's server as what is reached.
type upstream struct {
	url     *url.URL
	setting string
}

// method is that of the request for any response. What an upstream does at a GET is not known here.
func (u *upstream) method() string {
	if u == nil {
		return http.MethodGet
	}
	return http.MethodHead
}

// Routes checks each route: it gets a token, and connects to the upstream. It writes a finding for each. Its error has
// the exit code of the first that failed.
func Routes(ctx context.Context, routes []Route, out io.Writer, utf8 bool) error {
	w := newWriter(out, utf8)
	failed, code := 0, 0
	for i := range routes {
		found := routes[i].check(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if found.mark == crossed {
			if failed++; code == 0 {
				code = found.code
			}
		}
		if err := w.write(routes[i].Name, found); err != nil {
			return exit.Failf(exit.Broken, "writing the findings: %w", err)
		}
	}
	if failed > 0 {
		return exit.Failf(code, "the validation failed for %d of %s", failed, format.Plural(len(routes), "route"))
	}
	return nil
}

// check takes the steps of `alf check` up to the token, and then those of the connection to the upstream.
func (r *Route) check(ctx context.Context) finding {
	c := &checkup{Subject: r.Subject}
	defer c.close()
	token := c.steps(ctx, nil, "token")
	if token.mark == crossed {
		token.text = "no token: " + token.text
		if r.Where != "" {
			token.text = r.Where + ": " + token.text
		}
		return token
	}
	to := &checkup{Subject: r.Subject, upstream: &upstream{r.Upstream, r.UpstreamSetting}, secrets: c.secrets}
	connection := to.steps(ctx, []string{"name", "connection", "TLS"}, "connection", "TLS")
	if connection.mark == crossed {
		connection.text = r.UpstreamWhere + ": no connection: " + connection.text
		return connection
	}
	found := finding{mark: max(token.mark, connection.mark), text: "a token, and a connection to " + shownURL(r.Upstream)}
	found.details = append(append(found.details, token.details...), connection.details...)
	found.advice = append(append(found.advice, token.advice...), connection.advice...)
	return found
}

// steps takes some of the steps, or all if only is nil, and returns that which failed, or what was found by those named
// in details. Advice on what works is kept.
func (c *checkup) steps(ctx context.Context, only []string, details ...string) (all finding) {
	for _, step := range steps {
		if only != nil && !slices.Contains(only, step.name) || step.applies != nil && !step.applies(c) {
			continue
		}
		found := step.take(c, ctx)
		found.complete(step.otherwise)
		if found.mark == crossed {
			found.text = step.name + ": " + found.text
			return found
		}
		if found.mark == noted {
			all.mark = noted
		}
		if slices.Contains(details, step.name) {
			all.details = append(all.details, strings.TrimSpace(fmt.Sprintf("%s: %s", step.name, found.text)))
		}
		all.advice = append(all.advice, found.advice...)
	}
	return all
}
