package check

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/settings"
)

// probe asks the server once more, as somebody else would. No other command does.
func (c *checkup) probe(ctx context.Context, change func(*fetcher.Config)) error {
	cfg := c.Config.FetcherConfig()
	change(&cfg)
	f, err := fetcher.New(cfg)
	if err != nil {
		return err
	}
	defer f.CloseIdleConnections()
	limited, cancel := c.limited(ctx)
	defer cancel()
	token, err := f.Fetch(limited)
	if err == nil {
		c.conceal(token.AccessToken)
	}
	return err
}

// answered finds the server's refusal in what came of a probe: not that it could not be reached, or is too busy.
func answered(err error) (*alf.EndpointError, bool) {
	var refusal *alf.EndpointError
	ok := errors.As(err, &refusal) && refusal.Status != 0 && refusal.Permanent()
	return refusal, ok
}

// otherSpelling tries the other Basic style, where the two differ: servers disagree about whether id and secret are
// form-encoded there.
func (c *checkup) otherSpelling(ctx context.Context, refusal *alf.EndpointError) diagnosis {
	other := alf.AuthBasicRaw
	does := "does not decode what is form-encoded"
	switch {
	case !clientRefused(refusal) || !c.hasReserved(ctx):
		return diagnosis{}
	case c.Config.AuthStyle == alf.AuthBasicRaw:
		other, does = alf.AuthBasic, "decodes them, though they were not form-encoded"
	case c.Config.AuthStyle != alf.AuthBasic || strings.Contains(c.Config.ClientID, ":"):
		return diagnosis{}
	}
	err := c.probe(ctx, func(cfg *fetcher.Config) { cfg.AuthStyle = other })
	if err == nil {
		return settled("id or secret have reserved characters, and the server "+does,
			fmt.Sprintf("use --auth-style %s: with that it works", other))
	}
	if _, ok := answered(err); !ok {
		return diagnosis{}
	}
	cause := fmt.Sprintf("it is not the reserved characters in id or secret: %s is refused as well", other)
	return diagnosis{advice: advice{cause: cause}, outdated: true}
}

// hasReserved reports whether the two spellings differ.
func (c *checkup) hasReserved(ctx context.Context) bool {
	if !settings.TakesSecret(c.Config.AuthStyle) {
		return false
	}
	secret, err := c.Config.ClientSecret(ctx)
	return err == nil && (url.QueryEscape(secret) != secret || url.QueryEscape(c.Config.ClientID) != c.Config.ClientID)
}

// proofNames say what a client proves itself by, where one that does not exist can be made up for it.
var proofNames = map[alf.AuthStyle]string{
	alf.AuthBasic: "secret", alf.AuthBasicRaw: "secret", alf.AuthPost: "secret", alf.AuthSecretJWT: "secret",
	alf.AuthPrivateKeyJWT: "key", alf.AuthTLS: "certificate", alf.AuthSelfSignedTLS: "certificate",
}

// unknownClient compares the refusal with that of a client that does not exist. Many servers make no difference, on
// purpose.
func (c *checkup) unknownClient(ctx context.Context, refusal *alf.EndpointError) diagnosis {
	proof, ok := proofNames[c.Config.AuthStyle]
	if !ok || !clientRefused(refusal) {
		return diagnosis{}
	}
	id := "alf-check-" + rand.Text()
	other, ok := answered(c.probe(ctx, func(cfg *fetcher.Config) {
		cfg.ClientID = id
		if cfg.ClientSecret != nil {
			// Long enough to sign with, too.
			cfg.ClientSecret = alf.Secret(rand.Text() + rand.Text() + rand.Text())
		}
	}))
	switch {
	case !ok:
		return diagnosis{}
	case gist(refusal, c.Config.ClientID) == gist(other, id):
		return diagnosis{advice: advice{
			"id or " + proof + " is wrong; the server does not say which, as it answers a client that does not exist in the same way",
			"compare both with what was registered",
		}}
	}
	return diagnosis{advice: advice{
		"the client is known, the " + proof + " is wrong: the server answers a client that does not exist otherwise",
		"compare the " + proof + " with what was registered",
	}}
}

var (
	uuid = regexp.MustCompile(`(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}`)
	// drawn is a word with a digit, or longer than words are.
	drawn = regexp.MustCompile(`[\pL\pN]*\pN[\pL\pN]*|[\pL\pN]{20,}`)
)

// gist is what a refusal says, but for what differs from one to the next: the client's ID, times, numbers of requests.
func gist(refusal *alf.EndpointError, id string) string {
	// As a whole word: an ID may be part of one.
	own := regexp.MustCompile(`(^|[^\pL\pN])` + regexp.QuoteMeta(id) + `($|[^\pL\pN])`)
	words := own.ReplaceAllString(refusal.Description, "$1#$2")
	words = drawn.ReplaceAllString(uuid.ReplaceAllString(words, "#"), "#")
	return fmt.Sprint(refusal.Status, " ", refusal.Code, " ", words)
}
