package main

import (
	"context"
	"net/http"
	"runtime"

	"github.com/go-logr/logr"
	"golang.org/x/oauth2"
	"k8s.io/client-go/transport"
	"k8s.io/klog/v2"
)

// It logs every failed fetch to standard error, which has the progress line.
func init() { klog.SetLogger(logr.Discard()) }

var clientGo = peer{
	name:   "client-go",
	module: "k8s.io/client-go",
	reader: func() func(n int) {
		s := transport.NewCachedTokenSource(oauth2.StaticTokenSource(heldOAuth2()))
		return func(n int) {
			var t *oauth2.Token
			for range n {
				t, _ = s.Token()
			}
			runtime.KeepAlive(t)
		}
	},
	sender: func(base http.RoundTripper) http.RoundTripper {
		s := transport.NewCachedTokenSource(oauth2.StaticTokenSource(heldOAuth2()))
		return transport.ResettableTokenSourceWrapTransport(s)(base)
	},
	source: func(e *endpoint, _ tuning) source {
		return clientGoSource{transport.NewCachedTokenSource(uncached{e})}
	},
}

type clientGoSource struct {
	transport.ResettableTokenSource
}

// Token ignores ctx, as it must.
func (s clientGoSource) Token(context.Context) (string, error) {
	t, err := s.ResettableTokenSource.Token()
	if err != nil {
		return "", err
	}
	return t.AccessToken, nil
}

// Transport is the library's own.
func (s clientGoSource) Transport(base http.RoundTripper) http.RoundTripper {
	return transport.ResettableTokenSourceWrapTransport(s.ResettableTokenSource)(base)
}
