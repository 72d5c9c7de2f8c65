package statuspage

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// observer is the HTTP proxy of the browser: all that its pages can reach. It forwards requests to the admin listener,
// and refuses all others. It sees also what the DevTools protocol has no event for, such as a request for an icon.
type observer struct {
	server *httptest.Server
	admin  string

	mu    sync.Mutex
	asked []string
	alter func(http.Header, string) string // changes pages; nil: leaves them as they are
}

func observe(t *testing.T, admin string) *observer {
	o := &observer{admin: admin}
	o.server = httptest.NewServer(o)
	t.Cleanup(o.server.Close)
	return o
}

func (o *observer) address() string { return o.server.Listener.Addr().String() }

// ServeHTTP forwards a request, or refuses it.
func (o *observer) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	o.mu.Lock()
	o.asked = append(o.asked, request.Method+" "+request.RequestURI)
	alter := o.alter
	o.mu.Unlock()
	if request.URL.Host != o.admin {
		w.WriteHeader(http.StatusForbidden)
		return
	}
	request.RequestURI = ""
	response, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer func() { _ = response.Body.Close() }()
	var body bytes.Buffer
	_, _ = io.Copy(&body, response.Body) // the checks see what is missing
	page := body.String()
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	if alter != nil && strings.HasPrefix(response.Header.Get("Content-Type"), "text/html") {
		page = alter(w.Header(), page)
		w.Header().Set("Content-Length", strconv.Itoa(len(page)))
	}
	w.WriteHeader(response.StatusCode)
	_, _ = io.WriteString(w, page)
}

// requests are those since the last call, without the address of the admin listener.
func (o *observer) requests() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	all := o.asked
	o.asked = nil
	for i := range all {
		all[i] = strings.Replace(all[i], "http://"+o.admin, "", 1)
	}
	return all
}

// setAlter changes the pages that are forwarded from now on.
func (o *observer) setAlter(alter func(http.Header, string) string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.alter = alter
}
