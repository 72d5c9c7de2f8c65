package alfmcp_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfmcp"
)

var (
	ctx     = context.Background()
	agent   = &mcp.Implementation{Name: "agent", Version: "1"}
	session *mcp.ClientSession
	access  *alfmcp.Access
)

func ExampleNew() {
	access, err := alfmcp.New(ctx, "https://mcp.example.com/mcp", alf.Config{
		Issuer:       "https://auth.example.com", // as those who registered the client say, not the MCP server
		ClientID:     "agent",
		ClientSecret: alf.SecretEnv("AGENT_SECRET"),
		Scopes:       []string{"files:read"},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer access.Close()
	session, err := mcp.NewClient(agent, alfmcp.Announce(nil)).Connect(ctx, access.Transport(), nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer session.Close()
	result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "read", Arguments: map[string]any{"path": "/notes"}})
	fmt.Println(result, err)
}

func ExampleRefusedError() {
	_, err := session.CallTool(ctx, &mcp.CallToolParams{Name: "delete"})
	var refused *alfmcp.RefusedError
	var outage *alf.TokenError
	switch {
	case errors.As(err, &refused):
		slog.Warn("the server refuses this call", "challenge", refused.Response().Header.Get("WWW-Authenticate"))
	case errors.As(err, &outage):
		slog.Warn("no token for now", "next attempt", outage.NextAttempt)
	}
}

func ExampleAccess_StreamEnded() {
	lost := make(chan struct{}, 1)
	access.StreamEnded(func(error) {
		select {
		case lost <- struct{}{}:
		default:
		}
	})
	for range lost { // protocol version 2026-07-28: the SDK does not subscribe again
		watched := "file:///notes"
		_ = session.Unsubscribe(ctx, &mcp.UnsubscribeParams{URI: watched})
		if err := session.Subscribe(ctx, &mcp.SubscribeParams{URI: watched}); err != nil {
			slog.Warn("not subscribed", "error", err)
		}
	}
}

func ExampleAccess_OAuthHandler() {
	handler, err := access.OAuthHandler()
	if err != nil {
		fmt.Println(err)
		return
	}
	transport := &mcp.StreamableClientTransport{Endpoint: "https://mcp.example.com/mcp", OAuthHandler: handler}
	fmt.Println(transport.Endpoint)
}
