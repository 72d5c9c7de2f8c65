package dpop_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"net/http"
	"time"

	"github.com/alf-go/alf/dpop"
	"github.com/alf-go/alf/keys"
)

// A request that is sent by other means than the client, with a token that is bound to a key.
func ExampleProver_Proof() {
	private, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	prover := &dpop.Prover{Key: keys.Signer(private, "")}
	req, _ := http.NewRequest(http.MethodGet, "https://api.example.com/things?limit=3", nil)
	proof, err := prover.Proof(context.Background(), time.Now(), req.Method, req.URL, "the-token", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", "DPoP the-token")
	req.Header.Set("DPoP", proof)
	fmt.Println(len(proof) > 300)
	// Output: true
}
