// Command server is a gRPC server that asks the authorization server about each token (RFC 7662), as a client itself.
package main

import (
	"context"
	"encoding/json"
	"log/slog"
	"net"
	"net/url"
	"os"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/alf-go/alf"
)

func main() {
	client, err := alf.New(alf.Config{TokenURL: os.Getenv("TOKEN_URL"), ClientID: os.Getenv("CLIENT_ID"), ClientSecret: alf.SecretFile(os.Getenv("CLIENT_SECRET_FILE"))})
	check(err)
	authenticate := func(ctx context.Context) (context.Context, error) {
		token, err := auth.AuthFromMD(ctx, "bearer")
		if err != nil {
			return nil, err
		}
		resp, err := client.PostFormContext(ctx, os.Getenv("INTROSPECTION_URL"), url.Values{"token": {token}})
		if err != nil {
			return nil, status.Error(codes.Unavailable, "no token can be checked now") // Unauthenticated would say that it is bad
		}
		defer resp.Body.Close()
		var found struct{ Active bool } // compare aud and scope too, where there are tokens for other services
		if err := json.NewDecoder(resp.Body).Decode(&found); err != nil || resp.StatusCode != 200 {
			return nil, status.Error(codes.Unavailable, "no token can be checked now")
		}
		if !found.Active {
			return nil, status.Error(codes.Unauthenticated, "the token is not active")
		}
		return ctx, nil
	}
	tls, err := credentials.NewServerTLSFromFile(os.Getenv("TLS_CERT_FILE"), os.Getenv("TLS_KEY_FILE"))
	check(err)
	server := grpc.NewServer(grpc.Creds(tls), grpc.UnaryInterceptor(auth.UnaryServerInterceptor(authenticate)), grpc.StreamInterceptor(auth.StreamServerInterceptor(authenticate)))
	grpc_health_v1.RegisterHealthServer(server, health.NewServer()) // stands for your service
	listener, err := net.Listen("tcp", os.Getenv("LISTEN"))
	check(err)
	slog.Info("listening", "address", listener.Addr())
	check(server.Serve(listener))
}

func check(err error) {
	if err != nil {
		slog.Error("server", "error", err)
		os.Exit(1)
	}
}
