package processes

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
	"github.com/alf-go/alf/sim"
)

// register makes credentials, as an administrator does who registers a client: the task has the processes' part, and
// what is returned is the authorization server's.
func (t *task) register(dpop bool) (known sim.Registration, err error) {
	t.ClientID = "demo"
	if t.Store != "" {
		t.StoreKey = rand.Text() + rand.Text()
	}
	known = sim.Registration{ClientID: t.ClientID, AuthStyle: t.AuthStyle, DPoP: dpop}
	if t.AuthStyle == alf.AuthPrivateKeyJWT {
		var public *ecdsa.PublicKey
		if t.Key, public, err = newKey(); err != nil {
			return known, err
		}
		known.Algorithm, known.Keys = string(keys.ES256), []crypto.PublicKey{public}
	} else {
		t.Secret = rand.Text() + rand.Text()
		known.Secret = t.Secret
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
