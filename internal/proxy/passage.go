package proxy

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httputil"
	"sync"

	"github.com/alf-go/alf/internal/core/routing"
)

// passage is one request on its way. It has an httputil.ReverseProxy of its own, whose hooks are its methods: a hook of
// one for all requests would have to be told by the context which of them it is for, at the cost of two allocations and
// another copy of the request.
type passage struct {
	*forwarder
	match     routing.Match
	websocket bool
	inbound   *http.Request
	body      *body // nil: there is none
	out       *writer
	proxy     httputil.ReverseProxy
}

// passages are those that have ended. Nothing of a request refers to its passage any more when httputil.ReverseProxy
// has returned: what goes on then has the body and the connections.
var passages = sync.Pool{New: func() any {
	p := new(passage)
	p.proxy = httputil.ReverseProxy{
		Rewrite:        p.rewrite,
		ModifyResponse: p.modifyResponse,
		ErrorHandler:   p.fail,
		ErrorLog:       silent, // what it reports is in the access log, or is nothing that went wrong here
		BufferPool:     buffers{},
	}
	return p
}}

var silent = log.New(io.Discard, "", 0)

// newPassage begins one.
func (f *forwarder) newPassage(out *writer, r *http.Request, match routing.Match, websocket bool) *passage {
	p := passages.Get().(*passage)
	p.forwarder, p.match, p.websocket, p.inbound, p.out = f, match, websocket, r, out
	p.proxy.Transport = f.transport
	return p
}

// end gives the passage back. One whose handler panics is left to the garbage collector.
func (p *passage) end() {
	p.forwarder, p.match, p.inbound, p.body, p.out = nil, routing.Match{}, nil, nil, nil
	p.proxy.Transport = nil
	passages.Put(p)
}

// send sends the request on, and the response back. While the caller still sends, a response has to reach it at once,
// whatever its length.
func (p *passage) send(ctx context.Context) {
	in := p.inbound
	if ctx != in.Context() {
		in = in.WithContext(ctx)
	}
	p.proxy.FlushInterval = 0
	if in.Body != nil && in.Body != http.NoBody {
		p.body = newBody(p.inbound, http.NewResponseController(p.out.ResponseWriter))
		p.out.body = p.body
		defer p.body.end()
		p.proxy.FlushInterval = -1
		if in == p.inbound {
			in = in.WithContext(ctx)
		}
		in.Body = p.body
	}
	p.proxy.ServeHTTP(p.out, in)
}

// fail responds to a request that could not be sent, or has no response.
func (p *passage) fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		panic(http.ErrAbortHandler) // the caller has gone
	}
	response := explain(w.Header(), err)
	if response.cause != "" && p.body != nil && p.body.failed.Load() {
		response = problem{status: http.StatusBadRequest, reason: string(routing.Ambiguous), detail: "the body of the request is malformed, or ends too early"}
	}
	response.write(w, p.inbound)
}
