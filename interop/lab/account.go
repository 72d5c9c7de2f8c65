package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"sync/atomic"

	"github.com/alf-go/alf"
)

// Account is a client that authenticates with a secret. It is safe for concurrent use.
type Account struct {
	ID string
	// Template is the client's configuration without ClientID and ClientSecret.
	Template alf.Config
	// Prefix begins each of its secrets: the characters that distinguish the ways of encoding them.
	Prefix string

	current atomic.Pointer[string]
}

// NewAccount makes an account with a secret.
func NewAccount(id, prefix string, template alf.Config) *Account {
	a := &Account{ID: id, Prefix: prefix, Template: template}
	secret := a.fresh()
	a.current.Store(&secret)
	return a
}

// Secret is the secret that the client uses now.
func (a *Account) Secret() string { return *a.current.Load() }

func (a *Account) fresh() string { return a.Prefix + rand.Text() }

// Config is the configuration of a client that uses the current secret at each fetch.
func (a *Account) Config() alf.Config {
	return a.with(func(context.Context) (string, error) { return a.Secret(), nil })
}

// Wrong is the configuration of a client with a secret that is not the account's.
func (a *Account) Wrong() alf.Config { return a.with(alf.Secret(a.fresh())) }

func (a *Account) with(secret alf.SecretFunc) alf.Config {
	c := a.Template
	c.ClientID, c.ClientSecret = a.ID, secret
	return c
}

// Rotate gives the account another secret. The server learns of it first, by register: a client that comes in between
// is refused and then looks for another secret.
func (a *Account) Rotate(register func(secret string) error) error {
	secret := a.fresh()
	if err := register(secret); err != nil {
		return errors.Join(errors.New("the server does not accept the new secret"), err)
	}
	a.current.Store(&secret)
	return nil
}
