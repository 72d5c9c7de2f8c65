package alf

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	typeJSON = "application/json"
	typeForm = "application/x-www-form-urlencoded"
	typeText = "text/plain; charset=utf-8"
	typeAny  = "application/octet-stream"
)

// NewRequest is http.NewRequestWithContext with a body of any kind:
//
//	nil            no body
//	io.Reader      as it is, application/octet-stream
//	string         text/plain; charset=utf-8
//	[]byte         application/octet-stream
//	url.Values     a form
//	anything else  JSON
//
// Content-Type is set accordingly; replace it in the request if necessary. The body can be sent any number of times,
// unless it is an io.Reader of a type that http.NewRequest does not know (it knows *bytes.Buffer, *bytes.Reader and
// *strings.Reader). NewRequest fails if the body cannot be encoded or the URL cannot be parsed.
func NewRequest(ctx context.Context, method, url string, body any) (*http.Request, error) {
	return newRequest(ctx, method, url, "", body)
}

func newRequest(ctx context.Context, method, url, contentType string, body any) (*http.Request, error) {
	reader, inferred, err := encode(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, reader)
	if err != nil {
		return nil, err
	}
	if contentType == "" {
		contentType = inferred
	}
	if contentType != "" {
		req.Header.Set("Content-Type", contentType)
	}
	return req, nil
}

// encode makes a reader of a body, of a type for which net/http supplies Content-Length and GetBody wherever possible.
func encode(body any) (reader io.Reader, contentType string, err error) {
	switch b := body.(type) {
	case nil:
		return nil, "", nil
	case io.Reader:
		return b, typeAny, nil
	case string:
		return strings.NewReader(b), typeText, nil
	case []byte:
		return bytes.NewReader(b), typeAny, nil
	case url.Values:
		return strings.NewReader(b.Encode()), typeForm, nil
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return nil, "", fmt.Errorf("alf: encoding the body as JSON: %w", err)
	}
	return bytes.NewReader(encoded), typeJSON, nil
}

// Do sends a request with the token, as http.Client.Do does: the response's body must be closed, a response of any
// status is not an error, and every error is a *url.Error. If no token is available, errors.As finds a *[TokenError] in
// it: the request was not sent, or it was sent once and its token was rejected, and then errors.As finds a
// *[RejectedError] as well. errors.Is finds [ErrRefused] if the token must not go to the target, and [ErrClosed] after
// [Client.Close].
func (c *Client) Do(req *http.Request) (*http.Response, error) { return c.http.Do(req) }

// Get is [Client.GetContext] with the background context.
func (c *Client) Get(url string) (*http.Response, error) {
	return c.GetContext(context.Background(), url)
}

// GetContext requests url; see [Client.Do].
func (c *Client) GetContext(ctx context.Context, url string) (*http.Response, error) {
	return c.do(ctx, http.MethodGet, url, "", nil)
}

// Head is [Client.HeadContext] with the background context.
func (c *Client) Head(url string) (*http.Response, error) {
	return c.HeadContext(context.Background(), url)
}

// HeadContext requests the headers of url; see [Client.Do].
func (c *Client) HeadContext(ctx context.Context, url string) (*http.Response, error) {
	return c.do(ctx, http.MethodHead, url, "", nil)
}

// Post is [Client.PostContext] with the background context.
func (c *Client) Post(url, contentType string, body any) (*http.Response, error) {
	return c.PostContext(context.Background(), url, contentType, body)
}

// PostContext posts body, which is anything that [NewRequest] takes; contentType "" is inferred from it. See
// [Client.Do].
func (c *Client) PostContext(ctx context.Context, url, contentType string, body any) (*http.Response, error) {
	return c.do(ctx, http.MethodPost, url, contentType, body)
}

// PostForm is [Client.PostFormContext] with the background context.
func (c *Client) PostForm(url string, data url.Values) (*http.Response, error) {
	return c.PostFormContext(context.Background(), url, data)
}

// PostFormContext posts a form; see [Client.Do].
func (c *Client) PostFormContext(ctx context.Context, url string, data url.Values) (*http.Response, error) {
	return c.do(ctx, http.MethodPost, url, typeForm, data)
}

// Put is [Client.PutContext] with the background context.
func (c *Client) Put(url, contentType string, body any) (*http.Response, error) {
	return c.PutContext(context.Background(), url, contentType, body)
}

// PutContext puts body, which is anything that [NewRequest] takes; contentType "" is inferred from it. See [Client.Do].
func (c *Client) PutContext(ctx context.Context, url, contentType string, body any) (*http.Response, error) {
	return c.do(ctx, http.MethodPut, url, contentType, body)
}

// Delete is [Client.DeleteContext] with the background context.
func (c *Client) Delete(url string) (*http.Response, error) {
	return c.DeleteContext(context.Background(), url)
}

// DeleteContext deletes url; see [Client.Do].
func (c *Client) DeleteContext(ctx context.Context, url string) (*http.Response, error) {
	return c.do(ctx, http.MethodDelete, url, "", nil)
}

func (c *Client) do(ctx context.Context, method, url, contentType string, body any) (*http.Response, error) {
	req, err := newRequest(ctx, method, url, contentType, body)
	if err != nil {
		return nil, err
	}
	return c.http.Do(req)
}
