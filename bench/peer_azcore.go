package main

import (
	"context"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

// azcorePolicy holds its token inside of a policy: it cannot be read, only sent with a request.
var azcorePolicy = peer{
	name:   "azcore",
	module: "github.com/Azure/azure-sdk-for-go/sdk/azcore",
	sender: func(base http.RoundTripper) http.RoundTripper {
		return newPipeline(azcoreFunc(func(context.Context) (azcore.AccessToken, error) {
			return azcore.AccessToken{Token: cached, ExpiresOn: inAnHour()}, nil
		}))(base)
	},
	source: func(e *endpoint, _ tuning) source {
		return azcoreSource{newPipeline(azcoreFunc(func(ctx context.Context) (azcore.AccessToken, error) {
			value, expiry, err := e.fetch(ctx)
			return azcore.AccessToken{Token: value, ExpiresOn: expiry}, err
		}))}
	},
}

type azcoreFunc func(context.Context) (azcore.AccessToken, error)

// GetToken calls f.
func (f azcoreFunc) GetToken(ctx context.Context, _ policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return f(ctx)
}

// newPipeline makes transports that share one policy, and so one token. The pipeline's own retries and its telemetry
// are off: the comparison is with the policy.
func newPipeline(credential azcore.TokenCredential) func(base http.RoundTripper) http.RoundTripper {
	bearer := runtime.NewBearerTokenPolicy(credential, []string{"scope"}, nil)
	return func(base http.RoundTripper) http.RoundTripper {
		return &pipeline{runtime.NewPipeline("bench", "v1",
			runtime.PipelineOptions{PerRetry: []policy.Policy{bearer}},
			&policy.ClientOptions{
				Transport: transporter{base},
				Retry:     policy.RetryOptions{MaxRetries: -1},
				Telemetry: policy.TelemetryOptions{Disabled: true},
			})}
	}
}

// transporter is a transport as azcore calls it.
type transporter struct{ http.RoundTripper }

// Do sends.
func (t transporter) Do(req *http.Request) (*http.Response, error) { return t.RoundTrip(req) }

// pipeline is a pipeline as its other users call it.
type pipeline struct{ runtime.Pipeline }

// RoundTrip sends req through the pipeline. The pipeline wraps the body of the very request it is given once more each
// time, so it gets a copy; the token it writes into the caller's headers.
func (p *pipeline) RoundTrip(req *http.Request) (*http.Response, error) {
	own := *req
	if req.GetBody != nil {
		var err error
		if own.Body, err = req.GetBody(); err != nil {
			return nil, err
		}
	}
	wrapped, err := runtime.NewRequestFromRequest(&own)
	if err != nil {
		return nil, err
	}
	return p.Do(wrapped)
}

type azcoreSource struct {
	transport func(base http.RoundTripper) http.RoundTripper
}

// Token sends a request nowhere, to see what it carries.
func (s azcoreSource) Token(ctx context.Context) (value string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://api.example.com/", nil)
	if err != nil {
		return "", err
	}
	_, err = s.transport(roundTripper(func(req *http.Request) (*http.Response, error) {
		value = strings.TrimPrefix(req.Header.Get("Authorization"), "Bearer ")
		return respond(req, http.StatusOK), nil
	})).RoundTrip(req)
	return value, err
}

// Transport is a pipeline around the same policy.
func (s azcoreSource) Transport(base http.RoundTripper) http.RoundTripper { return s.transport(base) }
