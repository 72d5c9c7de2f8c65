package processes

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"

	"github.com/go-jose/go-jose/v4"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/demo/server"
)

// register makes credentials, as an administrator does who registers a client: the task has the processes' part, and
// what is returned is the authorization server's.
func (t *task) register(dpop bool) (known server.Client, err error) {
	t.ClientID = "demo"
	if t.Store != "" {
		t.StoreKey = rand.Text() + rand.Text()
	}
	known = server.Client{ID: t.ClientID, DPoP: dpop}
	if t.AuthStyle == alf.AuthPrivateKeyJWT {
		var public *ecdsa.PublicKey
		if t.Key, public, err = newKey(); err != nil {
			return known, err
		}
		known.Method = server.Assertion{Algorithm: jose.ES256, Key: public}
	} else {
		t.Secret = rand.Text() + rand.Text()
		switch t.AuthStyle {
		case alf.AuthPost:
			known.Method = server.Post{Secret: t.Secret}
		case alf.AuthSecretJWT:
			known.Method = server.Assertion{Algorithm: jose.HS256, Key: []byte(t.Secret)}
		default:
			known.Method = server.Basic{Secret: t.Secret, Raw: t.AuthStyle == alf.AuthBasicRaw}
		}
	}
	if dpop {
		if t.DPoPKey, _, err = newKey(); err != nil {
			return known, err
		}
	}
	return known, nil
}

// newKey makes a key, as PEM, and returns what may be known of it too.
func newKey() (private string, public *ecdsa.PublicKey, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", nil, err
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), &key.PublicKey, nil
}
