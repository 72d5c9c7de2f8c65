package program

import (
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/fetcher"
)

// aboutSettings is the help that every command with connectionFlags needs.
var aboutSettings = `

Settings come from flags, else from the environment, else from a JSON file: --config, or
alf/config.json in $XDG_CONFIG_HOME or ~/.config. Its keys are
` + wrap(strings.Join(sorted(new(file).fields()), ", "), 92) + `.
Scopes, audiences, resources, origins and hosts are given apart by spaces, or by repeating the
flag; paths in the file are relative to it. Keys and ALF_* variables that do not exist are refused.

The server is named by --issuer if it has metadata (RFC 8414, OpenID Connect), else by
--token-url. What proves the client goes by --auth-style:
` + wrap(styleNames(), 92) + `.
Without it that is client_secret_basic, unless there is no secret, but a key, an assertion or a
certificate alone. The client secret is in $ALF_CLIENT_SECRET, or in the file that --secret-file,
$ALF_CLIENT_SECRET_FILE or client_secret_file names, or comes by --secret-stdin. A certificate
is shown with any style, to the API as well, so that tokens can be bound to it.`

// wrap breaks text at blanks, so that no line is longer than width.
func wrap(text string, width int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case column+1+len(word) > width:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	return b.String()
}

// flagMaker makes flags of one category of the help.
type flagMaker struct {
	program  *program
	category string
}

func (m flagMaker) text(name, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Category: m.category, Usage: usage, Sources: m.program.fromEnv(name)}
}

func (m flagMaker) list(name, usage string) cli.Flag {
	return &cli.StringSliceFlag{Name: name, Category: m.category, Usage: usage, Sources: m.program.fromEnv(name)}
}

func (m flagMaker) file(name, usage string) cli.Flag {
	return &cli.StringFlag{Name: name, Category: m.category, Usage: usage, Sources: m.program.fromEnv(name), TakesFile: true}
}

func (m flagMaker) yes(name, usage string) cli.Flag {
	return &cli.BoolFlag{Name: name, Category: m.category, Usage: usage, Sources: m.program.fromEnv(name)}
}

func (m flagMaker) time(name string, value time.Duration, usage string) cli.Flag {
	return &cli.DurationFlag{Name: name, Category: m.category, Usage: usage, Value: value, Sources: m.program.fromEnv(name)}
}

// connectionFlags are those of every command that needs a token. A flag belongs to one command, so each gets its own.
func (p *program) connectionFlags() []cli.Flag {
	f := flagMaker{p, "Token and connection:"}
	return append([]cli.Flag{
		f.file("config", "read settings from `PATH`; \"\" for no file"),
		f.text("token-url", "`URL` of the token endpoint"),
		f.text("issuer", "`URL` of the authorization server, whose metadata name the token endpoint"),
		f.text("client-id", "client `ID`"),
		f.list("scope", "ask for `SCOPE`"),
		f.list("audience", "ask for `AUDIENCE`"),
		f.list("resource", "ask for a token for `URI` (RFC 8707)"),
		f.list("param", "add `KEY=VALUE`, form-encoded, to the token request"),
		f.list("token-header", "add `'NAME: VALUE'` to the token request's headers"),
		f.list("origin", "let the token go to `ORIGIN` only, such as https://api.example.com"),
		f.list("allow-http", "let secret and token go to `HOST` over plain http"),
		f.file("ca-file", "trust the authorities in `PATH` (PEM) as well"),
		f.time("timeout", 30*time.Second, "give up after `TIME` without the beginning of an answer; 0: never"),
	}, p.proofFlags()...)
}

// proofFlags are about what proves the client, and about what tokens are bound to.
func (p *program) proofFlags() []cli.Flag {
	f := flagMaker{p, "Proof of the client:"}
	return []cli.Flag{
		f.text("auth-style", "prove the client by `STYLE`, see above"),
		// Without a source: they compete with other ways to the secret, see secretSource.
		&cli.StringFlag{Name: "secret-file", Category: f.category, Usage: "read the client secret from `PATH` [$" + secretFileVariable + "]", TakesFile: true},
		&cli.BoolFlag{Name: "secret-stdin", Category: f.category, Usage: "read the client secret from standard input"},
		f.file("key-file", "sign assertions with the private key in `PATH` (PEM or JSON Web Key)"),
		f.text("key-id", "the server knows that key as `ID` (kid)"),
		f.file("assertion-file", "send the assertion in `PATH`, such as a service account token"),
		f.text("assertion-audience", "`AUDIENCE` (aud) of assertions: issuer, token_endpoint or any text"),
		f.text("assertion-algorithm", "sign assertions with `ALGORITHM` (alg), such as PS256"),
		f.text("assertion-typ", "`TYPE` (typ) of assertions"),
		f.time("assertion-lifetime", 0, "`TIME` that assertions live, 1 s to 1 h; 0: 1 min"),
		f.text("assertion-format", "`URI` of the client_assertion_type, if it is no JWT"),
		f.file("cert-file", "show the certificate in `PATH` (PEM) in TLS handshakes"),
		f.file("cert-key-file", "its private key is in `PATH` (PEM), if not in the same file"),
		f.yes("dpop", "bind tokens to a key and prove that we hold it (RFC 9449)"),
		f.file("dpop-key-file", "with --dpop: the key in `PATH`, not one that ends with the program"),
		f.text("dpop-algorithm", "with --dpop: sign proofs with `ALGORITHM`"),
	}
}

func styleNames() string {
	var names []string
	for _, style := range fetcher.AuthStyles() {
		names = append(names, style.String())
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}

func (p *program) verboseFlag() cli.Flag {
	return &cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "log what the client does to standard error", Sources: p.fromEnv("verbose")}
}
