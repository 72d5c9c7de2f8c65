package main

import (
	"context"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"
)

// commands is the program itself, run again and again by a shell: each time a token request over TLS on the loopback
// address, or the token from the file store. How long a program takes that does nothing is part of both.
func (f *figures) commands(s *sheet) error {
	dir, err := os.MkdirTemp("", "bench-alf-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	program, err := buildProgram(dir)
	if err != nil {
		s.note("The program was not measured: " + err.Error() + ".")
		return nil
	}
	var requests atomic.Int64
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		n := requests.Add(1)
		value := fmt.Sprintf("%d-%s", n, strings.Repeat("x", tokenSize))[:tokenSize]
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, value)
	}))
	defer server.Close()
	authorities := filepath.Join(dir, "ca.pem")
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(authorities, certificate, 0o600); err != nil {
		return err
	}
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte("a secret of some length"), 0o600); err != nil {
		return err
	}
	token := []string{
		"token", "--config", "", "--token-url", server.URL + "/token", "--client-id", "bench", "--client-secret-file", secret, "--ca-file", authorities,
	}
	var failed error
	run := func(args ...string) trial {
		return func() float64 {
			took, err := runProgram(program, args)
			if err != nil && failed == nil {
				failed = err
			}
			return float64(took)
		}
	}
	withStore := append(token, "--store", filepath.Join(dir, "tokens"))
	if run(withStore...)(); failed != nil { // the request that fills the store
		return failed
	}
	filled := requests.Load()
	samples := interleave(f.b.rounds(31), f.step("alf token"), run("--version"), run(token...), run(withStore...))
	if failed != nil {
		return failed
	}
	nothing, without, with := samples[0], samples[1], samples[2]
	made := int(requests.Load()-filled) - len(without)
	net := func(s sample) (own sample) {
		for i := range s {
			own = append(own, s[i]-nothing[i])
		}
		return own
	}
	ownWith, ownWithout := max(0, net(with).median()), max(0, net(without).median())
	over := with.over(without)
	s.row(readTable, 1, "alf token, all of it", inTime(with.median()), inTime(without.median()), ratio(over.median()))
	s.row(readTable, 2, "without the "+inTime(nothing.median())+" that alf --version takes", inTime(ownWith), inTime(ownWithout), ratio(ownWith/ownWithout))
	if ownWith > 0.5*ownWithout {
		s.note("About a third of the time of `alf token` with a store is that in which it reads the system's authorities, to which --ca-file adds one, although no connection is made; what the token request itself takes is little on the loopback address.")
	}
	s.aim(ownWith <= 0.5*ownWithout, "alf token with a store takes half the time of a token request over TLS, the start of a program aside",
		fmt.Sprintf("%s; all of it: %s", ratio(ownWith/ownWithout), ratio(over.median())))
	s.promise(made == 0, "alf token with a store, again and again: no token request after the first", count(made))
	return nil
}

// buildTime is how long the program may take to build.
const buildTime = 2 * time.Minute

// buildProgram builds the program. It is the one beside this directory.
func buildProgram(dir string) (path string, err error) {
	path = filepath.Join(dir, "alf")
	ctx, cancel := context.WithTimeout(context.Background(), buildTime)
	defer cancel()
	build := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/alf")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build ./cmd/alf, in the directory above this one, failed (%w): %s", err, strings.TrimSpace(string(out)))
	}
	return path, nil
}

// runProgram is one run of the program.
func runProgram(program string, args []string) (took time.Duration, err error) {
	cmd := exec.Command(program, args...)
	var said strings.Builder
	cmd.Stderr = &said
	began := time.Now()
	err = cmd.Run()
	took = time.Since(began)
	if err != nil {
		err = fmt.Errorf("alf %s: %w: %s", args[0], err, said.String())
	}
	return took, err
}
