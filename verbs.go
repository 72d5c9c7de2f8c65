package alf

import (
	"context"
	"net/http"
	"net/url"
)

// Do sends a request with the token, as http.Client.Do does: the answer's body must be closed, an answer of any status is not
// an error, and every error is a *url.Error. errors.As finds in it a *[TokenError] when no token could be had (the request
// was then not sent), errors.Is [ErrRefused] or [ErrClosed].
func (c *Client) Do(req *http.Request) (*http.Response, error) { return c.client.Do(req) }

// Get is [Client.GetContext] with the background context.
func (c *Client) Get(url string) (*http.Response, error) {
	return c.GetContext(context.Background(), url)
}

// GetContext gets url; see [Client.Do].
func (c *Client) GetContext(ctx context.Context, url string) (*http.Response, error) {
	return c.do(ctx, http.MethodGet, url, "", nil)
}

// Head is [Client.HeadContext] with the background context.
func (c *Client) Head(url string) (*http.Response, error) {
	return c.HeadContext(context.Background(), url)
}

// HeadContext asks for the headers of url; see [Client.Do].
func (c *Client) HeadContext(ctx context.Context, url string) (*http.Response, error) {
	return c.do(ctx, http.MethodHead, url, "", nil)
}

// Post is [Client.PostContext] with the background context.
func (c *Client) Post(url, contentType string, body any) (*http.Response, error) {
	return c.PostContext(context.Background(), url, contentType, body)
}

// PostContext posts body, which is anything that [NewRequest] takes; contentType "" is inferred from it. See [Client.Do].
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
	return c.client.Do(req)
}
