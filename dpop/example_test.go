package dpop_test

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/alf-go/alf/dpop"
)

// A request that is sent by other means than the client, with a token that is bound to the prover's key.
func ExampleProver_Proof() {
	prover := new(dpop.Prover) // shared with whoever fetches the token
	req, _ := http.NewRequest(http.MethodGet, "https://api.example.com/things?limit=3", nil)
	proof, err := prover.Proof(context.Background(), time.Now(), req.Method, req.URL, "the-token")
	if err != nil {
		fmt.Println(err)
		return
	}
	req.Header.Set("Authorization", "DPoP the-token")
	req.Header.Set("DPoP", proof)
	fmt.Println(len(proof) > 300)
	// Output: true
}
