package alf_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/sim"
)

// poolKit is a pool at a kit, in a bubble.
type poolKit struct {
	*testing.T
	kit  *sim.Server
	cfg  alf.PoolConfig
	pool *alf.Pool
}

func inPool(t *testing.T, change func(k *poolKit), test func(t *testing.T, k *poolKit)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := &poolKit{T: t, kit: sim.New(sim.Options{})}
		k.cfg.Config = k.kit.Config()
		if change != nil {
			change(k)
		}
		var err error
		k.pool, err = alf.NewPool(k.cfg)
		require.NoError(t, err)
		defer func() {
			require.NoError(t, k.pool.Close())
			synctest.Wait()
		}()
		test(t, k)
	})
}

// tenants makes the pool one of tenants, with the part of the configuration that each tenant has.
func (k *poolKit) tenants(of func(ctx context.Context, name string) (alf.Config, error)) {
	whole := k.cfg.Config
	k.cfg.Config = alf.Config{HTTPClient: whole.HTTPClient, TokenRequest: whole.TokenRequest, Clock: whole.Clock, Rand: whole.Rand}
	k.cfg.Tenant = of
}

// tenant is the usual configuration of a tenant.
func (k *poolKit) tenant(id string) alf.Config {
	return alf.Config{TokenURL: k.kit.TokenURL(), ClientID: id, ClientSecret: alf.Secret("secret of " + id)}
}

func (k *poolKit) token(t alf.Target) string {
	k.Helper()
	token, err := k.pool.Client(t).Token(context.Background())
	require.NoError(k, err)
	return token.Value()
}

func (k *poolKit) requests() []sim.TokenRequest { return k.kit.TokenRequests() }

func (k *poolKit) get(c *http.Client, ctx context.Context, address string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	require.NoError(k, err)
	resp, err := c.Do(req)
	if err == nil {
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
	}
	return resp, err
}

// recorder responds to everything, and keeps what was sent.
type recorder struct {
	mu   sync.Mutex
	sent []string
	auth []string
	next func(*http.Request) *http.Response
}

func (r *recorder) RoundTrip(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		read, _ := io.ReadAll(req.Body)
		body = string(read)
		req.Body.Close()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	var head strings.Builder
	_ = req.Header.Write(&head)
	r.sent = append(r.sent, req.Method+" "+req.URL.String()+"\n"+head.String()+"\n"+body)
	r.auth = append(r.auth, req.Header.Get("Authorization"))
	if r.next != nil {
		if resp := r.next(req); resp != nil {
			resp.Request = req
			return resp, nil
		}
	}
	return &http.Response{
		StatusCode: http.StatusOK, Request: req, Header: http.Header{"Content-Type": {"application/json"}},
		Body: io.NopCloser(strings.NewReader(fmt.Sprintf(`{"access_token":"t%d","token_type":"Bearer","expires_in":3600}`, len(r.sent)))),
	}, nil
}
