package check

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/wire"
)

// apiResponse is what is read of a response of the API.
type apiResponse struct {
	status     int
	header     http.Header
	challenges []challenge
	location   string
	page       bool
	scope      bool     // it says that a scope is missing
	said       apiError // in its body
}

// checkAPI sends one request with the token that was read. A refusal brings no new token: it would be the same.
func (c *checkup) checkAPI(ctx context.Context) finding {
	resp, err := c.askAPI(ctx, c.token)
	if err != nil {
		return c.apiUnreachable(err)
	}
	return c.classifyAPI(ctx, resp)
}

// askAPI sends the request with a token.
func (c *checkup) askAPI(ctx context.Context, token *oauth2.Token) (*apiResponse, error) {
	client, done, err := c.apiClient(ctx, token)
	if err != nil {
		return nil, err
	}
	defer done()
	limited, cancel := c.limited(ctx)
	defer cancel()
	resp, err := client.Do(c.API.Clone(limited))
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, readValue))
	r := &apiResponse{status: resp.StatusCode, header: resp.Header, challenges: readChallenges(resp.Header), said: readAPIError(resp, body)}
	r.page, r.scope = isPage(string(body)), scopeWords.Match(body)
	if to, err := resp.Location(); err == nil {
		r.location = shownURL(to)
	}
	return r, nil
}

// apiClient is one that has a token already.
func (c *checkup) apiClient(ctx context.Context, token *oauth2.Token) (_ *alf.Client, done func(), err error) {
	transport, err := c.transport(ctx)
	if err != nil {
		return nil, nil, err
	}
	client, err := alf.New(alf.Config{
		Fetcher: alf.FetcherFunc(func(context.Context) (*oauth2.Token, error) { return token, nil }),
		DPoP:    c.Config.DPoP,
		HTTPClient: &http.Client{
			Transport:     transport,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		Origins: c.Config.Origins, AllowHTTP: c.Config.AllowHTTP,
		Rejected: func(*http.Response) bool { return false },
	})
	if err != nil {
		return nil, nil, err
	}
	return client, func() { client.Close(); transport.CloseIdleConnections() }, nil
}

func (c *checkup) apiUnreachable(err error) finding {
	if errors.Is(err, alf.ErrRefused) {
		return c.unreadable(err)
	}
	code, text, _ := exit.Explain(err, c.Names)
	cause := err
	if sent := (*url.Error)(nil); errors.As(err, &sent) {
		cause = sent.Err // without the address
	}
	why := advice{c.untrusted(cause.Error()), "is the address right, and the API up?"}
	switch {
	case code != exit.Unreachable:
		why.cause = c.untrusted(text)
	case exit.NetworkHint(err) != "":
		why.remedy = exit.NetworkHint(err)
	case alerted(err):
		why.remedy = c.alertRemedy()
	}
	return failed(code, c.shownAPI()+" cannot be reached", why)
}

func (c *checkup) shownAPI() string { return shownURL(c.API.URL) }

// classifyAPI says what a response means.
func (c *checkup) classifyAPI(ctx context.Context, resp *apiResponse) finding {
	text := wire.Status(resp.status) + " from " + c.shownAPI()
	if resp.status < 400 {
		return c.apiAccepted(resp, text)
	}
	found := failed(exit.API, text)
	c.detail(resp, &found)
	switch {
	case resp.scope || challengeSays(resp.challenges, "insufficient_scope"):
		found.advice = c.scopeLacking(resp)
	case resp.status == http.StatusUnauthorized:
		found.advice = c.unauthorized(ctx, resp)
	case resp.status == http.StatusForbidden:
		found.advice = c.forbidden(ctx, resp)
	case resp.status == http.StatusNotFound, resp.status == http.StatusMethodNotAllowed:
		found.advice = []advice{{"there is nothing to get at that address; the token may be right", "name another address by --api"}}
	case resp.status == http.StatusTooManyRequests:
		found.advice = []advice{{"the API has had too many requests", "try again later"}}
	case resp.status >= 500:
		found.advice = []advice{{"the API itself, or what it asks about tokens, fails; the token may be right", "try again later, or ask those who run it. " + apiLog}}
	default:
		found.advice = []advice{{"the API does not accept the request; the token may be right", "name another address by --api"}}
	}
	return found
}

// detail adds what the API said, in its challenges and its body.
func (c *checkup) detail(resp *apiResponse, found *finding) {
	for _, ch := range resp.challenges {
		found.details = append(found.details, "it asks for "+c.untrusted(ch.String()))
	}
	if text := resp.said.String(); text != "" {
		found.details = append(found.details, "it says: "+c.untrusted(text))
	}
}

// apiAccepted is about a response that is no error by its status.
func (c *checkup) apiAccepted(resp *apiResponse, text string) finding {
	found := passed(text)
	switch {
	case resp.status >= 300:
		to := "nowhere"
		if resp.location != "" {
			to = c.untrusted(resp.location)
		}
		found.note("the API redirects to "+to+": the token is sent along only within its origin", "use the final address")
	case resp.said.refusesToken():
		found = failed(exit.API, text+", with an error in it")
		c.detail(resp, &found)
		found.advice = []advice{{"the API refuses the token in a response with a status of success: a client that goes by the status takes that for success",
			"see what it says above; in a program, Config.Rejected and RejectedBody can recognise it"}}
	case resp.page:
		found.note("the response is a page: that is usual for a website, and for a gateway that asks users to log in", "is it what the API responds with? Name an address of the API by --api")
	case resp.said.code != "":
		c.detail(resp, &found)
		found.note("the response has a status of success, and an error in it", "see what it says above: is it about the request or about the token?")
	}
	return found
}

// apiError is an error in the body of a response.
type apiError struct{ code, text string }

func (e apiError) String() string {
	switch {
	case e.code == "" || e.code == e.text, e.text != "" && (e.code == "error" || e.code == "errors"):
		return e.text
	case e.text == "":
		return e.code
	}
	return e.code + ": " + e.text
}

// scopeWords say in a body that a scope is missing: insufficient_scope, or the forms of other APIs.
var scopeWords = regexp.MustCompile(`(?i)insufficient[_ ]?(access[_ ]?token[_ ]?)?scopes?|scopes?[_ ]?(is |are )?insufficient`)

// refusesToken reports whether the code is one of RFC 6750 section 3.1 or of servers that mean the same.
func (e apiError) refusesToken() bool {
	return slices.Contains([]string{
		"invalid_token", "invalid_request", "insufficient_scope", "expired_token", "access_denied", "unauthorized", "invalid_grant", "token_expired",
		"401 unauthorized", "403 forbidden",
	}, strings.ToLower(e.code))
}

// errorMembers are where APIs put a sentence about an error.
var errorMembers = []string{"error_description", "message", "detail", "reason", "errorMessage", "error_message", "description", "title", "msg", "Message"}

// readAPIError finds an error in a JSON body, or the text of a short plain one.
func readAPIError(resp *http.Response, body []byte) apiError {
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		if text := strings.TrimSpace(string(body)); resp.StatusCode >= 400 && len(text) <= shownValue && !isPage(text) {
			return apiError{text: text}
		}
		return apiError{}
	}
	var e apiError
	switch raw := members["error"]; {
	case string(raw) == "null" || string(raw) == "false" || string(raw) == `""`:
	case json.Unmarshal(raw, &e.code) == nil:
	case len(raw) > 0:
		e.code = "error"
		inner := map[string]json.RawMessage{}
		if json.Unmarshal(raw, &inner) == nil {
			e.text = sentence(inner)
		}
	}
	if errs := members["errors"]; e.code == "" && len(errs) > 2 && string(errs) != "null" {
		e.code = "errors"
		var list []map[string]json.RawMessage
		if json.Unmarshal(errs, &list) == nil && len(list) > 0 {
			e.text = sentence(list[0])
		}
	}
	if e.code == "" {
		e.code = otherCode(members)
	}
	if e.text == "" && (e.code != "" || resp.StatusCode >= 400) {
		e.text = sentence(members)
	}
	return e
}

