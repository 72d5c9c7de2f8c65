package proxyfile

import "github.com/alf-go/alf/internal/program/settings"

// listener is one of "listeners".
type listener struct {
	given
	Address          string
	Mode             string
	Hosts            []string
	AllowLocalUsers  bool
	AllowAnyAddress  bool
	CallerSecretFile settings.Path
}

const ownMode = "0600"

func newListener() *listener { return &listener{Mode: ownMode} }

// schema is that of a listener.
func (l *listener) schema() schema {
	return schema{
		{Setting: settings.Setting{Name: "address", Into: &l.Address, Help: "listen on `ADDRESS`: unix:PATH, HOST:PORT, or systemd:NAME for a socket that systemd opens"},
			flag: "listen", required: true, check: func() string { return checkListener(l.Address) }},
		{Setting: settings.Setting{Name: "mode", Into: &l.Mode, Help: "the `MODE` of the Unix socket, in octal: users that may write to it may use the tokens"},
			check: func() string { return checkMode(l.Mode) }},
		{Setting: settings.Setting{Name: "hosts", Into: &l.Hosts, Help: "serve requests for `HOST` (the Host header), beside the hosts of routes, localhost and loopback addresses"},
			check: func() string { return checkHosts(l.Hosts) }},
		{Setting: settings.Setting{Name: "allow_local_users", Into: &l.AllowLocalUsers, Help: "let every user of this machine use the tokens"}},
		{Setting: settings.Setting{Name: "allow_any_address", Into: &l.AllowAnyAddress, Help: "listen on an address that other machines can reach"}},
		{Setting: settings.Setting{Name: "caller_secret_file", Into: &l.CallerSecretFile, Help: "serve only callers that send the secret in `PATH`, of 16 bytes or more, as Alf-Caller-Secret or as Proxy-Authorization: Bearer"}},
	}
}
