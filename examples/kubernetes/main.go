// Command kubernetes is a service whose only credential is the token of its service account; deployment.yaml runs it.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alf-go/alf"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	client, err := alf.New(alf.Config{
		TokenURL:  os.Getenv("TOKEN_URL"),
		ClientID:  os.Getenv("CLIENT_ID"),
		AuthStyle: alf.AuthExternalAssertion,
		Assertion: alf.Assertion{Source: alf.SecretFile(os.Getenv("TOKEN_FILE"))}, // read at every fetch; the kubelet replaces it
		Origins:   []string{os.Getenv("STOCK_URL")},
	})
	check(err)
	defer client.Close()
	var noToken *alf.TokenError
	if _, err := client.Refresh(ctx); errors.As(err, &noToken) && noToken.Permanent {
		check(err) // a wrong audience or client is found when the pod starts; in an outage, the service starts without a token
	}
	http.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	http.HandleFunc("GET /orders/{item}", func(w http.ResponseWriter, r *http.Request) {
		var item struct{ Count int }
		if err := client.JSON(r.Context(), "GET", os.Getenv("STOCK_URL")+"/items/"+url.PathEscape(r.PathValue("item")), nil, &item); err != nil {
			slog.Warn("an order", "error", err)
			http.Error(w, "try again later", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "in stock:", item.Count)
	})
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	check(err)
	slog.Info("listening", "address", listener.Addr())
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	go func() { check(server.Serve(listener)) }()
	<-ctx.Done()
	check(server.Shutdown(context.Background()))
}

func check(err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		slog.Error("kubernetes", "error", err)
		os.Exit(1)
	}
}
