package keys_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"

	"github.com/alf-go/alf/keys"
)

// A key in an HSM or a key management service is a crypto.Signer, and is named by the "kid" that is registered for it.
func ExampleSigner() {
	signer, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader) // stands for that of a vendor's library
	key, err := keys.Signer(signer, "2026-11")(context.Background())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(key.ID(), key.Algorithm())
	// Output: 2026-11 ES256
}
