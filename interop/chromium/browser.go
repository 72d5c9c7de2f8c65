// Package chromium drives Debian's Chromium, without a window, by the DevTools protocol
// (https://chromedevtools.github.io/devtools-protocol/).
//
// The protocol is spoken over a pipe: there is no port that others could connect to, and the browser ends with the
// process that started it. Few of its commands are needed, and a library that has all of them is far larger than the
// module of these tests.
package chromium

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/alf-go/alf/interop/child"
)

// Browser is a running browser. Its methods are safe for concurrent use.
type Browser struct {
	child   *child.Process
	conn    *conn
	context string // that of all pages
}

// flags keep the browser from requests of its own, and from what a machine without a screen does not have. There is no
// sandbox, because that takes rights which a container rarely has: only pages of the tests are loaded. What the browser
// requests all the same goes to a port that no server has.
var flags = []string{
	"--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
	"--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
	"--disable-sync", "--disable-extensions", "--disable-default-apps", "--disable-domain-reliability",
	"--disable-client-side-phishing-detection", "--disable-breakpad", "--disable-search-engine-choice-screen",
	"--password-store=basic", "--use-mock-keychain", "--metrics-recording-only", "--no-pings",
	"--disable-features=OptimizationHints,MediaRouter,Translate,NetworkTimeServiceQuerying,AutofillServerCommunication,PreconnectToSearch",
	"--allow-browser-signin=false", "--proxy-server=http://127.0.0.1:1",
	"about:blank", // not the start page, which Debian has on the Internet
}

// Start starts a browser that keeps its files in dir. Every request of its pages goes to the HTTP proxy at the address
// proxy, those to this machine included.
func Start(ctx context.Context, dir, proxy string) (*Browser, error) {
	commands, toBrowser, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fromBrowser, responses, err := os.Pipe()
	if err != nil {
		_, _ = commands.Close(), toBrowser.Close()
		return nil, err
	}
	args := append([]string{"--remote-debugging-pipe", "--user-data-dir=" + filepath.Join(dir, "profile")}, flags...)
	cmd := exec.Command(child.Find(program), args...)
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_CONFIG_HOME="+dir, "XDG_CACHE_HOME="+dir, "TMPDIR="+dir)
	cmd.ExtraFiles = []*os.File{commands, responses} // 3 and 4, which the flag --remote-debugging-pipe names
	process, err := child.Start(cmd, func(string) {})
	_, _ = commands.Close(), responses.Close()
	if err != nil {
		_, _ = toBrowser.Close(), fromBrowser.Close()
		return nil, err
	}
	b := &Browser{child: process, conn: newConn(fromBrowser, toBrowser)}
	if err := b.separate(ctx, proxy); err != nil {
		b.Close()
		return nil, fmt.Errorf("chromium does not start: %w\n%s", err, process.Said())
	}
	return b, nil
}

// separate makes the context of the pages, whose proxy is not that of the browser's own requests.
func (b *Browser) separate(ctx context.Context, proxy string) error {
	var made struct {
		ID string `json:"browserContextId"`
	}
	err := b.conn.call(ctx, "", "Target.createBrowserContext", object{
		"proxyServer": "http://" + proxy, "proxyBypassList": "<-loopback>",
	}, &made)
	b.context = made.ID
	return err
}

// endTime is how long the browser may take to end by itself.
const endTime = 20 * time.Second

// Close ends the browser, and waits for it.
func (b *Browser) Close() {
	b.conn.close()
	select {
	case <-b.child.Done():
		_ = b.child.Wait()
	case <-time.After(endTime):
		b.child.Kill()
	}
	b.conn.wait()
}
