package pki_test

import (
	"crypto/x509"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/pki"
)

func TestAuthority_IsTrustedForWhatItIssuedAlone(t *testing.T) {
	ours, err := pki.NewAuthority("ours")
	require.NoError(t, err)
	theirs, err := pki.NewAuthority("ours")
	require.NoError(t, err)
	server, err := ours.ForServer()
	require.NoError(t, err)
	client, err := ours.ForClient("me")
	require.NoError(t, err)
	alone, err := pki.SelfSigned("me")
	require.NoError(t, err)

	verify := func(leaf *x509.Certificate, by *pki.Authority, usage x509.ExtKeyUsage) error {
		_, err := leaf.Verify(x509.VerifyOptions{Roots: by.Pool(), KeyUsages: []x509.ExtKeyUsage{usage}})
		return err
	}
	require.NoError(t, verify(server.Leaf, ours, x509.ExtKeyUsageServerAuth))
	require.NoError(t, server.Leaf.VerifyHostname("127.0.0.1"))
	require.NoError(t, verify(client.Leaf, ours, x509.ExtKeyUsageClientAuth))
	require.Error(t, verify(client.Leaf, theirs, x509.ExtKeyUsageClientAuth), "the name alone says nothing")
	require.Error(t, verify(server.Leaf, ours, x509.ExtKeyUsageClientAuth))
	require.Error(t, verify(alone.Leaf, ours, x509.ExtKeyUsageClientAuth))
	require.Equal(t, "CN=me", client.Leaf.Subject.String())
}
