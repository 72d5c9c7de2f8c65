package check

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
)

// examples are lists of everything that may be wrong, as RFC 6749 section 5.2 has them and servers copy them: they say
// nothing about this request.
var examples = regexp.MustCompile(`\((?i:e\.g\.|for example|such as)[^)]*\)`)

// boilerplate are the sentences of RFC 6749 that servers send along with a code, whatever the reason is. They say no
// more than the code does.
var boilerplate = regexp.MustCompile(`(?i)` + strings.Join([]string{
	`the (authenticated )?client is not authorized to (request|use)[^.]*(this method|this authorization grant type)`,
	`the request is missing a( required)? parameter[^.]*`,
	`the provided authorization grant[^.]*`,
	`client authentication failed[^.]*(unsupported authentication method)?`,
	`the resource owner or authorization server denied the request`,
	`the authorization server (does not support|encountered|is currently)[^.]*`,
	`the requested scope is invalid, unknown,[^.]*`,
	`the authorization grant type is not supported[^.]*`,
}, `|`))

// ownWords is what a server's text says beyond the code.
func ownWords(description string) string {
	return strings.Trim(boilerplate.ReplaceAllString(examples.ReplaceAllString(description, ""), ""), " .")
}

// textTopic is something that a server's text may be about.
type textTopic struct {
	words *regexp.Regexp
	// applies says when it can be meant; nil: always.
	applies func(*checkup) bool
	about   string
	remedy  func(*checkup, string) string
}

// textTopics are looked for in order: what is more particular comes first.
var textTopics = []textTopic{
	{regexp.MustCompile(`(?i)response_type|redirect_uri`), nil,
		"a request for authorization", func(c *checkup, _ string) string {
			return c.Names.Of("TokenURL") + ": that may be the authorization endpoint; name the token endpoint"
		}},
	{regexp.MustCompile(`(?i)auth(entication)?[ _]methods?|token_endpoint_auth|client_secret_(basic|post|jwt)|private_key_jwt|tls_client_auth`), nil,
		"the way in which the client authenticates", (*checkup).styleRemedy},
	{regexp.MustCompile(`(?i)\bkid\b|key[ _]id\b|\bjwks?\b|json ?web ?key|(no|find|found|unknown|missing)\b.{0,30}\bkeys?\b|\bkeys?\b.{0,30}(not found|unknown|missing)`), (*checkup).signs,
		"the key that the assertion is signed with", (*checkup).keyRemedy},
	{regexp.MustCompile(`(?i)\balg(orithms?)?\b|signing method|\b[RPEH]S(256|384|512)\b|eddsa`), (*checkup).signs,
		"the algorithm that the assertion is signed with", func(c *checkup, _ string) string {
			return "set " + c.Names.Of("Assertion.Algorithm") + " to the one that the client is registered with"
		}},
	{regexp.MustCompile(`(?i)\baud(iences?)?\b`), (*checkup).signs,
		"the audience of the assertion", func(c *checkup, _ string) string {
			return fmt.Sprintf("set %s to what the server expects: %s, %s, or a text of its own",
				c.Names.Of("Assertion.Audience"), fetcher.AudienceTokenEndpoint, fetcher.AudienceIssuer)
		}},
	{regexp.MustCompile(`(?i)\b(iat|nbf|exp)\b|expir(y|ed|ation)|not (yet )?(valid|active)|in the future|before issued|too old|clock`), (*checkup).sendsTimes,
		"times in the assertion or proof", (*checkup).clockRemedy},
	{regexp.MustCompile(`(?i)signature|verif(y|ied|ication)`), (*checkup).signs,
		"the signature of the assertion", (*checkup).keyRemedy},
	{regexp.MustCompile(`(?i)\bscopes?\b`), nil,
		"scopes", func(c *checkup, _ string) string { return c.scopeDiagnosis().remedy }},
	{regexp.MustCompile(`(?i)\bgrants?\b|grant_type|not (allowed|authorized|permitted|enabled) (to|for)\b|service accounts?`), nil,
		"the grant", func(c *checkup, _ string) string {
			return "have the client credentials grant allowed for the client"
		}},
}

// aboutText goes by what the server's text is about, where that is known.
func (c *checkup) aboutText(_ context.Context, response *alf.EndpointError) diagnosis {
	text := ownWords(response.Description)
	if text == "" {
		return diagnosis{}
	}
	for _, topic := range textTopics {
		if (topic.applies == nil || topic.applies(c)) && topic.words.MatchString(text) {
			return settled(fmt.Sprintf("the server's text is about %s: %q", topic.about, c.untrusted(strings.TrimSpace(text))), topic.remedy(c, text))
		}
	}
	return diagnosis{}
}

// signs reports whether the client sends an assertion that it signs.
func (c *checkup) signs() bool {
	return c.Config.AuthStyle == alf.AuthSecretJWT || c.Config.AuthStyle == alf.AuthPrivateKeyJWT || c.Config.AuthStyle == alf.AuthExternalAssertion
}

// sendsTimes reports whether the client sends anything that has a time in it.
func (c *checkup) sendsTimes() bool { return c.signs() || c.Config.DPoP != nil }

// styleRemedy names the styles that the server's text has, except the one in use.
func (c *checkup) styleRemedy(text string) string {
	style := c.Names.Of("AuthStyle")
	var named []string
	for _, s := range fetcher.AuthStyles() {
		if s != c.Config.AuthStyle && s != alf.AuthBasicRaw && regexp.MustCompile(`\b`+regexp.QuoteMeta(s.String())+`\b`).MatchString(text) {
			named = append(named, s.String())
		}
	}
	if len(named) > 0 && !slices.Contains(named, c.Config.AuthStyle.String()) {
		return "if the client is registered for " + strings.Join(named, " or ") + ", set " + style + " to that; else register it for " + c.Config.AuthStyle.String()
	}
	return "set " + style + " to what the client is registered for" + c.alternatives()
}

func (c *checkup) keyRemedy(string) string {
	if c.Config.AuthStyle == alf.AuthSecretJWT {
		return "compare the secret with what was registered"
	}
	if c.Config.AuthStyle == alf.AuthExternalAssertion {
		return "does the server trust the issuer of the assertion, and has it its keys?"
	}
	return "register the public key of " + c.Names.Of("Assertion.Key") + " for the client, and set " + c.keyIDName() + " to the kid that the server knows it by"
}

// keyIDName is the setting of the kid. It is no field of its own in alf.Config.
func (c *checkup) keyIDName() string { return c.Names.Of("KeyID") }

func (c *checkup) clockRemedy(string) string {
	if skew, known := c.route.skew(); known && skew.Abs() > tolerated {
		return "correct whichever clock is wrong: see the step clock"
	}
	return "compare this machine's clock with the server's to the second: some servers allow no difference; " +
		"see also " + c.Names.Of("Assertion.Lifetime")
}
