package alfmcp

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/modelcontextprotocol/go-sdk/auth"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
)

// handlerWait is how long the SDK may wait for a token under the lock of its connection, where it passes no context.
const handlerWait = 5 * time.Second

// OAuthHandler is for programs that have to set the OAuthHandler of a transport, and cannot set its HTTPClient, such as
// those whose HTTP client belongs to others. [Access.Transport] is better: the SDK calls no handler for the request
// that opens the stream of events, so that a 401 there ends the session after a few attempts; it waits for a token
// under the lock of the connection, here for 5 s at most; and it sends every token as a Bearer token. So it fails if
// cfg.DPoP is set. Do not use both for one transport.
func (a *Access) OAuthHandler() (auth.OAuthHandler, error) {
	if a.client.UsesDPoP() {
		return nil, errors.New("alfmcp: an OAuthHandler cannot send the proofs that DPoP needs: use Access.Transport")
	}
	return &handler{a}, nil
}

type handler struct{ access *Access }

// TokenSource returns the client's token source.
func (h *handler) TokenSource(context.Context) (oauth2.TokenSource, error) {
	return source{h.access.client}, nil
}

// source waits no longer than the SDK's lock should be held.
type source struct{ client *alf.Client }

func (s source) Token() (*oauth2.Token, error) {
	ctx, cancel := context.WithTimeout(context.Background(), handlerWait)
	defer cancel()
	token, err := s.client.Token(ctx)
	if err != nil {
		return nil, err
	}
	return token.OAuth2(), nil
}

// Authorize has the token of a refused request replaced, once for all requests that carried it. A 403 is final, because
// another token has the same rights; so is a 401 for which no fetch may follow (M13). The error has the response then.
func (h *handler) Authorize(ctx context.Context, req *http.Request, resp *http.Response) error {
	resp.Body = notNil(resp.Body)
	defer resp.Body.Close()
	refusal := refused(resp)
	if refusal == nil {
		return errors.New("alfmcp: the server refuses the call")
	}
	if resp.StatusCode != http.StatusUnauthorized {
		return refusal
	}
	_, value, _ := strings.Cut(req.Header.Get("Authorization"), " ")
	current, err := h.access.client.Token(ctx)
	switch {
	case err != nil:
		return errors.Join(err, refusal)
	case value == "" || current.Value() != value:
		return nil // there is a successor already
	}
	next, err := h.access.client.Replace(ctx, current, h.access.origin())
	switch {
	case err != nil:
		return errors.Join(err, refusal)
	case next.Same(current):
		return refusal
	}
	return nil
}
