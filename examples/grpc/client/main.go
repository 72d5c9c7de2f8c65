// Command client calls a service with gRPC. Each call carries the token, and is made again if the server refuses that.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health/grpc_health_v1"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfgrpc"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	client, err := alf.New(alf.Config{
		TokenURL:     os.Getenv("TOKEN_URL"),
		ClientID:     os.Getenv("CLIENT_ID"),
		ClientSecret: alf.SecretFile(os.Getenv("CLIENT_SECRET_FILE")),
	})
	check(err)
	defer client.Close()
	options := []grpc.DialOption{grpc.WithTransportCredentials(credentials.NewTLS(nil))}
	options = append(options, alfgrpc.DialOptions(client)...) // as the last
	conn, err := grpc.NewClient(os.Getenv("GRPC_TARGET"), options...)
	check(err)
	defer conn.Close()
	service := grpc_health_v1.NewHealthClient(conn) // stands for your service
	for range 3 {
		within, cancel := context.WithTimeout(ctx, 10*time.Second) // one deadline for token and call
		response, err := service.Check(within, &grpc_health_v1.HealthCheckRequest{})
		cancel()
		check(err)
		fmt.Println(response.Status)
	}
}

func check(err error) {
	var noToken *alf.TokenError
	switch {
	case err == nil:
		return
	case errors.As(err, &noToken) && noToken.Permanent:
		fmt.Fprintln(os.Stderr, "the credentials have to be repaired:", err)
	case errors.As(err, &noToken):
		fmt.Fprintln(os.Stderr, "there is no token before", noToken.NextAttempt.Format(time.TimeOnly), err)
	default:
		fmt.Fprintln(os.Stderr, "the call has failed:", err)
	}
	os.Exit(1)
}
