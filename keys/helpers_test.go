package keys_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/keys"
)

// rsaKey is made once: it takes long.
var rsaKey = sync.OnceValue(func() *rsa.PrivateKey {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		panic(err)
	}
	return key
})

func ecKey(tb testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(curve, rand.Reader)
	require.NoError(tb, err)
	return key
}

func edKey(tb testing.TB) ed25519.PrivateKey {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(tb, err)
	return key
}

func pemOf(tb testing.TB, kind string, private any) []byte {
	var der []byte
	var err error
	switch kind {
	case "RSA PRIVATE KEY":
		der = x509.MarshalPKCS1PrivateKey(private.(*rsa.PrivateKey))
	case "EC PRIVATE KEY":
		der, err = x509.MarshalECPrivateKey(private.(*ecdsa.PrivateKey))
	default:
		der, err = x509.MarshalPKCS8PrivateKey(private)
	}
	require.NoError(tb, err)
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

func file(tb testing.TB, content []byte) string {
	path := filepath.Join(tb.TempDir(), "key")
	require.NoError(tb, os.WriteFile(path, content, 0o600))
	return path
}

func read(tb testing.TB, f keys.Func) *keys.Key {
	key, err := f(context.Background())
	require.NoError(tb, err)
	return key
}

// onlyPublic is a signer of which there is no more than a public key.
type onlyPublic struct{ crypto.PublicKey }

func (o onlyPublic) Public() crypto.PublicKey { return o.PublicKey }

func (o onlyPublic) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return nil, io.ErrUnexpectedEOF
}