// otherCode finds an error that is not in a member of that name: a status in the body (AWS, many gateways), a flag of
// success, the fault of Apigee and of SOAP.
func otherCode(members map[string]json.RawMessage) string {
	for _, name := range []string{"status", "code", "statusCode", "status_code"} {
		var number int
		if json.Unmarshal(members[name], &number) == nil && number >= 400 && number < 600 {
			return wire.Status(number)
		}
		var text string
		if json.Unmarshal(members[name], &text) == nil && slices.Contains([]string{"error", "fail", "failed", "failure", "unauthorized"}, strings.ToLower(text)) {
			return text
		}
	}
	for _, name := range []string{"success", "ok", "succeeded"} {
		if string(members[name]) == "false" {
			return name + " is false"
		}
	}
	for _, name := range []string{"fault", "Fault", "exception", "errorCode", "error_code", "errorMessage", "error_message"} {
		if raw := string(members[name]); raw != "" && raw != "null" && raw != `""` && raw != "0" && raw != "false" {
			return name
		}
	}
	return ""
}

func sentence(members map[string]json.RawMessage) string {
	for _, name := range errorMembers {
		var text string
		if json.Unmarshal(members[name], &text) == nil && text != "" {
			return text
		}
	}
	return ""
}

// invented is a token that no server has issued. It looks like the client's own, so that the API reads both in the same
// way: a JWT differs in its signature alone.
func (c *checkup) invented() *oauth2.Token {
	token := *c.token
	keep, random := 0, strings.ToLower(rand.Text())
	if c.jwt != nil {
		keep = strings.LastIndex(token.AccessToken, ".") + 1
	}
	for len(random) < len(token.AccessToken)-keep {
		random += strings.ToLower(rand.Text())
	}
	token.AccessToken = token.AccessToken[:keep] + random[:len(token.AccessToken)-keep]
	return &token
}

// distinguishes reports whether the API responds to a token that does not exist in another way, and how; known is false
// if it did not respond.
func (c *checkup) distinguishes(ctx context.Context, resp *apiResponse) (different, known bool, other *apiResponse) {
	other, err := c.askAPI(ctx, c.invented())
	if err != nil {
		return false, false, nil
	}
	return resp.gist() != other.gist(), true, other
}

// gist is what a response says, except for what differs from one to the next.
func (r *apiResponse) gist() string {
	text := fmt.Sprint(r.status, " ", r.said)
	for _, ch := range r.challenges {
		text += " " + ch.String()
	}
	return generated.ReplaceAllString(uuid.ReplaceAllString(text, "#"), "#")
}

func (c *checkup) otherIs(other *apiResponse) string {
	text := wire.Status(other.status)
	said := other.said.String()
	for _, ch := range other.challenges {
		if said == "" {
			said = ch.params["error_description"]
		}
	}
	if said != "" {
		text += fmt.Sprintf(", %q", c.untrusted(said))
	}
	return text
}
