#!/usr/bin/env bash
# Software:    k8s.io/client-go v0.37.2 (a credential plugin, "exec" in a kubeconfig, over HTTP)
# Guess:       after a 401 the plugin is run again, and the request is sent again with the new token. A plugin's token
#              is not used in the last seconds before its expirationTimestamp.
# Happens:     the plugin is run, and the caller gets the 401; only the next request has the new token. So each request
#              in flight at a revocation fails: 20 of 20 at once, for one run of the plugin. Where each token is
#              refused, each request runs the plugin. A token is used to its end: one of 3 s still after 2.4.
# Consequence: a command that prints a token, used as such a plugin, cannot save the request that found the token dead:
#              its callers retry once on Unauthorized. It reports an expirationTimestamp some seconds early, and shares
#              its tokens between runs, or a forbidden API costs a token request for each call.
# Date:        2026-11. Needs Go. Installs nothing outside a temporary folder and Go's module cache.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }

# The plugin counts its runs, and prints token number N, which lives for as long as the file says.
cat > plugin <<EOF2
#!/usr/bin/env bash
echo run >> '$dir/runs'
n=\$(grep -c run '$dir/runs')
end=\$(date -u -d "+\$(cat '$dir/lifetime') seconds" +%Y-%m-%dT%H:%M:%SZ)
printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%d","expirationTimestamp":"%s"}}' "\$n" "\$end"
EOF2
chmod +x plugin
cat > main.go <<'EOF2'
package main

import (
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/klog/v2"
)

func main() {
	klog.InitFlags(nil)
	flag.Set("logtostderr", "false")
	flag.Set("stderrthreshold", "FATAL")
	dir := os.Args[1]
	runs := func() int {
		data, _ := os.ReadFile(dir + "/runs")
		return strings.Count(string(data), "run")
	}
	var refused atomic.Int32 // tokens up to this number
	var last atomic.Value
	var together atomic.Pointer[sync.WaitGroup]
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		last.Store(r.Header.Get("Authorization"))
		if arrive := together.Load(); arrive != nil { // no response before all twenty are here
			arrive.Done()
			arrive.Wait()
		}
		if n, _ := strconv.Atoi(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")); int32(n) <= refused.Load() {
			w.WriteHeader(http.StatusUnauthorized)
		}
	}))
	config := func(arguments ...string) *http.Client {
		client, err := rest.HTTPClientFor(&rest.Config{Host: server.URL, ExecProvider: &api.ExecConfig{
			Command: dir + "/plugin", Args: arguments, APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: api.NeverExecInteractiveMode,
		}})
		if err != nil {
			panic(err)
		}
		return client
	}
	lifetime := func(seconds string) {
		if err := os.WriteFile(dir+"/lifetime", []byte(seconds), 0o600); err != nil {
			panic(err)
		}
	}
	lifetime("3600")
	client := config()
	get := func() int {
		response, err := client.Get(server.URL)
		if err != nil {
			panic(err)
		}
		response.Body.Close()
		return response.StatusCode
	}
	fmt.Println("a good token:                           ", get(), "runs of the plugin:", runs())
	refused.Store(1)
	first, second := get(), get()
	fmt.Println("revoked, the two next requests:         ", first, second, "runs:", runs())
	refused.Store(2)
	var failed atomic.Int32
	var twenty, arrive sync.WaitGroup
	arrive.Add(20)
	together.Store(&arrive)
	for range 20 {
		twenty.Go(func() {
			if get() == http.StatusUnauthorized {
				failed.Add(1)
			}
		})
	}
	twenty.Wait()
	together.Store(nil)
	burst := runs()
	fmt.Println("revoked, 20 requests at once, failed:   ", failed.Load(), "runs:", burst)
	refused.Store(1000)
	for range 10 {
		get()
	}
	always := runs() - burst
	fmt.Println("every token refused, runs for 10 calls: ", always)

	refused.Store(0)
	lifetime("3")
	for time.Now().Nanosecond() > 50_000_000 { // the plugin's time has no fractions
		time.Sleep(10 * time.Millisecond)
	}
	client = config("again") // other arguments, another cache
	get()
	fresh := last.Load()
	time.Sleep(2400 * time.Millisecond)
	get()
	late := last.Load()
	time.Sleep(time.Second)
	get()
	over := last.Load()
	fmt.Println("token of 3 s, the same after 2.4 s:     ", late == fresh, "- after 3.4 s:", over == fresh)
	if first != 401 || second != 200 || failed.Load() != 20 || burst != 3 || always < 9 || late != fresh || over == fresh {
		fmt.Println("CHANGED: this is not what was seen in 2026-11")
		os.Exit(1)
	}
}
EOF2
quiet go mod init probe
quiet go get k8s.io/client-go@v0.37.2 k8s.io/client-go/rest@v0.37.2
echo "Guess:   a request that finds its token refused is sent again with that of the next run."
echo "Happens: its caller gets the 401, the next request the token (client-go v0.37.2, 2026-11)."
timeout 100 go run . "$dir"
