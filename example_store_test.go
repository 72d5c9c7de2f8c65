package alf_test

import (
	"fmt"
	"os"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/filestore"
)

// The workers of one service share a token: the first that needs it requests it, and the others have it.
func Example_oneTokenForAllProcesses() {
	key := os.Getenv("TOKEN_STORE_KEY")
	cfg := alf.Config{TokenURL: "https://as.example.com/token", ClientID: "orders", ClientSecret: alf.SecretEnv("ORDERS_SECRET")}
	if err := shareTokens(&cfg, key); err != nil {
		fmt.Println(err)
	}
}

func shareTokens(cfg *alf.Config, key string) error {
	tokens, err := filestore.New("/run/user/1000/orders") // a directory, for the processes of one machine
	if err != nil {
		return err
	}
	cfg.Store, cfg.StoreKey = tokens, alf.StoreKey(key) // and that is all
	return nil
}
