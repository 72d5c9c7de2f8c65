package main

import (
	"context"
	"net/http"
	"runtime"

	"golang.org/x/oauth2"
)

var xoauth2 = peer{
	name:   "x/oauth2",
	module: "golang.org/x/oauth2",
	reader: func() func(n int) {
		s := oauth2.ReuseTokenSource(heldOAuth2(), nil)
		return func(n int) {
			var t *oauth2.Token
			for range n {
				t, _ = s.Token()
			}
			runtime.KeepAlive(t)
		}
	},
	sender: func(base http.RoundTripper) http.RoundTripper {
		return &oauth2.Transport{Source: oauth2.ReuseTokenSource(heldOAuth2(), nil), Base: base}
	},
	source: func(e *endpoint, t tuning) source {
		if t.early > 0 {
			return oauth2Source{oauth2.ReuseTokenSourceWithExpiry(nil, uncached{e}, t.early)}
		}
		return oauth2Source{oauth2.ReuseTokenSource(nil, uncached{e})}
	},
}

func heldOAuth2() *oauth2.Token {
	return &oauth2.Token{AccessToken: cached, TokenType: "Bearer", Expiry: inAnHour()}
}

// uncached asks an endpoint for every token. Its interface has no context.
type uncached struct{ e *endpoint }

// Token asks.
func (u uncached) Token() (*oauth2.Token, error) {
	value, expiry, err := u.e.fetch(context.Background())
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: value, TokenType: "Bearer", Expiry: expiry}, nil
}

type oauth2Source struct{ oauth2.TokenSource }

// Token ignores ctx, as it must.
func (s oauth2Source) Token(context.Context) (string, error) {
	t, err := s.TokenSource.Token()
	if err != nil {
		return "", err
	}
	return t.AccessToken, nil
}

// Transport is the library's own.
func (s oauth2Source) Transport(base http.RoundTripper) http.RoundTripper {
	return &oauth2.Transport{Source: s.TokenSource, Base: base}
}
