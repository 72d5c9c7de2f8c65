package program

import (
	"net/http"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// curlOption is a flag of curl, so that a line of curl can be pasted behind alf. It has an effect, or none because alf
// does what it asks for anyway, or another flag in its place.
type curlOption struct {
	long, short string
	takesValue  bool
	// help is shown by --help; an option without one is accepted or refused, and not listed.
	help string
	// take has the option's effect. Nil: there is none.
	take func(*curlRequest, string) error
	// instead is what to do in place of a flag that cannot be accepted.
	instead string
	// sends says that it is about a body, which alf get does not send.
	sends bool
}

// curlOptions are those that are pasted often. An option that is not here does not exist for alf.
var curlOptions = []curlOption{
	// What has an effect.
	{long: "request", short: "X", takesValue: true, sends: true, help: "`METHOD`; POST if there is data, else GET",
		take: func(r *curlRequest, v string) error { r.method = v; return nil }},
	{long: "header", short: "H", takesValue: true, help: "add `'NAME: VALUE'` to the request's headers; 'NAME:' removes one",
		take: func(r *curlRequest, v string) error { r.headers = append(r.headers, v); return nil }},
	{long: "data", short: "d", takesValue: true, sends: true, help: "send `DATA`, or what is in a file (@PATH) or on standard input (@-)",
		take: (*curlRequest).data},
	{long: "json", takesValue: true, sends: true, help: "send `DATA` as --data does, as application/json",
		take: func(r *curlRequest, v string) error { r.json = true; return r.part("--json", v, "") }},
	{long: "data-raw", takesValue: true, sends: true, help: "send `DATA`, without a meaning for @",
		take: func(r *curlRequest, v string) error { r.add([]byte(v), "&"); return nil }},
	{long: "data-binary", takesValue: true, sends: true, take: (*curlRequest).data},
	{long: "data-ascii", takesValue: true, sends: true, take: (*curlRequest).data},
	{long: "data-urlencode", takesValue: true, sends: true, help: "send `NAME=DATA`, with DATA form-encoded", take: (*curlRequest).urlencode},
	{long: "get", short: "G", sends: true, help: "send the data in the URL's query, by GET",
		take: func(r *curlRequest, _ string) error { r.inQuery = true; return nil }},
	{long: "head", short: "I", sends: true, help: "send a HEAD request and print the response's headers",
		take: func(r *curlRequest, _ string) error { r.head, r.include = true, true; return nil }},
	{long: "include", short: "i", help: "print the response's status and headers before its body",
		take: func(r *curlRequest, _ string) error { r.include = true; return nil }},
	{long: "output", short: "o", takesValue: true, help: "write the response to `FILE`",
		take: func(r *curlRequest, v string) error { r.output = v; return nil }},
	{long: "fail", short: "f", help: "print no body for a status of 400 or more",
		take: func(r *curlRequest, _ string) error { r.quiet = true; return nil }},
	{long: "url", takesValue: true, take: func(r *curlRequest, v string) error { r.urls = append(r.urls, v); return nil }},
	{long: "user-agent", short: "A", takesValue: true, take: func(r *curlRequest, v string) error { return r.header("User-Agent", v) }},
	{long: "referer", short: "e", takesValue: true, take: func(r *curlRequest, v string) error { return r.header("Referer", v) }},
	{long: "cookie", short: "b", takesValue: true, take: (*curlRequest).cookie},
	{long: "range", short: "r", takesValue: true, take: func(r *curlRequest, v string) error { return r.header("Range", "bytes="+v) }},

	// What alf does anyway.
	{long: "location", short: "L"},
	{long: "silent", short: "s"},
	{long: "show-error", short: "S"},
	{long: "no-buffer", short: "N"},
	{long: "no-progress-meter"},
	{long: "progress-bar", short: "#"},
	{long: "compressed"},
	{long: "fail-with-body"},
	{long: "globoff", short: "g"},
	{long: "disable", short: "q"},
	{long: "http1.1"},
	{long: "http2"},
	{long: "tlsv1.2"},
	{long: "tcp-nodelay"},

	// What has another flag in its place.
	{long: "insecure", short: "k", instead: "certificates are always verified: name the authority that issued the server's by --ca-file"},
	{long: "user", short: "u", takesValue: true, instead: "the token takes the place of a name and password: remove it; a client's id and secret are --client-id and --client-secret-file"},
	{long: "oauth2-bearer", takesValue: true, instead: "alf gets the token itself: remove it"},
	{long: "basic", instead: "the token takes the place of a name and password: remove it"},
	{long: "digest", instead: "the token takes the place of a name and password: remove it"},
	{long: "anyauth", instead: "the token takes the place of a name and password: remove it"},
	{long: "netrc", short: "n", instead: "the token takes the place of a name and password: remove it"},
	{long: "max-time", short: "m", takesValue: true, instead: "use --timeout, such as --timeout 30s, which ends the wait for a response"},
	{long: "connect-timeout", takesValue: true, instead: "use --timeout, such as --timeout 30s, which ends the wait for a response"},
	{long: "cacert", takesValue: true, instead: "use --ca-file"},
	{long: "capath", takesValue: true, instead: "use --ca-file, with one file"},
	{long: "cert", short: "E", takesValue: true, instead: "use --cert-file, which presents it to the token endpoint too"},
	{long: "key", takesValue: true, instead: "use --cert-key-file"},
	{long: "proxy", short: "x", takesValue: true, instead: "set the variable HTTPS_PROXY, or HTTP_PROXY for plain http"},
	{long: "form", short: "F", takesValue: true, sends: true, instead: "make the multipart body yourself, and send it by --data @FILE with -H 'Content-Type: multipart/form-data; boundary=...'"},
	{long: "upload-file", short: "T", takesValue: true, sends: true, instead: "use -X PUT --data @FILE"},
	{long: "cookie-jar", short: "c", takesValue: true, instead: "alf keeps no cookies: remove it"},
	{long: "remote-name", short: "O", instead: "use --output FILE"},
	{long: "remote-header-name", short: "J", instead: "use --output FILE"},
	{long: "dump-header", short: "D", takesValue: true, instead: "use --include, which prints the headers before the body"},
	{long: "write-out", short: "w", takesValue: true, instead: "use --include, which prints the status; the exit code is 5 for 400 or more"},
	{long: "ipv4", short: "4", instead: "addresses of both kinds are tried: remove it"},
	{long: "ipv6", short: "6", instead: "addresses of both kinds are tried: remove it"},
	{long: "http1.0", short: "0", instead: "HTTP/1.1 or HTTP/2 is used, as the server has it: remove it"},
	{long: "tlsv1.3", instead: "the best version that both sides have is negotiated, TLS 1.2 at least: remove it"},
	{long: "proto", takesValue: true, instead: "a token is sent over https alone, except to the hosts of --allow-http: remove it"},
	{long: "max-redirs", takesValue: true, instead: "up to ten redirects are followed: remove it"},
	{long: "retry", takesValue: true, instead: "remove it: token requests are retried, and API requests once after a 401"},
	{long: "resolve", takesValue: true, instead: "use the host's own name, or -H 'Host: NAME' with the address in the URL"},
	{long: "connect-to", takesValue: true, instead: "use the host's own name, or -H 'Host: NAME' with the address in the URL"},
	{long: "trace", takesValue: true, instead: "use --verbose"},
	{long: "trace-ascii", takesValue: true, instead: "use --verbose"},
}

// curlFlag collects the options that are given, in their order, which matters for data and headers.
type curlFlag struct {
	option *curlOption
	given  *[]givenOption
}

type givenOption struct {
	*curlOption
	value string
}

func (f *curlFlag) Set(value string) error {
	if !f.option.takesValue && value == "false" {
		return nil
	}
	*f.given = append(*f.given, givenOption{f.option, value})
	return nil
}

func (f *curlFlag) Get() any         { return nil }
func (f *curlFlag) String() string   { return "" }
func (f *curlFlag) IsBoolFlag() bool { return !f.option.takesValue }

// curlFlags are the options that a command takes beside the settings.
func (p *program) curlFlags(given *[]givenOption, sends bool) (flags []cli.Flag) {
	for i := range curlOptions {
		o := curlOptions[i]
		if p.table.Has(o.long) {
			continue // a setting of that name is meant
		}
		if o.sends && !sends {
			o.instead, o.help, o.take = "alf get sends no body and has one method: use alf curl", "", nil
		}
		f := &cli.GenericFlag{Name: o.long, Usage: o.help, Hidden: o.help == "", Value: &curlFlag{&o, given}}
		if o.short != "" {
			f.Aliases = []string{o.short}
		}
		flags = append(flags, f)
	}
	return flags
}

// apply has the effects of options, or reports the first that cannot be accepted.
func (r *curlRequest) apply(given []givenOption) error {
	for _, o := range given {
		if o.instead != "" {
			name := settings.Dashed(o.long)
			if o.short != "" {
				name = settings.Dashed(o.short) + ", " + name
			}
			return exit.Usagef("%s of curl: %s", name, o.instead)
		}
		if o.take == nil {
			continue
		}
		if err := o.take(r, o.value); err != nil {
			return err
		}
	}
	return nil
}

// header adds one that an option of its own is for.
func (r *curlRequest) header(name, value string) error {
	r.headers = append(r.headers, name+": "+value)
	return nil
}

func (r *curlRequest) cookie(value string) error {
	if !strings.Contains(value, "=") {
		return exit.Usagef("-b, --cookie of curl: alf reads no cookie files: write the cookies as NAME=VALUE")
	}
	return r.header("Cookie", value)
}

// verb is the request's method.
func (r *curlRequest) verb() string {
	switch {
	case r.method != "":
		return r.method
	case r.head:
		return http.MethodHead
	case r.body != nil && !r.inQuery:
		return http.MethodPost
	}
	return http.MethodGet
}
