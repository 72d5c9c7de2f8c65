package manager

import (
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"time"

	"golang.org/x/oauth2"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/internal/wire"
)

// judge tells the core what a fetch's result means.
func (o *owner) judge(f fetched) core.Result {
	if f.err == nil {
		return core.Result{
			OK:        true,
			Expiry:    f.token.Expiry,
			Same:      o.held != nil && o.held.Value() == f.token.AccessToken,
			RefreshIn: seconds(f.token.Extra("refresh_in")),
		}
	}
	r := core.Result{Permanent: permanent(f.err), RetryAfter: o.retryAfter(f.err)}
	r.EndsRound = r.RetryAfter > 0 || status(f.err) == http.StatusTooManyRequests
	return r
}

func permanent(err error) bool {
	if e, ok := errors.AsType[interface {
		error
		Permanent() bool
	}](err); ok {
		return e.Permanent()
	}
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok {
		return wire.Permanent(status(err), e.ErrorCode)
	}
	return false
}

func (o *owner) retryAfter(err error) time.Duration {
	if e, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		return e.RetryAfter()
	}
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.Response != nil {
		if d, ok := wire.RetryAfter(e.Response.Header.Get("Retry-After"), o.clock.Now()); ok {
			return max(d, 1) // present at all is what ends a round
		}
	}
	return 0
}

func status(err error) int {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.Response != nil {
		return e.Response.StatusCode
	}
	return 0
}

// seconds reads a number of seconds as token endpoints write it. What it cannot read is no advice.
func seconds(v any) time.Duration {
	var s float64
	switch v := v.(type) {
	case float64:
		s = v
	case int64:
		s = float64(v)
	case int:
		s = float64(v)
	case json.Number:
		s, _ = v.Float64()
	case string:
		s, _ = strconv.ParseFloat(v, 64)
	}
	if !(s > 0) {
		return 0
	}
	return time.Duration(min(s*float64(time.Second), math.MaxInt64/2))
}
