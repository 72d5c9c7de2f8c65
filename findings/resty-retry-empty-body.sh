#!/usr/bin/env bash
# Software:    github.com/go-resty/resty/v2 v2.17.2
# Guess:       a POST that resty sends again after a 401, with the new token (AddRetryCondition, as its users do it), has its body
#              again; or, where that cannot be, the 401 is returned.
# Happens:     a body that is an io.Reader is sent again empty, also a bytes.Reader, which could be rewound; of a form with a
#              file, everything but the file's content is sent. The response is a 200. A string is sent whole, and an open file
#              is an error, for it was closed.
# Consequence: the upload that was in flight when the token was revoked is stored empty, and the program is told that all is
#              well. A retry after 401 belongs where the body can be kept, and must refuse what it cannot send whole: below
#              resty, in a RoundTripper; no 401 as a condition of resty's own retries.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

cat > main.go <<'EOF2'
package main

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"time"

	"github.com/go-resty/resty/v2"
)

type silent struct{}

func (silent) Errorf(string, ...any) {}
func (silent) Warnf(string, ...any)  {}
func (silent) Debugf(string, ...any) {}

func main() {
	var stored []string
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var content []byte
		if file, _, err := r.FormFile("report"); err == nil {
			content, _ = io.ReadAll(file)
		} else {
			content, _ = io.ReadAll(r.Body)
		}
		if r.Header.Get("Authorization") != "Bearer new" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		stored = append(stored, string(content))
	}))
	send := func(what string, set func(*resty.Request) *resty.Request) string {
		token := "old"
		client := resty.New().SetDisableWarn(true).SetLogger(silent{}).SetTimeout(10 * time.Second).SetRetryCount(1).SetRetryWaitTime(time.Millisecond).
			OnBeforeRequest(func(_ *resty.Client, r *resty.Request) error {
				r.SetAuthToken(token)
				return nil
			}).
			AddRetryCondition(func(r *resty.Response, _ error) bool { return r != nil && r.StatusCode() == http.StatusUnauthorized }).
			AddRetryHook(func(*resty.Response, error) { token = "new" })
		res, err := set(client.R()).Post(api.URL)
		if err != nil {
			fmt.Printf("%-24s %v\n", what, err)
			return "an error"
		}
		fmt.Printf("%-24s %s, stored: %q\n", what, res.Status(), stored[len(stored)-1])
		return stored[len(stored)-1]
	}
	file, _ := os.Create("report.txt")
	file.WriteString("content")
	open := func() io.Reader { f, _ := os.Open("report.txt"); return f }
	whole := send("a string:", func(r *resty.Request) *resty.Request { return r.SetBody("content") })
	rewindable := send("a bytes.Reader:", func(r *resty.Request) *resty.Request { return r.SetBody(bytes.NewReader([]byte("content"))) })
	opened := send("an open file:", func(r *resty.Request) *resty.Request { return r.SetBody(open()) })
	stream := send("a stream:", func(r *resty.Request) *resty.Request { return r.SetBody(io.MultiReader(strings.NewReader("content"))) })
	form := send("a form with a file:", func(r *resty.Request) *resty.Request {
		return r.SetFileReader("report", "report.txt", strings.NewReader("content"))
	})
	if whole != "content" || rewindable != "" || opened != "an error" || stream != "" || form != "" {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/go-resty/resty/v2@v2.17.2
echo "Guess:   a request that is sent again after a 401 has its body."
echo "Happens: a body that was a reader is empty the second time, and the response a 200 (resty v2.17.2, 2026-11)."
timeout 100 go run .
