// Command command is a command line that asks the stock service for an item. Its runs share a token, in a directory.
package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/filestore"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: command ITEM")
		os.Exit(2)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	count, err := ask(ctx, os.Args[1])
	var noToken *alf.TokenError
	switch {
	case errors.As(err, &noToken) && noToken.Permanent:
		fmt.Fprintln(os.Stderr, "the credentials are refused:", err) // no error contains a secret
		os.Exit(3)
	case err != nil:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(count)
}

func ask(ctx context.Context, item string) (count int, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return 0, err
	}
	tokens, err := filestore.New(filepath.Join(cache, "stock-command")) // made with mode 0700; what is in it is sealed
	if err != nil {
		return 0, err
	}
	defer tokens.Close()
	client, err := alf.New(alf.Config{
		TokenURL:     os.Getenv("TOKEN_URL"),
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: alf.SecretFile(os.Getenv("CLIENT_SECRET_FILE")), // of 16 bytes at least: the token is sealed with it
		Store:        tokens,
	})
	if err != nil {
		return 0, err
	}
	defer client.Close()
	var response struct{ Count int }
	err = client.JSON(ctx, "GET", os.Getenv("STOCK_URL")+"/items/"+url.PathEscape(item), nil, &response)
	return response.Count, err
}
