package proxy

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/core/routing"
	"github.com/alf-go/alf/internal/wire"
)

// problem is a response of the proxy's own (RFC 9457).
type problem struct {
	status int
	reason string // one word, for programs, in the header Alf-Error
	detail string
	cause  string // why the upstream cannot be reached, for operators; "": it is another problem
}

// write sends it: to callers that speak gRPC as a status of theirs.
func (p problem) write(w http.ResponseWriter, r *http.Request) {
	if out, ok := w.(*writer); ok {
		out.problem = &p
	}
	h := w.Header()
	h.Set("Alf-Error", p.reason)
	if isGRPC(r.Header) {
		h.Set("Content-Type", "application/grpc")
		h.Set("Grpc-Status", p.grpcStatus())
		h.Set("Grpc-Message", grpcMessage("alf proxy: "+p.detail))
		w.WriteHeader(http.StatusOK)
		return
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	w.WriteHeader(p.status)
	if r.Method == http.MethodHead {
		return
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	_ = e.Encode(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail"`
	}{"alf proxy: " + p.reason, p.status, p.detail})
}

// grpcStatus is the code of the same meaning: G3, and for what is no matter of a token the mapping of gRPC itself.
func (p problem) grpcStatus() string {
	switch p.status {
	case http.StatusServiceUnavailable, http.StatusBadGateway, http.StatusGatewayTimeout, http.StatusTooManyRequests:
		if p.reason == noToken && p.status == http.StatusBadGateway {
			return unauthenticated
		}
		return "14" // UNAVAILABLE
	case http.StatusForbidden:
		return "7" // PERMISSION_DENIED
	case http.StatusNotFound, http.StatusMethodNotAllowed:
		return "12" // UNIMPLEMENTED
	}
	return "13" // INTERNAL
}

// grpcMessage encodes text as gRPC's specification has it for grpc-message.
func grpcMessage(text string) string {
	return wire.PercentEncode(text, func(c byte) bool { return c < ' ' || c > '~' || c == '%' })
}

// refuse responds to a request that is not admitted.
func refuse(w http.ResponseWriter, r *http.Request, refusal *routing.Refusal) {
	if len(refusal.Allow) > 0 {
		w.Header().Set("Allow", strings.Join(refusal.Allow, ", "))
	}
	if refusal.Status == http.StatusUpgradeRequired {
		w.Header().Set("Sec-WebSocket-Version", "13")
	}
	if r.ProtoMajor == 1 && refusal.Reason == routing.Ambiguous {
		// What follows on this connection may be a part of the request, if another program understands it differently.
		w.Header().Set("Connection", "close")
	}
	problem{status: refusal.Status, reason: string(refusal.Reason), detail: refusal.Detail}.write(w, r)
}

// noToken is the reason of a problem about a token that is not available.
const noToken = "no-token"

// explain says what is wrong. Errors about tokens are free of secrets; those about the upstream are not quoted, because
// they have its address.
func explain(h http.Header, err error) problem {
	var token *alf.TokenError
	var tenant *alf.TenantError
	var certificate certificateError
	switch {
	case errors.As(err, &token):
		if token.Permanent {
			return problem{status: http.StatusBadGateway, reason: noToken, detail: err.Error()}
		}
		retryAfter(h, token.NextAttempt)
		return problem{status: http.StatusServiceUnavailable, reason: noToken, detail: err.Error()}
	case errors.As(err, &tenant):
		retryAfter(h, tenant.NextAttempt)
		return problem{status: http.StatusServiceUnavailable, reason: noToken, detail: err.Error()}
	case errors.Is(err, alf.ErrPoolFull):
		return problem{status: http.StatusServiceUnavailable, reason: noToken, detail: err.Error()}
	case errors.Is(err, alf.ErrClosed):
		return problem{status: http.StatusServiceUnavailable, reason: "draining", detail: "the proxy is ending"}
	case errors.Is(err, alf.ErrRefused):
		return problem{status: http.StatusBadGateway, reason: "refused", detail: err.Error()}
	case errors.As(err, &certificate):
		return problem{status: http.StatusBadGateway, reason: "upstream", detail: certificate.Error()}
	case errors.Is(err, context.DeadlineExceeded):
		return problem{status: http.StatusGatewayTimeout, reason: "upstream", detail: "the upstream has not responded in time"}
	}
	return problem{status: http.StatusBadGateway, reason: "upstream", detail: "the upstream cannot be reached, or its response is none", cause: causeOf(err)}
}

func retryAfter(h http.Header, next time.Time) {
	if wait := time.Until(next); !next.IsZero() && wait > 0 {
		h.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
}
