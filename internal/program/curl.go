package program

import (
	"context"

	"github.com/urfave/cli/v3"
)

func (p *program) getCommand() *cli.Command {
	var given []givenOption
	return &cli.Command{
		Name:        "get",
		Usage:       "get a URL with a token and print the response",
		ArgsUsage:   "URL",
		Description: "Prints the response's body to standard output, that of an error as well." + p.about(),
		Flags:       p.flags(p.curlFlags(&given, false)...),
		Action:      func(ctx context.Context, cmd *cli.Command) error { return p.curl(ctx, cmd, given) },
	}
}

func (p *program) curlCommand() *cli.Command {
	var given []givenOption
	return &cli.Command{
		Name:      "curl",
		Usage:     "send a request with a token and print the response",
		ArgsUsage: "URL",
		Description: "Takes the flags of curl that are used most, and says what to do in place of others, so that a line\n" +
			"of curl can be pasted behind alf. Prints the response's body to standard output, that of an error\n" +
			"as well. Redirects are followed; the token is sent along only within the URL's origin, or within\n" +
			"those given by --origin. Data is sent as it is, files included; several are joined by &. It is\n" +
			"application/x-www-form-urlencoded unless --json or -H says otherwise." + p.about(),
		Flags:  p.flags(p.curlFlags(&given, true)...),
		Action: func(ctx context.Context, cmd *cli.Command) error { return p.curl(ctx, cmd, given) },
	}
}
