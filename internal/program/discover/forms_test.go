package discover

import (
	"encoding/json"
	"go/parser"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/discovery"
)

// key stands for the table of settings.
func key(field string) string {
	return map[string]string{"Issuer": "issuer", "TokenURL": "token_url", "ClientID": "client_id", "Scopes": "scope", "Resource": "resource",
		"AuthStyle": "auth_style", "KeyFile": "key_file", "KeyID": "key_id", "CertFile": "cert_file", "CertKeyFile": "cert_key_file", "DPoP": "dpop",
		"Origins": "origin", "ClientSecretFile": "client_secret_file", "AssertionFile": "assertion_file"}[field]
}

func hostile() discovery.Configuration {
	return discovery.Configuration{
		Settings: []discovery.Setting{
			{Field: "ClientID", Values: []string{"it's \"mine\" $(x) `y` \\ \n"}}, {Field: "Scopes", Values: []string{"a'b", "$c"}},
			{Field: "Resource", Values: []string{"https://api.example.com/a?b=c&d=e"}}, {Field: "DPoP"},
		},
		Untrusted: []string{"https://as.example.com"},
	}
}

// Whatever is in a value: a shell, a JSON parser and a Go compiler read it as it is.
func TestDiscover_ValuesAreQuotedInEachForm(t *testing.T) {
	flags := Write("flags", hostile(), key)
	if sh, err := exec.LookPath("sh"); err == nil {
		out, err := exec.Command(sh, "-c", strings.Replace(flags.Text, "alf token", `printf '%s|'`, 1)).Output()
		require.NoError(t, err)
		require.Equal(t, "--client-id|it's \"mine\" $(x) `y` \\ \n|--scope|a'b $c|--resource|https://api.example.com/a?b=c&d=e|--dpop|", string(out))
	}
	file := Write("file", hostile(), key)
	var read map[string]any
	require.NoError(t, json.Unmarshal([]byte(file.Text), &read))
	require.Equal(t, map[string]any{
		"client_id": "it's \"mine\" $(x) `y` \\ \n", "scope": []any{"a'b", "$c"}, "resource": "https://api.example.com/a?b=c&d=e", "dpop": true,
	}, read)
	code := Write("go", hostile(), key)
	_, err := parser.ParseExpr("func() {" + code.Text + "}")
	require.NoError(t, err, code.Text)
	require.Empty(t, code.Comments)
}

// In no form is an authorization server that the API alone names more than a comment.
func TestDiscover_UntrustedServersAreCommentedOut(t *testing.T) {
	for _, form := range Forms {
		written := Write(form, hostile(), key)
		require.Contains(t, written.Text+strings.Join(written.Comments, "\n"), "UNTRUSTED")
		for line := range strings.Lines(written.Text) {
			if strings.Contains(line, "as.example.com") {
				require.True(t, strings.HasPrefix(strings.TrimSpace(line), "//"), line)
			}
		}
	}
	none := Write("flags", discovery.Configuration{Missing: true}, key)
	require.Contains(t, strings.Join(none.Comments, "\n"), "names no authorization server: ask those who run it, and add\n  --issuer ISSUER\nor\n  --token-url TOKEN_URL")
}

func TestDiscover_TheGoForm(t *testing.T) {
	all := discovery.Configuration{Settings: []discovery.Setting{
		{Field: "Issuer", Values: []string{"https://as.example.com"}}, {Field: "ClientID", Values: []string{"me"}}, {Field: "ClientSecretFile", Values: []string{"secret"}},
		{Field: "AuthStyle", Values: []string{"client_secret_post"}}, {Field: "CertFile", Values: []string{"c.pem"}}, {Field: "CertKeyFile", Values: []string{"c.key"}},
	}}
	require.Equal(t, `client, err := alf.New(alf.Config{
	Issuer:       "https://as.example.com",
	ClientID:     "me",
	AuthStyle:    alf.AuthPost,
	Certificate:  alf.CertificateFiles("c.pem", "c.key"),
	ClientSecret: alf.SecretFile("secret"),
})
`, Write("go", all, key).Text)
	for style, want := range map[string]string{
		"private_key_jwt":  `Assertion: alf.Assertion{Key: alf.KeyFileWithID("k.pem", "k1")}`,
		"client_assertion": `Assertion: alf.Assertion{Source: alf.SecretFile("token")}`,
	} {
		text := Write("go", discovery.Configuration{Settings: []discovery.Setting{
			{Field: "AuthStyle", Values: []string{style}}, {Field: "KeyFile", Values: []string{"k.pem"}}, {Field: "KeyID", Values: []string{"k1"}}, {Field: "AssertionFile", Values: []string{"token"}},
		}}, key).Text
		require.Contains(t, text, want)
		require.NotContains(t, text, "ClientSecret")
	}
}
