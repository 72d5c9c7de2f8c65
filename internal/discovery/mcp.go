package discovery

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// MCP reports why a response looks like that of a server of the Model Context Protocol; "" if it does not. Such a
// server can be recognised for certain only by a request that begins a session.
func MCP(api *url.URL, header http.Header, body []byte) string {
	switch {
	case header.Get("Mcp-Session-Id") != "", header.Get("Mcp-Protocol-Version") != "":
		return "its response has a header of the Model Context Protocol"
	case strings.Contains(string(body), `"jsonrpc"`):
		return "it responds in JSON-RPC"
	case slices.ContainsFunc(strings.FieldsFunc(strings.ToLower(api.Path), func(r rune) bool { return strings.ContainsRune("/-_.", r) }),
		func(word string) bool { return word == "mcp" }):
		return "its path has mcp in it"
	case strings.HasPrefix(strings.ToLower(api.Hostname()), "mcp."):
		return "its host is called mcp"
	}
	return ""
}
