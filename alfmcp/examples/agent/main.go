// Command agent calls the tools of an MCP server as a machine. Each line of standard input is a tool's name and its
// arguments in JSON, as whatever decides for the agent writes them; each result is a line of standard output. A call
// that the server refuses, or for which no token is available, is an error of that line alone.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/modelcontextprotocol/go-sdk/mcp"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/alfmcp"
)

func main() {
	if err := run(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "agent:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	access, err := alfmcp.New(ctx, os.Getenv("MCP_URL"), alf.Config{
		Issuer: os.Getenv("AUTH_ISSUER"), ClientID: os.Getenv("AGENT_ID"), ClientSecret: alf.SecretEnv("AGENT_SECRET"),
	})
	if err != nil {
		return err
	}
	defer access.Close()
	client := mcp.NewClient(&mcp.Implementation{Name: "agent", Version: "1"}, alfmcp.Announce(nil))
	session, err := client.Connect(ctx, access.Transport(), nil)
	if err != nil {
		return err
	}
	defer session.Close()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		tool, arguments, _ := strings.Cut(lines.Text(), " ")
		result, err := session.CallTool(ctx, &mcp.CallToolParams{Name: tool, Arguments: json.RawMessage(arguments)})
		if err != nil {
			fmt.Println("error:", err)
			continue
		}
		for _, content := range result.Content {
			if text, ok := content.(*mcp.TextContent); ok {
				fmt.Println(text.Text)
			}
		}
	}
	return nil
}
