package main

// library is one whose tests are run. Its tests come from the module cache, or from GOROOT if it has no module.
type library struct {
	name     string
	module   string // with its version
	packages []string
	skip     string  // a regular expression of tests that mean nothing here
	timed    string  // one of tests that measure real time, and fail on a busy machine in every way
	seam     *seam   // for one that sends requests without an http.Client
	around   string  // why tests fail over any transport around net/http's
	known    []known // what fails over alf's transport, and is to
}

// seam is what a file of a library has in one place or more, and what it becomes.
type seam struct{ file, old, new string }

// known is a set of tests that fail over alf's transport and over no other, by contract.
type known struct {
	tests string // a regular expression for the whole name, without the package
	why   string
}

// skipInNetHTTP are tests that never end over any other transport, since they hand the very request they sent to the
// http.Transport (CancelRequest), or wait until that alone has let go of the body; and tests that build net/http and
// send nothing.
const skipInNetHTTP = "^(TestTransportCancelRequest.*|TestTransportAndServerSharedBodyRace|TestOmitHTTP2.*)$"

// noHost is why tests fail that hand a transport of their own a URL of a path alone.
const noHost = "a URL without scheme and host is refused before a base transport sees it (C6)"

// libraries are those that issue requests through an http.Client or a transport of their own.
var libraries = []library{
	{name: "net/http", packages: []string{"net/http"}, skip: skipInNetHTTP, known: []known{{
		tests: "(TestFileTransport|TestFileTransportFS|TestTransportAltProto|TestAltProtoCancellation).*",
		why:   "a scheme other than http and https is refused before a base transport sees it (C7)",
	}, {
		tests: "TestTransportRequestWriteRoundTrip/h1/file,_length",
		why:   "after a 401, a file whose length is known is sent again from memory, and not by sendfile (C4)",
	}}},
	{name: "net/http/httputil", packages: []string{"net/http/httputil"},
		around: "the one prints the headers that arrive, the other calls CancelRequest of the http.Transport with the request it sent"},
	{name: "x/net/http2", module: "golang.org/x/net@v0.62.0", packages: []string{"./http2"}},
	{name: "resty", module: "github.com/go-resty/resty/v2@v2.17.2", packages: []string{"."}, timed: "TestClientRetryWait.*",
		around: "they look for an Authorization of their own, in whose place the token is sent"},
	{name: "go-retryablehttp", module: "github.com/hashicorp/go-retryablehttp@v0.7.8", packages: []string{"."}},
	{name: "connect-go", module: "connectrpc.com/connect@v1.21.1", packages: []string{"."}, known: []known{{
		tests: "TestHandlerWithRequestGate.*",
		why:   "the test's own handler responds with 401, and counts its calls: the retry is what alf is for (C3)",
	}}},
	{name: "go-github", module: "github.com/google/go-github/v75@v75.0.0", packages: []string{"./github"}},
	{name: "client-go", module: "k8s.io/client-go@v0.37.2", packages: []string{"./rest", "./rest/watch", "./transport"}, known: []known{{
		tests: "Test(RequestWatch|RequestStream|ConnectionResetByPeerIsRetried|Request(Do|DoRaw|Stream|Watch|Concurrency)?WithRetry|RequestLogging).*",
		why:   noHost,
	}}},
	{name: "coder/websocket", module: "github.com/coder/websocket@v1.8.15", packages: []string{".", "./wsjson"}},
	{name: "minio-go", module: "github.com/minio/minio-go/v7@v7.4.1", packages: []string{"."}, timed: "TestRetry(Timer|Continuous).*"},
	{name: "elastic-transport", module: "github.com/elastic/elastic-transport-go/v8@v8.11.0", packages: []string{"./elastictransport"},
		seam: &seam{"elastictransport/elastictransport.go", "c.transport.RoundTrip", "http.WrapTransport(c.transport).RoundTrip"},
		known: []known{{
			tests: "(TestDiscovery/Role_based|TestMaxRetries|TestNewClientTransport/Custom|TestRequestCompression|TestTransport/Custom|TestWithInterceptors|TestWithTransport).*",
			why:   noHost,
		}}},
	{name: "google-api-go-client", module: "google.golang.org/api@v0.315.0", packages: []string{"./internal/gensupport", "./googleapi"}},
	{name: "go-containerregistry", module: "github.com/google/go-containerregistry@v0.22.1", packages: []string{"./pkg/v1/remote", "./pkg/v1/remote/transport"}},
	{name: "cloudevents", module: "github.com/cloudevents/sdk-go/v2@v2.16.2", packages: []string{"./protocol/http"}},
	{name: "aws-sdk-go-v2, S3 manager", module: "github.com/aws/aws-sdk-go-v2/feature/s3/manager@v1.23.24", packages: []string{"."}},
}
