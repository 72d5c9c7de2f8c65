package fetcher

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"
)

// maxResponse bounds how much of a response is read, after decompression, in bytes.
const maxResponse = 1 << 20

var errTooLarge = errors.New("response too large: more than 1 MiB")

// response is an HTTP response that was read.
type response struct {
	status   int
	header   http.Header
	location string
	// sent and received are when the request started and the response's head arrived.
	sent, received time.Time
	body           []byte
	// members are the body's, if it is a JSON object.
	members members
}

func (r *response) isSuccess() bool  { return r.status >= 200 && r.status <= 299 }
func (r *response) isRedirect() bool { return r.status >= 300 && r.status <= 399 }

// exchange sends one token request and reads its response. nonce is what the server requires in the proof; "": the last
// one that it sent.
func (c *client) exchange(ctx context.Context, to *endpoint, creds *credentials, nonce string) (*oauth2.Token, *failure) {
	if nonce == "" && creds.proofKey != nil {
		nonce = c.cfg.DPoP.Nonce(to.url)
	}
	failed := &failure{endpoint: to, credentials: creds, sentNonce: nonce}
	req, err := c.newRequest(ctx, to, creds, nonce, &failed.secrets)
	if err != nil {
		return nil, failed.at(unsent, err)
	}
	resp, broken := c.send(ctx, c.connections.client(creds.certificate), req, failed)
	if broken != nil {
		return nil, broken
	}
	if creds.proofKey != nil {
		if given := resp.header.Get("DPoP-Nonce"); c.cfg.DPoP.Remember(to.url, given) {
			failed.nonce = given
		}
	}
	var malformed *responseError
	resp.members, malformed = parseMembers(resp.body, decisive)
	if failed.refusal = readRefusal(resp); failed.refusal.isError(resp) {
		return nil, failed.at(refused, nil)
	}
	if malformed != nil {
		return nil, failed.because(malformed)
	}
	token, unusable := c.token(resp.members, resp.sent)
	if unusable != nil {
		return nil, failed.because(unusable)
	}
	return token, nil
}

// send sends a request and reads its response whole. What arrives is noted in failed, which is returned if it was not
// whole.
func (c *client) send(ctx context.Context, over *http.Client, req *http.Request, failed *failure) (*response, *failure) {
	resp := &response{sent: c.cfg.Clock.Now()}
	got, err := over.Do(req)
	if err != nil {
		c.connections.failed(ctx, err)
		return nil, failed.broken(ctx, err)
	}
	defer got.Body.Close()
	resp.received = c.cfg.Clock.Now()
	resp.status, resp.header = got.StatusCode, got.Header
	resp.location = releaseLocation(got.Header)
	failed.response = resp
	if resp.body, err = readBody(got); err != nil {
		c.connections.failed(ctx, err)
		return nil, failed.broken(ctx, err)
	}
	return resp, nil
}

// readBody reads the body to its end, so that the connection can be used again, but no further than maxResponse.
func readBody(resp *http.Response) ([]byte, error) {
	if resp.StatusCode == http.StatusSwitchingProtocols {
		// Its body is the bare connection, which no context can interrupt.
		return nil, nil
	}
	var body bytes.Buffer
	if resp.ContentLength > 0 {
		body.Grow(int(min(resp.ContentLength, maxResponse)) + bytes.MinRead)
	}
	_, err := body.ReadFrom(io.LimitReader(resp.Body, maxResponse+1))
	if err == nil && body.Len() > maxResponse {
		err = errTooLarge
	}
	return body.Bytes(), err
}
