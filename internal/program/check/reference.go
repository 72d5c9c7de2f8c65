package check

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
)

// credentialNames say what a client authenticates by, where a client that does not exist can send one too.
var credentialNames = map[alf.AuthStyle]string{
	alf.AuthBasic: "secret", alf.AuthBasicRaw: "secret", alf.AuthPost: "secret", alf.AuthSecretJWT: "secret",
	alf.AuthPrivateKeyJWT: "key", alf.AuthTLS: "certificate", alf.AuthSelfSignedTLS: "certificate",
}

// credentialWords are in texts that are about a client's id or credentials.
var credentialWords = regexp.MustCompile(`(?i)credentials?|secret|password|authenticat|unknown client|invalid client|client.{0,20}not (found|exist)|no such client`)

// unknownClient compares the response with the one to a client that does not exist. Many servers make no difference, on
// purpose; and where they do, that shows that the server knows the client, and no more.
func (c *checkup) unknownClient(ctx context.Context, response *alf.EndpointError) diagnosis {
	credential, ok := credentialNames[c.Config.AuthStyle]
	if !ok || !mayBeCredentials(response) {
		return diagnosis{}
	}
	id := "alf-check-" + rand.Text()
	err := c.probe(ctx, func(cfg *fetcher.Config) {
		cfg.ClientID = id
		if cfg.ClientSecret != nil {
			// Long enough to sign with, too.
			cfg.ClientSecret = alf.Secret(rand.Text() + rand.Text() + rand.Text())
		}
	})
	if err == nil {
		return settled("the server issues tokens to clients that do not exist, but refuses this one",
			"is it a server for tests? Ask those who run it")
	}
	other, ok := refusalIn(err)
	if !ok {
		return diagnosis{}
	}
	d := c.compared(response, other, gist(response, c.Config.ClientID) == gist(other, id), credential)
	// The library's hints for other codes are about what was compared here.
	d.outdated = response.Code != "invalid_client"
	return d
}

// compared says what follows from both responses.
func (c *checkup) compared(response, other *alf.EndpointError, same bool, credential string) diagnosis {
	style, clientID := c.Names.Of("AuthStyle"), c.Names.Of("ClientID")
	compare := fmt.Sprintf("compare %s and %s with what was registered", clientID, credential)
	switch {
	case same && fails(response):
		return diagnosis{advice: advice{
			"the server fails, and in the same way for a client that does not exist: some servers fail for an id they do not know, or this one fails for all",
			compare + ", and look at the server's log",
		}}
	case fails(response):
		return diagnosis{advice: advice{
			fmt.Sprintf("the server fails for this client, but not for one that does not exist (%s): a wrong %s or a faulty registration makes some servers fail",
				c.quote(other), credential),
			compare + ", and look at the server's log",
		}}
	case same && response.Code == "" && response.Description == "":
		return diagnosis{advice: advice{
			fmt.Sprintf("the server gives no reason, and its response to a client that does not exist is the same: "+
				"id, %s, %s, the grant or the scopes may be wrong", credential, style),
			compare + "; then see that the client may use " + c.Config.AuthStyle.String() + ", the client credentials grant and the scopes",
		}}
	case same:
		return diagnosis{advice: advice{
			fmt.Sprintf("id or %s is wrong, or the way to authenticate; the server does not say which: its response to a client that does not exist is the same", credential),
			compare + ", and that it is registered for " + c.Config.AuthStyle.String(),
		}}
	case response.Code == "unauthorized_client" && !credentialWords.MatchString(ownWords(response.Description)):
		return diagnosis{advice: advice{
			fmt.Sprintf("the server knows the client, as it responds differently to one that does not exist (%s), and says that it may not do this: "+
				"use the client credentials grant, or authenticate by %s. Some servers mean a wrong %s", c.quote(other), c.Config.AuthStyle, credential),
			"have the grant and the style allowed for the client" + c.alternatives() + "; else " + compare,
		}}
	}
	return diagnosis{advice: advice{
		fmt.Sprintf("the server seems to know the client, as it responds differently to one that does not exist (%s): the %s, the way to authenticate "+
			"or what the client is allowed to do may be wrong", c.quote(other), credential),
		fmt.Sprintf("compare the %s with what was registered, and see that the client may use %s and the client credentials grant", credential, c.Config.AuthStyle),
	}}
}

// fails reports whether a response says that the server failed, by its status or its code.
func fails(response *alf.EndpointError) bool {
	return response.Status >= http.StatusInternalServerError || codeHas(response, "server_error", "internal_error")
}

var (
	uuid = regexp.MustCompile(`(?i)[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}`)
	// generated is a word with a digit, or longer than words are.
	generated = regexp.MustCompile(`[\pL\pN]*\pN[\pL\pN]*|[\pL\pN]{20,}`)
)

// gist is what a response says, except for what differs from one to the next: the client's ID, times, numbers of
// requests.
func gist(response *alf.EndpointError, id string) string {
	// As a whole word: an ID may be part of one.
	own := regexp.MustCompile(`(^|[^\pL\pN])` + regexp.QuoteMeta(id) + `($|[^\pL\pN])`)
	words := own.ReplaceAllString(response.Description, "$1#$2")
	words = generated.ReplaceAllString(uuid.ReplaceAllString(words, "#"), "#")
	return fmt.Sprint(response.Status, " ", response.Code, " ", words)
}
