// Command service is an HTTP service that calls another one: for each order, it asks the stock service with a token.
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
	"strconv"
	"syscall"
	"time"

	"github.com/alf-go/alf"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	stock, err := alf.New(alf.Config{
		TokenURL:     os.Getenv("TOKEN_URL"),
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: alf.SecretFile(os.Getenv("CLIENT_SECRET_FILE")), // read at every fetch
		Origins:      []string{os.Getenv("STOCK_URL")},                // the token goes nowhere else
	})
	check(err)
	defer stock.Close()
	http.HandleFunc("GET /orders/{item}", func(w http.ResponseWriter, r *http.Request) {
		var item struct{ Count int }
		var noToken *alf.TokenError
		err := stock.JSON(r.Context(), "GET", os.Getenv("STOCK_URL")+"/items/"+url.PathEscape(r.PathValue("item")), nil, &item)
		switch {
		case err == nil:
			fmt.Fprintln(w, "in stock:", item.Count)
		case errors.As(err, &noToken): // an outage: the caller learns when to come back, and the log has the reason
			w.Header().Set("Retry-After", strconv.Itoa(1+int(time.Until(noToken.NextAttempt).Seconds())))
			http.Error(w, "try again later", http.StatusServiceUnavailable)
		default:
			http.Error(w, "the stock service does not work", http.StatusBadGateway)
		}
	})
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	check(err)
	slog.Info("listening", "address", listener.Addr())
	server := &http.Server{ReadHeaderTimeout: 5 * time.Second}
	go func() { check(server.Serve(listener)) }()
	<-ctx.Done()
	check(server.Shutdown(context.Background())) // requests that run may finish, with the client they need
}

func check(err error) {
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		slog.Error("service", "error", err)
		os.Exit(1)
	}
}
