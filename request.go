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
// Content-Type is set accordingly; set another one on the request if it is not right. All but readers of types that net/http
// does not know can be sent any number of times. The error is that of encoding the body or parsing the URL.
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
