//go:build linux

// Package container builds the image of deploy/Containerfile, and runs what is in it as a container runtime does.
package container

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/alf-go/alf/internal/fleet"
	"github.com/alf-go/alf/interop/child"
	"github.com/alf-go/alf/interop/ports"
	"github.com/alf-go/alf/sim"
)

var build = flag.Bool("build", false, "build the image of deploy/Containerfile with buildah, as root, and run it")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// limit is how long anything may take that must not hang, on a busy machine.
const limit = 2 * time.Minute

// user is that of the image, and of the sidecar in deploy/sidecar.yaml.
const user = 65532

// TestX3_Container: the Containerfile builds, the program runs in the image's file system alone, as its user and as
// process 1, trusts the authorities of the image and no others, gets ready, and drains after the image's signal.
func TestX3_Container(t *testing.T) {
	if !*build {
		t.Skip("it takes -build, root and buildah")
	}
	i := newImage(t)
	t.Run("configuration", i.hasConfiguration)
	t.Run("authorities", i.hasAuthorities)
	s := newServers(t)
	ours := s.configure(t, i)

	_, err := i.run(t, "proxy", "validate", "--config", "/etc/alf/proxy.json")
	require.ErrorContains(t, err, "certificate", "no authority of the image has signed it")
	i.trust(t, s.authorization.Certificate())
	out, err := i.run(t, "proxy", "validate", "--config", "/etc/alf/proxy.json")
	require.NoError(t, err, out)

	p, err := child.Start(i.command(i.config.Cmd...), func(string) {})
	require.NoError(t, err)
	t.Cleanup(p.Kill)
	ours.await(t, p, http.StatusOK)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", i.started.Process.Pid))
	require.NoError(t, err)
	require.Contains(t, string(status), fmt.Sprintf("\nUid:\t%d\t%d\t%d\t%d\n", user, user, user, user))
	require.Regexp(t, `\nNSpid:\t\d+\t1\n`, string(status))

	slow, err := ours.get(t, "/slow")
	require.NoError(t, err)
	defer slow.Body.Close()
	require.Equal(t, http.StatusOK, slow.StatusCode, "the head has come, the rest has not")
	require.Equal(t, "SIGTERM", i.config.StopSignal)
	require.NoError(t, p.Signal(syscall.SIGTERM))
	ours.await(t, p, http.StatusServiceUnavailable)
	close(s.release)
	body, err := io.ReadAll(slow.Body)
	require.NoError(t, err)
	require.Equal(t, "the beginning, and the end", string(body))
	select {
	case <-p.Done():
	case <-time.After(limit):
		t.Fatal("it does not end\n" + p.Said())
	}
	require.NoError(t, p.Wait(), p.Said())
}

// image is what buildah has built, with its file system in a directory.
type image struct {
	buildah func(args ...string) string
	root    string
	config  configuration
	started *exec.Cmd // the last one
}

// configuration is what the image says to a runtime.
type configuration struct {
	User, StopSignal     string
	Env, Entrypoint, Cmd []string
}

