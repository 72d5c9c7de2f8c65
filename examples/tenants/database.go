package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
)

// errUnknownTenant is what the database says about a tenant that does not exist.
var errUnknownTenant = errors.New("there is no such tenant")

// tenant is a row of the database.
type tenant struct{ tokenURL, clientID, secret string }

// database stands for that of the service.
type database struct {
	mu      sync.Mutex
	tenants map[string]tenant
}

// newDatabase has tenants t0 to t999.
func newDatabase(tokenURL string, n int) *database {
	db := &database{tenants: make(map[string]tenant, n)}
	for i := range n {
		name := fmt.Sprintf("t%d", i)
		db.tenants[name] = tenant{tokenURL: tokenURL, clientID: "client-of-" + name, secret: "secret-of-" + name}
	}
	return db
}

func (db *database) load(ctx context.Context, name string) (tenant, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	t, ok := db.tenants[name]
	if !ok {
		return tenant{}, errUnknownTenant
	}
	return t, ctx.Err()
}
