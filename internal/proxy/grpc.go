package proxy

import (
	"net/http"
	"strings"

	"github.com/alf-go/alf"
)

// unauthenticated is the gRPC status that rejects a token (statuscodes of gRPC: UNAUTHENTICATED).
const unauthenticated = "16"

// rejectedBy is the rule by which a response rejects its token: that of the client's configuration, by default every
// 401 that alf counts; and a gRPC response that consists of trailers alone and says UNAUTHENTICATED. Once a message has
// arrived, the call cannot be made again.
func rejectedBy(rule func(*http.Response) bool) func(*http.Response) bool {
	if rule == nil {
		rule = alf.RejectsToken
	}
	return func(resp *http.Response) bool { return isUnauthenticated(resp) || rule(resp) }
}

func isUnauthenticated(resp *http.Response) bool {
	if resp.StatusCode != http.StatusOK {
		return false
	}
	return consistsOfTrailers(resp.Header) && resp.Header["Grpc-Status"][0] == unauthenticated
}

// consistsOfTrailers reports whether a gRPC response has no message: its head has the status, and is its end as well.
func consistsOfTrailers(header http.Header) bool {
	return len(header["Grpc-Status"]) > 0 && isGRPC(header)
}

func isGRPC(header http.Header) bool {
	kind := header["Content-Type"]
	return len(kind) > 0 && strings.HasPrefix(kind[0], "application/grpc")
}
