package alfotel

import (
	"context"
	"errors"
	"strconv"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/trace"
	"golang.org/x/oauth2"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/manager"
)

// Config returns the configuration with spans and durations of token requests. A WrapFetcher that is there is kept,
// and is what is measured. For a pool, use it on [alf.PoolConfig].Config.
func (i *Instrumentation) Config(cfg alf.Config) alf.Config {
	inner := cfg.WrapFetcher
	if cfg.Fetcher != nil {
		cfg.Fetcher = &fetcher{cfg.Fetcher, i}
		return cfg
	}
	cfg.WrapFetcher = func(f alf.Fetcher) alf.Fetcher {
		if inner != nil {
			f = inner(f)
		}
		return &fetcher{f, i}
	}
	return cfg
}

// fetcher measures another one.
type fetcher struct {
	alf.Fetcher
	to *Instrumentation
}

// Fetch makes the token request.
func (f *fetcher) Fetch(ctx context.Context) (*oauth2.Token, error) {
	i := f.to
	info, _ := manager.FetchInfoFrom(ctx)
	cause := attribute.String("alf.token.request.cause", string(info.Cause))
	begin := time.Now()
	ctx, span := i.telemetry.tracer.Start(ctx, "alf token request", trace.WithNewRoot(), trace.WithAttributes(
		i.name, cause, attribute.Int("alf.token.request.attempt", info.Attempt)))
	defer span.End()
	token, err := f.Fetcher.Fetch(ctx)
	attributes := []attribute.KeyValue{i.name, cause}
	value := ""
	if err != nil {
		failure := attribute.String("error.type", errorType(err))
		attributes = append(attributes, failure)
		span.SetAttributes(failure)
		span.SetStatus(codes.Error, "") // the server's text stays out of it
	} else {
		value = token.AccessToken
	}
	i.brought(value, span.SpanContext())
	i.telemetry.duration.Record(ctx, time.Since(begin).Seconds(), metric.WithAttributes(attributes...))
	return token, err
}

// knownErrors are the error codes of RFC 6749 section 5.2 and its companions. Others are not passed on, because a
// server may put anything there.
var knownErrors = map[string]bool{
	"invalid_request": true, "invalid_client": true, "invalid_grant": true, "unauthorized_client": true,
	"unsupported_grant_type": true, "invalid_scope": true, "invalid_target": true, "invalid_dpop_proof": true,
	"use_dpop_nonce": true, "server_error": true, "temporarily_unavailable": true, "slow_down": true,
}

// errorType names a failure with one of a few words, as the semantic conventions ask for.
func errorType(err error) string {
	var refused *oauth2.RetrieveError
	switch {
	case errors.As(err, &refused) && knownErrors[refused.ErrorCode]:
		return refused.ErrorCode
	case refused != nil && refused.Response != nil:
		return strconv.Itoa(refused.Response.StatusCode)
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) {
		if timeout.Timeout() {
			return "timeout"
		}
		return "connection"
	}
	return "_OTHER"
}