// newImage builds it from the files of the repository. The image that the build begins with cannot be pulled without a
// network. What takes its place has nothing but the authorities of this machine, and gets this machine's programs, Go
// and its caches as volumes.
func newImage(t *testing.T) *image {
	require.Zero(t, os.Getuid(), "a chroot takes root")
	dir := t.TempDir()
	i := &image{buildah: func(args ...string) string {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), "buildah", append([]string{
			"--storage-driver", "vfs", "--root", filepath.Join(dir, "storage"), "--runroot", filepath.Join(dir, "run"),
		}, args...)...)
		var said bytes.Buffer
		cmd.Stderr = &said
		out, err := cmd.Output()
		require.NoError(t, err, "buildah %s\n%s%s", strings.Join(args, " "), out, said.String())
		return strings.TrimSpace(string(out))
	}}
	base := filepath.Join(dir, "base")
	require.NoError(t, os.Mkdir(base, 0o700))
	authorities, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(base, "ca-certificates.crt"), authorities, 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(base, "Containerfile"), []byte(strings.Join([]string{
		"FROM scratch", "COPY ca-certificates.crt /etc/ssl/certs/", "ENV PATH=" + filepath.Join(env(t, "GOROOT"), "bin") + ":/usr/bin:/bin",
		"ENV HOME=/tmp GOTOOLCHAIN=local GOCACHE=/cache/build GOMODCACHE=/cache/modules GOPROXY=" + env(t, "GOPROXY"),
	}, "\n")), 0o644))
	context := filepath.Join(dir, "repository")
	copyRepository(t, context)
	containerfile := filepath.Join(context, "deploy/Containerfile")
	text, err := os.ReadFile(containerfile)
	require.NoError(t, err)
	from, _, found := strings.Cut(strings.TrimPrefix(string(text[bytes.Index(text, []byte("\nFROM ")):]), "\nFROM "), " AS build\n")
	require.True(t, found)
	i.buildah("build", "--isolation", "chroot", "-f", filepath.Join(base, "Containerfile"), "-t", from, base)
	args := []string{"build", "--isolation", "chroot", "--pull-never", "-f", containerfile, "-t", "alf"}
	for at, source := range map[string]string{
		"/cache/build": env(t, "GOCACHE"), "/cache/modules": env(t, "GOMODCACHE"), "/tmp": t.TempDir(),
	} {
		args = append(args, "-v", source+":"+at)
	}
	for _, at := range []string{"/bin", "/usr", "/lib", "/lib64", env(t, "GOROOT")} {
		if source, err := filepath.EvalSymlinks(at); err == nil {
			args = append(args, "-v", source+":"+at+":ro")
		}
	}
	i.buildah(append(args, context)...)
	var inspected struct {
		OCIv1 struct{ Config configuration }
	}
	require.NoError(t, json.Unmarshal([]byte(i.buildah("inspect", "--type", "image", "alf")), &inspected))
	i.config = inspected.OCIv1.Config
	i.root = i.buildah("mount", i.buildah("from", "--pull-never", "alf"))
	return i
}

func env(t *testing.T, name string) string {
	out, err := exec.CommandContext(t.Context(), "go", "env", name).Output()
	require.NoError(t, err)
	return strings.TrimSpace(string(out))
}

// copyRepository copies what belongs to the repository, as a clone of it has that.
func copyRepository(t *testing.T, to string) {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	list := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	out, err := list.Output()
	require.NoError(t, err)
	for name := range strings.SplitSeq(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		content, err := os.ReadFile(filepath.Join(root, name))
		if os.IsNotExist(err) {
			continue // it was removed, and that is not committed
		}
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(to, name), content, 0o644))
	}
}

// hasConfiguration: what a runtime reads of the image.
func (i *image) hasConfiguration(t *testing.T) {
	require.Equal(t, fmt.Sprintf("%d:%d", user, user), i.config.User)
	require.Equal(t, []string{"/alf"}, i.config.Entrypoint)
	require.Equal(t, []string{"proxy", "--config", "/etc/alf/proxy.json"}, i.config.Cmd)
	for _, variable := range i.config.Env {
		require.Regexp(t, "^PATH=", variable, "nothing of the build is left")
	}
	var files []string
	require.NoError(t, filepath.WalkDir(i.root, func(path string, entry os.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, strings.TrimPrefix(path, i.root))
		}
		return err
	}))
	require.ElementsMatch(t, []string{"/alf", "/etc/ssl/certs/ca-certificates.crt"}, files)
	out, err := i.run(t, "--version")
	require.NoError(t, err, "a program that needs a library does not start: %s", out)
}

// authorities is where Go looks first on Linux (crypto/x509/root_linux.go).
const authorities = "etc/ssl/certs/ca-certificates.crt"

func (i *image) hasAuthorities(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(i.root, authorities))
	require.NoError(t, err)
	n := 0
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		_, err := x509.ParseCertificate(block.Bytes)
		require.NoError(t, err)
		n++
	}
	require.Greater(t, n, 100)
}

