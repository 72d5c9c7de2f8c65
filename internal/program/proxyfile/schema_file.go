package proxyfile

import (
	"time"

	"github.com/alf-go/alf/internal/program/settings"
)

// config is a file as it was read.
type config struct {
	given
	path string

	listeners        []*listener
	HealthAddress    string
	AdminAddress     string
	DrainTime        time.Duration
	UpgradeDrainTime time.Duration
	AccessLog        string
	client           *object // nil: there is none
	tenants          []*object
	routes           []*route
}

// object is settings of a client.
type object struct {
	self spot
	// name is the tenant; "" for "client".
	name    string
	entries []settings.Entry
	used    bool
}

func newConfig() *config {
	return &config{DrainTime: 30 * time.Second, UpgradeDrainTime: 10 * time.Second, AccessLog: "off"}
}

// schema is that of the file.
func (c *config) schema() schema {
	return schema{
		{Setting: settings.Setting{Name: "listeners", From: settings.File, Help: "the addresses that callers connect to"},
			required: true, read: c.readListeners, form: "an array of listeners"},
		{Setting: settings.Setting{Name: "routes", From: settings.File, Help: "which requests go to which upstream, with which token"},
			required: true, read: c.readRoutes, form: "an array of routes"},
		{Setting: settings.Setting{Name: "client", From: settings.File, Help: "the settings of the client that gets the tokens, by the keys of the configuration file of the other commands"},
			read: c.readClient, form: "an object of settings"},
		{Setting: settings.Setting{Name: "tenants", From: settings.File, Help: "the settings of further clients, by the names that routes call them; those given take the place of those in client, and null removes one"},
			read: c.readTenants, form: "an object of objects of settings"},
		{Setting: settings.Setting{Name: "health_address", Into: &c.HealthAddress, Help: "serve /readyz and /livez, and nothing else, at `HOST:PORT`"},
			check: func() string { return checkHealth(c.HealthAddress) }},
		{Setting: settings.Setting{Name: "admin_address", Into: &c.AdminAddress, Help: "serve /status, /metrics and, on a Unix socket, /quitquitquit at `ADDRESS`: unix:PATH, or HOST:PORT on loopback"},
			check: func() string { return checkAdmin(c.AdminAddress) }},
		{Setting: settings.Setting{Name: "drain_time", Into: &c.DrainTime, Help: "let requests take `TIME` to end when the proxy does"},
			check: func() string { return checkTime(c.DrainTime) }},
		{Setting: settings.Setting{Name: "upgrade_drain_time", Into: &c.UpgradeDrainTime, Help: "let websockets stay open for `TIME` when the proxy ends, drain_time at most"},
			check: func() string { return checkTime(c.UpgradeDrainTime) }},
		{Setting: settings.Setting{Name: "access_log", Into: &c.AccessLog, Help: "where a line of JSON for each request goes, by `OUTPUT`"},
			choices: []choice{{"off", "nowhere"}, {"stdout", "standard output"}, {"stderr", "standard error"}}},
	}
}

// longest bounds durations, so that a slip of the keyboard is none.
const longest = 24 * time.Hour

func checkTime(d time.Duration) string {
	switch {
	case d < 0:
		return "must not be negative"
	case d > longest:
		return "is longer than a day: is that meant?"
	}
	return ""
}
