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

// recorder is the HTTP proxy of the browser: all that its pages can reach. It forwards requests to the admin listener,
// and refuses all others. It sees also what the DevTools protocol has no event for, such as a request for an icon.
type recorder struct {
	server *httptest.Server
	admin  string

	mu    sync.Mutex
	asked []string
	alter func(http.Header, string) string // changes pages; nil: leaves them as they are
}

func record(t *testing.T, admin string) *recorder {
	r := &recorder{admin: admin}
	r.server = httptest.NewServer(r)
	t.Cleanup(r.server.Close)
	return r
}

func (r *recorder) address() string { return r.server.Listener.Addr().String() }

// ServeHTTP forwards a request, or refuses it.
func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	r.asked = append(r.asked, request.Method+" "+request.RequestURI)
	alter := r.alter
	r.mu.Unlock()
	if request.URL.Host != r.admin {
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
func (r *recorder) requests() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := r.asked
	r.asked = nil
	for i := range all {
		all[i] = strings.Replace(all[i], "http://"+r.admin, "", 1)
	}
	return all
}

// setAlter changes the pages that are forwarded from now on.
func (r *recorder) setAlter(alter func(http.Header, string) string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.alter = alter
}
