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
	"github.com/alf-go/alf/internal/core/endpoint"
	"github.com/alf-go/alf/internal/wire"
)

// classify says what the outcome of a fetch means to the core.
func classify(t *oauth2.Token, err error, now time.Time) core.Result {
	if err == nil {
		return core.Result{OK: true, Expiry: t.Expiry, RefreshIn: seconds(t.Extra("refresh_in"))}
	}
	_ = err.Error() // an error that cannot be printed is better noticed here than where it is logged
	r := core.Result{Permanent: permanent(err), RetryAfter: retryAfter(err, now), Recheckable: credentialsOf(err) != nil}
	r.EndsRound = r.RetryAfter > 0 || status(err) == http.StatusTooManyRequests
	return r
}

// finding is what the end of a fetch proves about the endpoint (E2).
type finding struct {
	outcome endpoint.Outcome
	status  int
}

// classifyEndpoint says what the end of a fetch proves about the endpoint. An error may say so itself, by a method
// Trouble() bool: whether the endpoint did not work, because of a connection failure, a time-out or a 5xx. A status is
// that of an *oauth2.RetrieveError. What no one can classify is taken for a connection failure if it may pass by
// itself, as everything is transient that is not known to be permanent (M10).
func classifyEndpoint(err error) finding {
	f := finding{outcome: endpoint.Works, status: status(err)}
	if err == nil {
		return f
	}
	trouble, said := f.status >= http.StatusInternalServerError || f.status == http.StatusRequestTimeout, f.status > 0
	if e, ok := errors.AsType[interface {
		error
		Trouble() bool
	}](err); ok {
		trouble, said = e.Trouble(), true
	}
	_, misbehaved := errors.AsType[misbehavior](err)
	switch {
	case misbehaved:
		f.outcome = endpoint.NoEvidence
	case trouble && f.status >= http.StatusInternalServerError:
		f.outcome = endpoint.ServerError
	case trouble && f.status == http.StatusRequestTimeout, (trouble || !said) && timedOut(err):
		f.outcome = endpoint.NoResponse
	case trouble, !said && !permanent(err):
		f.outcome = endpoint.NotConnected
	case f.status == 0:
		f.outcome = endpoint.NoEvidence // no request was sent
	case !understood(err, f.status):
		f.outcome = endpoint.Unclear
	}
	return f
}

// understood reports whether a response shows that there is a token endpoint, and that it works: it refused the
// request, with an error of OAuth or one of the usual status codes. A redirect or a page for people shows neither.
func understood(err error, status int) bool {
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.ErrorCode != "" {
		return true
	}
	switch status {
	case http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests:
		return true
	}
	return false
}

func timedOut(err error) bool {
	e, ok := errors.AsType[interface {
		error
		Timeout() bool
	}](err)
	return ok && e.Timeout()
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

func retryAfter(err error, now time.Time) time.Duration {
	if e, ok := errors.AsType[interface {
		error
		RetryAfter() time.Duration
	}](err); ok {
		return e.RetryAfter()
	}
	if e, ok := errors.AsType[*oauth2.RetrieveError](err); ok && e.Response != nil {
		if d, ok := wire.RetryAfter(e.Response.Header.Get("Retry-After"), now); ok {
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
