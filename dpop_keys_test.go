package alf_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
)

// A proof about an older token, which is still valid, is signed with the key that it is bound to.
func TestF4_AProofIsMadeWithTheKeyOfItsToken(t *testing.T) {
	cfg, _, _, _ := boundServers(t)
	source, rotate := rotating(newKey(t), newKey(t))
	cfg.DPoP = &alf.DPoP{Key: source}
	client := newClient(t, cfg)
	old, err := client.Token(t.Context())
	require.NoError(t, err)
	before, err := client.Proof(t.Context(), old, "GET", apiURL)
	require.NoError(t, err)
	rotate()
	_, err = client.Refresh(t.Context())
	require.NoError(t, err)
	after, err := client.Proof(t.Context(), old, "GET", apiURL)
	require.NoError(t, err)
	require.Equal(t, thumb(t, before), thumb(t, after))
}

// Between the fetch that brings a token and its publication, the token in use is still the one before.
func TestF4_ATokenInUseKeepsItsKeyUntilTheNextOneIsPublished(t *testing.T) {
	cfg, apiURL, _, _ := boundServers(t)
	source, rotate := rotating(newKey(t), newKey(t))
	prover := &alf.DPoP{Key: source}
	f, err := fetcher.New(fetcher.Config{TokenURL: cfg.TokenURL, ClientID: testID, ClientSecret: alf.Secret(testSecret), DPoP: prover})
	require.NoError(t, err)
	t.Cleanup(f.CloseIdleConnections)
	fetched, publish := make(chan bool), make(chan bool)
	n := 0
	client := newClient(t, alf.Config{DPoP: prover, Fetcher: alf.FetcherFunc(func(ctx context.Context) (*oauth2.Token, error) {
		tok, err := f.Fetch(ctx)
		if n++; n == 2 {
			fetched <- true
			<-publish
		}
		return tok, err
	})})
	resp, _ := get(t, client, apiURL)
	require.Equal(t, 200, resp.StatusCode)
	rotate()
	done := make(chan error)
	go func() { _, err := client.Refresh(context.Background()); done <- err }()
	<-fetched
	// Its body is not available again, so a 401 is what the caller would see.
	resp, err = client.Post(apiURL, "", hide(filler(65<<10)))
	close(publish)
	require.NoError(t, err)
	readAll(t, resp)
	require.Equal(t, 200, resp.StatusCode)
	require.NoError(t, <-done)
}

func TestF4_AKeyThatChangesBesideAThirdPartySource(t *testing.T) {
	api := &wanting{t: t, responses: []string{"ok", "rejected", "ok"}}
	source, rotate := rotating(newKey(t), newKey(t))
	client := newClient(t, alf.Config{Manager: boundSource(), HTTPClient: &http.Client{Transport: api}, DPoP: &alf.DPoP{Key: source}})
	get(t, client, apiURL)
	rotate()
	get(t, client, apiURL)
	require.Equal(t, []string{"DPoP bound-1", "DPoP bound-1", "DPoP bound-2"}, api.tokens)
	require.Equal(t, api.proofs[0].thumbprint, api.proofs[1].thumbprint)
	require.NotEqual(t, api.proofs[1].thumbprint, api.proofs[2].thumbprint)
}

func TestM11_ASignerThatHangsKeepsNoCallerBeyondItsDeadline(t *testing.T) {
	signer := slowSigner{newPrivateKey(t), make(chan bool), make(chan bool)}
	defer close(signer.until)
	client := newClient(t, alf.Config{
		Manager: boundSource(), HTTPClient: &http.Client{Transport: script(200)}, DPoP: &alf.DPoP{Key: alf.KeySigner(signer, "")},
	})
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("had enough")
	go func() {
		<-signer.began
		cancel(cause)
	}()
	_, err := client.GetContext(ctx, apiURL)
	require.ErrorIs(t, err, cause)
}
