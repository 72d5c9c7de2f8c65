package discover

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	gofmt "go/format"
	"strconv"
	"strings"

	"github.com/alf-go/alf/internal/discovery"
	"github.com/alf-go/alf/internal/program/format"
)

// Forms are the forms of a configuration.
var Forms = []string{"flags", "file", "go"}

// Form is a configuration that can be used as it is, and what has to be said about it: lines of comment, without the
// sign that begins one.
type Form struct {
	Text     string
	Comments []string
}

// Write writes a configuration in one of Forms. key is the name of a field's setting in the configuration file.
func Write(form string, c discovery.Configuration, key func(field string) string) Form {
	switch form {
	case "flags":
		return asFlags(c, key)
	case "file":
		return asFile(c, key)
	}
	return asGo(c)
}

const (
	untrusted = "UNTRUSTED: the API alone names this authorization server, and so would decide where the client secret is sent."
	ifRight   = "If you know from elsewhere that it is the right one,"
	missing   = "The API names no authorization server: ask those who run it, and add"
)

// doubts are the comments about the authorization server, with the way to write each of them.
func doubts(c discovery.Configuration, verb string, write func(field, value string) string) (lines []string) {
	switch {
	case len(c.Untrusted) > 0:
		lines = append(lines, untrusted, ifRight+" "+verb)
		for _, issuer := range c.Untrusted {
			lines = append(lines, "  "+write("Issuer", issuer))
		}
	case c.Missing:
		lines = append(lines, missing, "  "+write("Issuer", "ISSUER"), "or", "  "+write("TokenURL", "TOKEN_URL"))
	}
	return lines
}

func flagOf(key string) string { return "--" + strings.ReplaceAll(key, "_", "-") }

func asFlags(c discovery.Configuration, key func(string) string) Form {
	write := func(field, value string) string { return flagOf(key(field)) + " " + format.ShellWord(value) }
	var parts []string
	for _, s := range c.Settings {
		if len(s.Values) == 0 {
			parts = append(parts, flagOf(key(s.Field)))
			continue
		}
		if s.Field == "Scopes" {
			s.Values = []string{strings.Join(s.Values, " ")}
		}
		for _, value := range s.Values {
			parts = append(parts, write(s.Field, value))
		}
	}
	return Form{strings.Join(append([]string{"alf token"}, parts...), " \\\n  ") + "\n", doubts(c, "add", write)}
}

func asFile(c discovery.Configuration, key func(string) string) Form {
	pair := func(field string, value any) string {
		return jsonOf(key(field)) + ": " + jsonOf(value)
	}
	var lines []string
	for _, s := range c.Settings {
		var value any = s.Values
		switch len(s.Values) {
		case 0:
			value = true
		case 1:
			value = s.Values[0]
		}
		lines = append(lines, "  "+pair(s.Field, value))
	}
	return Form{"{\n" + strings.Join(lines, ",\n") + "\n}\n", doubts(c, "add", func(field, value string) string { return pair(field, value) + "," })}
}

func jsonOf(value any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(value); err != nil {
		panic("bug: a configuration that is no JSON: " + err.Error())
	}
	return strings.TrimSpace(b.String())
}

// goStyles are the constants of the authentication methods.
var goStyles = map[string]string{
	"client_secret_basic": "alf.AuthBasic", "client_secret_basic_raw": "alf.AuthBasicRaw", "client_secret_post": "alf.AuthPost",
	"client_secret_jwt": "alf.AuthSecretJWT", "private_key_jwt": "alf.AuthPrivateKeyJWT", "client_assertion": "alf.AuthExternalAssertion",
	"tls_client_auth": "alf.AuthTLS", "self_signed_tls_client_auth": "alf.AuthSelfSignedTLS",
}

func asGo(c discovery.Configuration) Form {
	write := func(field, value string) string { return field + ": " + strconv.Quote(value) + "," }
	var b strings.Builder
	b.WriteString("client, err := alf.New(alf.Config{\n")
	for _, line := range doubts(c, "uncomment", write) {
		b.WriteString("// " + strings.TrimSpace(line) + "\n")
	}
	secret, secretFile := true, ""
	for _, s := range c.Settings {
		switch s.Field {
		case "AuthStyle":
			style := s.Values[0]
			secret = strings.HasPrefix(style, "client_secret_")
			fmt.Fprintf(&b, "AuthStyle: %s,\n", goStyles[style])
		case "ClientSecretFile":
			secretFile = s.Values[0]
		case "KeyFile":
			key := fmt.Sprintf("alf.KeyFile(%q)", s.Values[0])
			if id := c.Value("KeyID"); id != "" {
				key = fmt.Sprintf("alf.KeyFileWithID(%q, %q)", s.Values[0], id)
			}
			fmt.Fprintf(&b, "Assertion: alf.Assertion{Key: %s},\n", key)
		case "AssertionFile":
			fmt.Fprintf(&b, "Assertion: alf.Assertion{Source: alf.SecretFile(%q)},\n", s.Values[0])
		case "CertFile":
			fmt.Fprintf(&b, "Certificate: alf.CertificateFiles(%q, %q),\n", s.Values[0], cmp.Or(c.Value("CertKeyFile"), s.Values[0]))
		case "KeyID", "CertKeyFile": // with the above
		case "DPoP":
			b.WriteString("DPoP: &alf.DPoP{},\n")
		case "Scopes", "Audience", "Resource", "Origins":
			quoted := make([]string, len(s.Values))
			for i, value := range s.Values {
				quoted[i] = strconv.Quote(value)
			}
			fmt.Fprintf(&b, "%s: []string{%s},\n", s.Field, strings.Join(quoted, ", "))
		default:
			b.WriteString(write(s.Field, s.Values[0]) + "\n")
		}
	}
	switch {
	case !secret:
	case secretFile != "":
		fmt.Fprintf(&b, "ClientSecret: alf.SecretFile(%q),\n", secretFile)
	default:
		b.WriteString(`ClientSecret: alf.SecretEnv("ALF_CLIENT_SECRET"),` + "\n")
	}
	b.WriteString("})\n")
	text, err := gofmt.Source([]byte(b.String()))
	if err != nil {
		panic("bug: a configuration that is no Go: " + err.Error())
	}
	return Form{Text: string(text)}
}
