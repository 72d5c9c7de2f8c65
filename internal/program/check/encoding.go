package check

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/settings"
)

// probe sends one more token request, with another configuration. No other command does.
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

// refusalIn finds the server's response in what came of a probe, unless it says that the server is busy.
func refusalIn(err error) (*alf.EndpointError, bool) {
	var response *alf.EndpointError
	if !errors.As(err, &response) || response.Status == 0 {
		return nil, false
	}
	switch response.Status {
	case 429, 502, 503, 504:
		return nil, false
	}
	return response, response.Code != "temporarily_unavailable" && response.Code != "slow_down"
}

// encoding is a way to send id and secret that transmits reserved characters differently.
type encoding struct {
	style alf.AuthStyle
	means string // what follows if the server accepts it
}

// encodings are those worth a try with the client's id and secret. Servers disagree about whether they are form-encoded
// in Basic, and some cut the secret at its first colon there.
func (c *checkup) encodings(ctx context.Context) (all []encoding) {
	if !settings.TakesSecret(c.Config.AuthStyle) {
		return nil
	}
	secret, err := c.Config.ClientSecret(ctx)
	id := c.Config.ClientID
	if err != nil || url.QueryEscape(secret) == secret && url.QueryEscape(id) == id {
		return nil
	}
	colon := strings.Contains(id, ":") || strings.Contains(secret, ":")
	switch c.Config.AuthStyle {
	case alf.AuthBasic:
		if !strings.Contains(id, ":") { // which ends the id (RFC 7617 section 2)
			all = append(all, encoding{alf.AuthBasicRaw, "the server does not decode what is form-encoded"})
		}
	case alf.AuthBasicRaw:
		all = append(all, encoding{alf.AuthBasic, "the server decodes them, though they were not form-encoded"})
	default:
		return nil
	}
	if colon {
		all = append(all, encoding{alf.AuthPost, "the server does not read them from Basic as they are: some neither decode them nor go beyond the first colon"})
	}
	return all
}

// otherEncoding tries the other encodings where id or secret have reserved characters.
func (c *checkup) otherEncoding(ctx context.Context, response *alf.EndpointError) diagnosis {
	if !mayBeCredentials(response) {
		return diagnosis{}
	}
	var refused []string
	for _, e := range c.encodings(ctx) {
		err := c.probe(ctx, func(cfg *fetcher.Config) { cfg.AuthStyle = e.style })
		if err == nil {
			return settled("id or secret have reserved characters, and "+e.means,
				fmt.Sprintf("set %s to %s: with that it works", c.Names.Of("AuthStyle"), e.style))
		}
		if _, ok := refusalIn(err); ok {
			refused = append(refused, e.style.String())
		}
	}
	if len(refused) == 0 {
		return diagnosis{}
	}
	is := " is"
	if len(refused) > 1 {
		is = " are"
	}
	return diagnosis{advice: advice{cause: "id or secret have reserved characters, and " + strings.Join(refused, " and ") + is + " refused as well"}, outdated: true}
}
