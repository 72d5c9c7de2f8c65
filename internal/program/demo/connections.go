package demo

import (
	"context"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/alf-go/alf/internal/program/demo/server"
)

// transport has as many connections to the API as callers: what is to be seen is the client, not the dialling.
func (c *credentials) transport(callers int) *http.Transport {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConns, base.MaxIdleConnsPerHost = 0, callers
	base.TLSClientConfig = c.api
	return base
}

// connect makes the connections before they are needed. With TLS a thousand of them cost more than a thousand callers
// do later on. One that fails is made again by the caller that misses it.
func connect(ctx context.Context, base *http.Transport, api *server.API, callers int) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	// Each is held until all are there, or the next would use the same connection.
	full := api.Hold(callers)
	var asking sync.WaitGroup
	for range callers {
		asking.Go(func() {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, api.ReadyURL(), nil)
			if err != nil {
				return
			}
			resp, err := base.RoundTrip(req)
			if err != nil {
				return
			}
			defer resp.Body.Close()
			_, _ = io.Copy(io.Discard, resp.Body)
		})
	}
	select {
	case <-full:
	case <-ctx.Done():
	}
	api.Release()
	asking.Wait()
}
