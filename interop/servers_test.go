package interop

import (
	"github.com/alf-go/alf/interop/doorkeeper"
	"github.com/alf-go/alf/interop/fosite"
	"github.com/alf-go/alf/interop/glewlwyd"
	"github.com/alf-go/alf/interop/gooauth2"
	"github.com/alf-go/alf/interop/gooidc"
	"github.com/alf-go/alf/interop/lab"
	"github.com/alf-go/alf/interop/nodeoauth"
	"github.com/alf-go/alf/interop/oauth2mock"
	"github.com/alf-go/alf/interop/oidcprovider"
	"github.com/alf-go/alf/interop/osin"
)

// servers are those the client is tried against, in the order of the table.
var servers = []struct {
	folder  string
	missing func() string // what has to be installed first, "" if nothing
	make    func(dir string) (lab.Server, error)
}{
	{"fosite", nothing, func(string) (lab.Server, error) { return fosite.New() }},
	{"gooidc", nothing, func(string) (lab.Server, error) { return gooidc.New() }},
	{"osin", nothing, func(string) (lab.Server, error) { return osin.New() }},
	{"gooauth2", nothing, func(string) (lab.Server, error) { return gooauth2.New() }},
	{"oidcprovider", oidcprovider.Missing, func(dir string) (lab.Server, error) { return oidcprovider.New(dir) }},
	{"nodeoauth", nodeoauth.Missing, func(dir string) (lab.Server, error) { return nodeoauth.New(dir) }},
	{"glewlwyd", glewlwyd.Missing, func(dir string) (lab.Server, error) { return glewlwyd.New(dir) }},
	{"doorkeeper", doorkeeper.Missing, func(dir string) (lab.Server, error) { return doorkeeper.New(dir, false) }},
	{"doorkeeper-reuse", doorkeeper.Missing, func(dir string) (lab.Server, error) { return doorkeeper.New(dir, true) }},
	{"oauth2mock", oauth2mock.Missing, func(dir string) (lab.Server, error) { return oauth2mock.New(dir) }},
}

func nothing() string { return "" }