// trust adds an authority.
func (i *image) trust(t *testing.T, c *x509.Certificate) {
	f, err := os.OpenFile(filepath.Join(i.root, authorities), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	require.NoError(t, pem.Encode(f, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	require.NoError(t, f.Close())
}

// command is the program as a runtime starts it: in the image's file system, as its user, as process 1.
func (i *image) command(args ...string) *exec.Cmd {
	i.started = &exec.Cmd{
		Path: i.config.Entrypoint[0], Args: append(i.config.Entrypoint[:1:1], args...), Env: i.config.Env, Dir: "/",
		SysProcAttr: &syscall.SysProcAttr{
			Chroot: i.root, Credential: &syscall.Credential{Uid: user, Gid: user}, Cloneflags: syscall.CLONE_NEWPID, Pdeathsig: syscall.SIGKILL,
		},
	}
	return i.started
}

// run runs it to its end. The error has what it printed.
func (i *image) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	out, err := i.command(args...).CombinedOutput()
	if err != nil {
		err = fmt.Errorf("%w\n%s", err, out)
	}
	return string(out), err
}

// servers are an authorization server over TLS and an API.
type servers struct {
	authorization, api *httptest.Server
	release            chan struct{} // to be closed so that /slow ends
}

func newServers(t *testing.T) *servers {
	s := &servers{release: make(chan struct{})}
	kit := sim.New(sim.Options{API: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "the beginning, ")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-s.release:
			_, _ = io.WriteString(w, "and the end")
		case <-r.Context().Done():
		}
	})})
	t.Cleanup(kit.Close)
	s.authorization, s.api = httptest.NewTLSServer(kit), httptest.NewServer(kit)
	t.Cleanup(s.authorization.Close)
	t.Cleanup(s.api.Close)
	return s
}

// addresses are those of the proxy.
type addresses struct {
	proxy, health int
}

// configure writes the configuration to where a volume would have it.
func (s *servers) configure(t *testing.T, i *image) addresses {
	free, err := ports.Find(2)
	require.NoError(t, err)
	at := addresses{free[0], free[1]}
	text, err := json.Marshal(map[string]any{
		"listeners":      []any{map[string]any{"address": fmt.Sprintf("127.0.0.1:%d", at.proxy), "allow_local_users": true}},
		"health_address": fmt.Sprintf("127.0.0.1:%d", at.health),
		"admin_address":  "unix:/run/alf/admin.sock",
		"client": map[string]any{
			"token_url": s.authorization.URL + sim.TokenPath, "client_id": "orders", "client_secret_file": "/etc/alf-secret/client.secret",
		},
		"routes": []any{map[string]any{"path": "/", "upstream": s.api.URL}},
	})
	require.NoError(t, err)
	for _, name := range []string{"etc/alf", "etc/alf-secret", "run/alf"} {
		require.NoError(t, os.MkdirAll(filepath.Join(i.root, name), 0o755))
	}
	require.NoError(t, os.Chown(filepath.Join(i.root, "run/alf"), user, user))
	require.NoError(t, os.WriteFile(filepath.Join(i.root, "etc/alf/proxy.json"), text, 0o644))
	secret := filepath.Join(i.root, "etc/alf-secret/client.secret")
	require.NoError(t, os.WriteFile(secret, []byte("secret\n"), 0o440))
	require.NoError(t, os.Chown(secret, 0, user)) // as fsGroup has it
	return at
}

func get(ctx context.Context, port int, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, "GET", fmt.Sprintf("http://127.0.0.1:%d%s", port, path), nil)
	if err != nil {
		return nil, err
	}
	c := http.Client{Timeout: limit, Transport: &http.Transport{DisableKeepAlives: true}}
	return c.Do(req)
}

func (a addresses) get(t *testing.T, path string) (*http.Response, error) {
	return get(t.Context(), a.proxy, path)
}

// readyz is the status of the probe; 0: there is none.
func (a addresses) readyz(t *testing.T) int {
	resp, err := get(t.Context(), a.health, "/readyz")
	if err != nil {
		return 0
	}
	_ = resp.Body.Close()
	return resp.StatusCode
}

// await waits until the probe has a status.
func (a addresses) await(t *testing.T, p *child.Process, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	require.NoError(t, fleet.Until(ctx, fmt.Sprint("a probe with the status ", status), func() bool { return a.readyz(t) == status }), p.Said())
}
