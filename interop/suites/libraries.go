package main

// library is one whose tests are run. Its tests come from the module cache, or from GOROOT if it has no module.
type library struct {
	name     string
	module   string // with its version
	packages []string
}

// libraries are those that issue requests through an http.Client.
var libraries = []library{
	{"net/http", "", []string{"net/http"}},
	{"net/http/httputil", "", []string{"net/http/httputil"}},
	{"x/net/http2", "golang.org/x/net@v0.62.0", []string{"./http2"}},
	{"resty", "github.com/go-resty/resty/v2@v2.17.2", []string{"."}},
	{"go-retryablehttp", "github.com/hashicorp/go-retryablehttp@v0.7.8", []string{"."}},
	{"connect-go", "connectrpc.com/connect@v1.21.1", []string{"."}},
	{"go-github", "github.com/google/go-github/v75@v75.0.0", []string{"./github"}},
	{"client-go", "k8s.io/client-go@v0.37.2", []string{"./rest", "./rest/watch", "./transport", "./discovery", "./dynamic"}},
	{"coder/websocket", "github.com/coder/websocket@v1.8.15", []string{".", "./wsjson"}},
	{"minio-go", "github.com/minio/minio-go/v7@v7.4.1", []string{"."}},
	{"elastic-transport", "github.com/elastic/elastic-transport-go/v8@v8.11.0", []string{"./elastictransport"}},
}
