package interop

import (
	"github.com/alf-go/alf/interop/fosite"
	"github.com/alf-go/alf/interop/gooidc"
	"github.com/alf-go/alf/interop/lab"
)

// servers are those the client is tried against, in the order of the table.
var servers = []struct {
	folder  string
	missing func() string // what has to be installed first, "" if nothing
	make    func(dir string) (lab.Server, error)
}{
	{"fosite", nothing, func(string) (lab.Server, error) { return fosite.New() }},
	{"gooidc", nothing, func(string) (lab.Server, error) { return gooidc.New() }},
}

func nothing() string { return "" }
