package fetcher

import (
	"context"
	"net/http"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/alf-go/alf/internal/wire"
)

const (
	// metadataLife is for how long a document is used, if nothing goes wrong.
	metadataLife = time.Hour
	// metadataRest keeps an outage of the token endpoint from becoming one of the issuer too.
	metadataRest = time.Minute
	// metadataPatience is how long an issuer may take to repeat its document: the attempt can go on with the previous
	// one.
	metadataPatience = 2 * time.Second
	// metadataHeadStart is how long a location is waited for before the next one is requested as well.
	metadataHeadStart = time.Second
)

// discovery remembers the token endpoint of an issuer.
type discovery struct {
	current atomic.Pointer[document]
}

// document is what was read last. Only doubted ever changes.
type document struct {
	*endpoint
	// body is what was read, where clients share it. of is the shared one that this was made from.
	body    []byte
	of      *document
	read    time.Time
	doubted atomic.Bool
}

// outdated reports whether the document should be read again.
func (d *document) outdated(now time.Time) bool {
	age := now.Sub(d.read)
	return age >= metadataLife || age < 0 || d.doubted.Load() && age >= metadataRest
}

// locate returns where a token request goes. While the issuer fails, the previous document remains in use.
func (c *client) locate(ctx context.Context, creds *credentials) (*endpoint, *failure) {
	if c.endpoint != nil {
		return c.endpoint, nil
	}
	if c.shared != nil {
		return c.locateShared(ctx, creds)
	}
	now := c.cfg.Clock.Now().Round(0)
	current := c.discovery.current.Load()
	if current != nil && !current.outdated(now) {
		return current.endpoint, nil
	}
	if current == nil {
		found, failed := c.discover(ctx, creds)
		if failed != nil {
			return nil, failed
		}
		current = &document{endpoint: found.metadata.endpoint(), read: now}
		c.discovery.current.Store(current)
		return current.endpoint, nil
	}
	patient, cancel := context.WithTimeout(ctx, metadataPatience)
	defer cancel()
	again := &document{endpoint: current.endpoint, read: now}
	if found, failed := c.discover(patient, creds); failed == nil {
		again.endpoint = found.metadata.endpoint()
	} else {
		again.doubted.Store(true) // not sooner again than after a rest
	}
	c.discovery.current.Store(again)
	return again.endpoint, nil
}

// doubt has the document read again, after a failure that it may have caused.
func (c *client) doubt(failed *failure) {
	current := c.discovery.current.Load()
	if c.shared != nil {
		current = c.shared.metadata.current.Load()
	}
	if current == nil {
		return
	}
	switch status := failed.status(); status {
	case 0, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusGone:
	default:
		if !failed.response.isRedirect() && failed.refusal.code != invalidClient {
			return
		}
	}
	current.doubted.Store(true)
}

// lookup is the result of looking for a document at one location.
type lookup struct {
	metadata *Metadata
	body     []byte
	failure  *failure
	// rank orders failures by how much they say; see discover.
	rank rank
	// ended, if it is not nil, repeats a panic or a runtime.Goexit of the transport.
	ended func()
}

type rank int

const (
	// absent: there is nothing, or something else.
	absent rank = iota
	// unreachable: the location did not respond.
	unreachable
	// wrong: a document, or an error that says something about one.
	wrong
	// hopeless: no location of this host will respond.
	hopeless
)

// discover requests the issuer's metadata from the locations where servers put them. A location that fails, or does not
// respond within a second, does not keep the next one from being requested; the first usable document wins. If there is
// none, the failure that says most is returned: that something is there and wrong says more than that nothing is.
func (c *client) discover(ctx context.Context, creds *credentials) (*lookup, *failure) {
	locations := wire.ServerMetadata(c.cfg.Issuer)
	if len(locations) == 0 {
		return nil, (&failure{credentials: creds}).because(unsuited(message{}, "the Issuer is not a URL"))
	}
	reading, cancel := context.WithCancelCause(ctx)
	results := make(chan lookup, len(locations))
	begun, ended := 0, 0
	begin := func() {
		at := newEndpoint(locations[begun])
		begun++
		go func() {
			// What a transport does to its goroutine is done to that of the attempt: M15 is about both.
			result := lookup{ended: runtime.Goexit}
			defer func() {
				if p := recover(); p != nil {
					result.ended = func() { panic(p) }
				}
				results <- result
			}()
			result = c.readMetadata(reading, creds, at)
		}()
	}
	defer func() {
		// No goroutine outlives the attempt.
		cancel(errFound)
		for ; ended < begun; ended++ {
			<-results
		}
	}()
	headStart := time.NewTimer(metadataHeadStart)
	defer headStart.Stop()
	begin()
	var worst *lookup
	for ended < len(locations) {
		select {
		case result := <-results:
			ended++
			if result.ended != nil {
				result.ended()
			}
			if result.metadata != nil {
				return &result, nil
			}
			if worst == nil || result.rank > worst.rank {
				worst = &result
			}
			if result.rank == hopeless || ctx.Err() != nil {
				return nil, c.undiscovered(worst)
			}
		case <-headStart.C:
		}
		if begun < len(locations) {
			begin()
			headStart.Reset(metadataHeadStart)
		}
	}
	return nil, c.undiscovered(worst)
}

// undiscovered adds to a failure what the user may have confused.
func (c *client) undiscovered(last *lookup) *failure {
	if last.rank == absent || last.rank == wrong && last.failure.stage == unusable {
		if hint := documentAsIssuer(c.cfg.Issuer); !hint.empty() {
			last.failure.hint = &hint
			return last.failure
		}
	}
	if last.rank == absent {
		last.failure.hint = &message{format: "there are no metadata, at any of the usual locations: is it the right {Issuer}? If it has none, set {TokenURL}"}
	}
	return last.failure
}

// readMetadata looks for a document at one location.
func (c *client) readMetadata(ctx context.Context, creds *credentials, at *endpoint) lookup {
	failed := &failure{endpoint: at, credentials: creds}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.address, nil)
	if err != nil {
		return lookup{failure: failed.at(unsent, err), rank: hopeless}
	}
	for name, values := range c.cfg.TokenRequest.Header {
		req.Header[name] = append([]string(nil), values...)
	}
	req.Header.Set("Accept", "application/json")
	resp, broken := c.send(ctx, c.connections.metadataClient(creds.certificate), req, failed)
	if broken != nil {
		switch {
		case broken.response != nil:
			return lookup{failure: broken, rank: wrong}
		case broken.ctxErr == nil && sameEverywhere(broken.err):
			return lookup{failure: broken, rank: hopeless}
		}
		return lookup{failure: broken, rank: unreachable}
	}
	if resp.status != http.StatusOK {
		return refusedMetadata(failed, resp)
	}
	found, problem := c.cfg.metadata(resp.body, creds)
	if problem == nil {
		return lookup{metadata: found, body: resp.body}
	}
	problem.kind = ErrMetadata
	if problem.permanent {
		return lookup{failure: failed.because(problem), rank: wrong}
	}
	// Some servers respond to everything with a page.
	return lookup{failure: failed.because(problem), rank: absent}
}

// refusedMetadata is about a location that responds with an error.
func refusedMetadata(failed *failure, resp *response) lookup {
	failed.at(refused, nil).hint = new(message)
	switch {
	case resp.isRedirect():
		failed.hint.format = "metadata are read within the issuer's origin: set {Issuer} to what it calls itself"
		return lookup{failure: failed, rank: wrong}
	case failed.permanent():
		return lookup{failure: failed, rank: absent}
	}
	return lookup{failure: failed, rank: wrong}
}
