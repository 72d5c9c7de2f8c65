package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/format"
)

// checkAuthenticate sends one token request, and looks for the cause if that fails.
func (c *checkup) checkAuthenticate(ctx context.Context) finding {
	limited, cancel := c.limited(ctx)
	defer cancel()
	start := time.Now()
	token, err := c.fetcher.Fetch(limited)
	if err == nil {
		c.token = token
		c.conceal(token.AccessToken)
		return passed("a token in " + format.Rough(time.Since(start)))
	}
	found := c.refused(err)
	var response *alf.EndpointError
	if errors.As(err, &response) && response.Status != 0 {
		found.advice = c.diagnose(ctx, response, found.advice)
	} else {
		found.complete(c.noResponse(err))
	}
	return found
}

// noResponse says why there was none, where the library has no advice.
func (c *checkup) noResponse(err error) advice {
	var late exit.TimedOut
	switch {
	case errors.Is(err, fetcher.ErrUnsent):
		return advice{"no request was sent, as the credentials cannot be used as they are configured", "correct what the line above names"}
	case errors.As(err, &late), errors.Is(err, context.DeadlineExceeded):
		return advice{"the server responded to another request before, but not to the token request in time",
			"allow more by " + c.timeoutName() + ", or ask those who run the server why token requests take so long"}
	}
	return advice{"the connection failed during the token request, though another request before got a response",
		"try again; if it stays so, does a proxy or firewall on the way close such connections?"}
}

// timeoutName is the setting that bounds the wait.
func (c *checkup) timeoutName() string { return c.Names.Of("TokenRequest.Timeout") }

// diagnosis is what may lie behind a failure; its zero value says nothing.
type diagnosis struct {
	advice
	settled  bool // there is nothing else to look for
	outdated bool // the library's hint does not apply
}

func settled(cause, remedy string) diagnosis { return diagnosis{advice{cause, remedy}, true, true} }

// diagnoses are made in order, until one settles it. Each reports only what follows from the server's responses.
var diagnoses = []func(*checkup, context.Context, *alf.EndpointError) diagnosis{
	(*checkup).wrongType,
	(*checkup).busy,
	(*checkup).noOAuthError,
	(*checkup).aboutTarget,
	(*checkup).aboutScope,
	(*checkup).aboutGrant,
	(*checkup).aboutText,
	(*checkup).otherEncoding,
	(*checkup).unknownClient,
	(*checkup).otherStyles,
	(*checkup).bareRefusal,
}

// diagnose finds out what it can; the library's hint comes last.
func (c *checkup) diagnose(ctx context.Context, response *alf.EndpointError, hint []advice) []advice {
	var all []advice
	for _, look := range diagnoses {
		d := look(c, ctx, response)
		if d.advice != (advice{}) {
			all = append(all, d.advice)
		}
		if d.settled || d.outdated {
			hint = nil
		}
		if d.settled {
			break
		}
	}
	all = append(all, hint...)
	if len(all) == 0 {
		all = append(all, advice{
			"the server refuses the request with " + c.quote(response) + ", and gives no reason that is known here",
			"see what its documentation says of that, or its log",
		})
	}
	return all
}

// quote is a response in short: its status and the server's words.
func (c *checkup) quote(response *alf.EndpointError) string {
	text := strconv.Itoa(response.Status)
	if response.Code != "" {
		text += " " + c.untrusted(response.Code)
	}
	if response.Description != "" {
		text += fmt.Sprintf(" %q", c.untrusted(response.Description))
	}
	return text
}

// mayBeCredentials reports whether a response may mean that the credentials are refused. Servers send invalid_client
// for that, unauthorized_client (Keycloak, osin), access_denied or invalid_grant (with assertions), a bare 400, 401 or
// 403 (glewlwyd), or fail.
func mayBeCredentials(response *alf.EndpointError) bool {
	switch {
	case codeHas(response, "client", "credential", "secret", "unauthorized", "access_denied", "invalid_grant", "invalid_request"), fails(response):
		return true
	case response.Code == "":
		switch response.Status {
		case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError:
			return true
		}
	}
	return response.Status == http.StatusUnauthorized
}

// codeHas reports whether a response's code has one of some words. Servers vary the codes of RFC 6749 section 5.2.
func codeHas(response *alf.EndpointError, words ...string) bool {
	code := strings.ToLower(response.Code)
	return slices.ContainsFunc(words, func(word string) bool { return strings.Contains(code, word) })
}

// otherStyles is what the server's metadata list beside the style that was used.
func (c *checkup) otherStyles(_ context.Context, response *alf.EndpointError) diagnosis {
	if !mayBeCredentials(response) || c.metadata == nil || c.metadata.AuthMethods == nil {
		return diagnosis{}
	}
	// The hint for these guesses which other one it might be.
	d := diagnosis{outdated: usesSecret(c.Config.AuthStyle)}
	if others := c.alternatives(); others != "" {
		d.cause = "the server offers other ways to authenticate" + others
		d.remedy = "if the client is registered for one of them, choose it by " + c.Names.Of("AuthStyle")
	}
	return d
}

// usesSecret reports whether a style sends the secret itself.
func usesSecret(style alf.AuthStyle) bool {
	return style == alf.AuthBasic || style == alf.AuthBasicRaw || style == alf.AuthPost
}

// alternatives lists those of the server's methods that are not in use.
func (c *checkup) alternatives() string {
	if c.metadata == nil {
		return ""
	}
	used := c.Config.AuthStyle
	if used == alf.AuthBasicRaw {
		used = alf.AuthBasic
	}
	others := slices.DeleteFunc(slices.Clone(c.metadata.AuthMethods), func(m string) bool { return m == used.String() })
	if len(others) == 0 {
		return ""
	}
	return " (the server has " + strings.ReplaceAll(c.untrustedList(others), ", ", ", ") + ")"
}
