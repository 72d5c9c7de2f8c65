package dpop_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/keys"
)

// session signs until it is closed.
type session struct {
	crypto.Signer
	closed bool
}

func (s *session) Sign(r io.Reader, digest []byte, o crypto.SignerOpts) ([]byte, error) {
	if s.closed {
		return nil, errors.New("session closed")
	}
	return s.Signer.Sign(r, digest, o)
}

// A program that keeps the key may open a new session for the same one.
func TestTheLatestSignerOfAKeyIsUsed(t *testing.T) {
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	current := &session{Signer: private}
	p := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return keys.New(current, "", "") }}
	key, err := p.Read(t.Context())
	require.NoError(t, err)
	p.Bind("token", key)
	current.closed = true
	current = &session{Signer: private}
	key, err = p.Read(t.Context())
	require.NoError(t, err)
	_, err = p.TokenProof(t.Context(), key, now, "POST", address(t, "https://idp.example.com/token"), "")
	require.NoError(t, err)
	p.Bind("token", key)
	_, err = p.Proof(t.Context(), now, "GET", address(t, "https://api.example.com/"), "token", "")
	require.NoError(t, err)
}

// M5: some servers repeat a token until it expires, whatever key it is asked for with.
func TestM5_ARepeatedTokenIsBoundToItsFirstKey(t *testing.T) {
	current := generated(t)
	p := dpop.Prover{Key: func(context.Context) (*keys.Key, error) { return current, nil }}
	fetch := func() {
		key, err := p.Read(t.Context())
		require.NoError(t, err)
		p.Bind("token", key)
	}
	fetch()
	first := current.Thumbprint()
	current = generated(t)
	fetch()
	proof, err := p.Proof(t.Context(), now, "GET", address(t, "https://api.example.com/"), "token", "")
	require.NoError(t, err)
	require.Equal(t, first, thumbprintOf(t, proof))
}

func TestTheNonceOfTheResponseToThisRequestComesFirst(t *testing.T) {
	p := ready(t)
	to := address(t, "https://api.example.com/")
	require.True(t, p.Remember(to, "another's"))
	require.False(t, p.Remember(to, "not a nonce"))
	proof, err := p.Proof(t.Context(), now, "GET", to, "token", "its-own")
	require.NoError(t, err)
	require.Equal(t, "its-own", open(t, proof).claims["nonce"])
	key, err := p.Read(t.Context())
	require.NoError(t, err)
	proof, err = p.TokenProof(t.Context(), key, now, "POST", to, "its-own")
	require.NoError(t, err)
	require.Equal(t, "its-own", open(t, proof).claims["nonce"])
}

// Servers know such a host by another name.
func TestAHostThatIsNotInASCIIIsRefused(t *testing.T) {
	p := ready(t)
	_, err := p.Proof(t.Context(), now, "GET", address(t, "https://bücher.example/x"), "token", "")
	require.ErrorContains(t, err, `dpop: the host "bücher.example" is not in ASCII, and servers know it by another name: write it in Punycode ("xn--...")`)
	key, err := p.Read(t.Context())
	require.NoError(t, err)
	_, err = p.TokenProof(t.Context(), key, now, "POST", address(t, "https://bücher.example/token"), "")
	require.ErrorContains(t, err, "is not in ASCII")
}

func TestM19_AProverInsideOfSomethingElse(t *testing.T) {
	service := new(struct{ prover dpop.Prover })
	service.prover.Remember(address(t, "https://api.example.com/"), "the-nonce")
	require.NotContains(t, fmt.Sprintf("%+v %#v", service, service), "the-nonce")
}
