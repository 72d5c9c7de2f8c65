package fosite

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	jose "github.com/go-jose/go-jose/v3"
	"github.com/go-jose/go-jose/v3/jwt"
)

// What the clients may ask for.
const (
	scope    = "stock:read"
	audience = "https://stock.example.com"
)

// account is a client, with its credentials.
type account struct {
	id       string
	method   string
	alg      string // for a private_key_jwt
	external bool   // another party makes the assertion
	jwt      bool   // the kind of its access tokens
	lifetime time.Duration
	lasting  atomic.Int64 // the lifetime in its place, in nanoseconds, unless it is zero

	current atomic.Pointer[credentials]
}

// credentials are a secret, or a key and its id.
type credentials struct {
	secret string
	key    crypto.Signer
	kid    string
}

func (a *account) credentials() *credentials { return a.current.Load() }

// fresh makes other credentials of the same kind. Secrets have what Basic must encode, and all that is special in a
// form.
func (a *account) fresh() (*credentials, error) {
	c := &credentials{kid: rand.Text()}
	var err error
	switch a.alg {
	case "":
		c.secret = "100% s3cret/+:& " + rand.Text()
	case "RS256", "PS256":
		c.key, err = rsa.GenerateKey(rand.Reader, 2048)
	case "ES256":
		c.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	default:
		err = fmt.Errorf("no keys are made for %s here", a.alg)
	}
	return c, err
}

// newAccounts makes the clients, one a row of the table.
func newAccounts() ([]*account, error) {
	const lifetime = 3 * time.Second
	accounts := []*account{
		{id: "basic & opaque", method: "client_secret_basic", lifetime: lifetime},
		{id: "basic & JWT", method: "client_secret_basic", lifetime: lifetime, jwt: true},
		{id: "basic, 1 s", method: "client_secret_basic", lifetime: time.Second},
		{id: "post", method: "client_secret_post", lifetime: lifetime},
		{id: "rsa", method: "private_key_jwt", alg: "RS256", lifetime: lifetime},
		{id: "ecdsa", method: "private_key_jwt", alg: "ES256", lifetime: lifetime, jwt: true},
		{id: "workload", method: "private_key_jwt", alg: "ES256", external: true, lifetime: lifetime},
	}
	for _, a := range accounts {
		c, err := a.fresh()
		if err != nil {
			return nil, err
		}
		a.current.Store(c)
	}
	return accounts, nil
}

// authenticate adds a's credentials to a request or its form.
func (a *account) authenticate(r *http.Request, form url.Values, tokenURL string) error {
	c := a.credentials()
	switch a.method {
	case "client_secret_basic":
		r.SetBasicAuth(url.QueryEscape(a.id), url.QueryEscape(c.secret))
	case "client_secret_post":
		form.Set("client_id", a.id)
		form.Set("client_secret", c.secret)
	case "private_key_jwt":
		assertion, err := a.assertion(c, tokenURL)
		if err != nil {
			return err
		}
		form.Set("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
		form.Set("client_assertion", assertion)
	}
	return nil
}

func (a *account) assertion(c *credentials, tokenURL string) (string, error) {
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.SignatureAlgorithm(a.alg), Key: jose.JSONWebKey{Key: c.key, KeyID: c.kid}}, nil)
	if err != nil {
		return "", err
	}
	return jwt.Signed(signer).Claims(jwt.Claims{
		Issuer:   a.id,
		Subject:  a.id,
		Audience: jwt.Audience{tokenURL},
		ID:       rand.Text(),
		Expiry:   jwt.NewNumericDate(time.Now().Add(time.Minute)),
	}).CompactSerialize()
}

// expiresIn is what the server will say: the seconds that are whole by then.
func (a *account) expiresIn() int { return int((a.lifetime - 1) / time.Second) }
