package proxy_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/proxy"
)

// listening is a configuration of listeners alone.
func listening(addresses ...string) proxy.Config {
	cfg := proxy.Config{DrainTime: time.Second, Log: slog.New(slog.DiscardHandler)}
	for _, address := range addresses {
		cfg.Listeners = append(cfg.Listeners, proxy.Listener{Address: address})
	}
	return cfg
}

func TestX2_X3_UnixSockets(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes and inodes of sockets are those of Unix")
	}
	folder := t.TempDir()
	path := filepath.Join(folder, "s")
	stale, err := net.Listen("unix", path)
	require.NoError(t, err)
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()

	p, err := proxy.New(listening("unix:" + path))
	require.NoError(t, err, "what is left of a process that has ended is replaced")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	_, err = proxy.New(listening("unix:" + path))
	require.ErrorContains(t, err, "uses the socket: end it")

	wide := listening("unix:" + path)
	wide.Listeners[0].Mode = 0o660
	require.NoError(t, p.Reload(wide))
	info, err = os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o660), info.Mode().Perm())

	require.NoError(t, p.Close())
	_, err = os.Lstat(path)
	require.ErrorIs(t, err, os.ErrNotExist)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, entries, "nothing temporary is left")
}

func TestX3_AnotherProcessesSocketIsNotRemoved(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a socket in use cannot be replaced")
	}
	path := filepath.Join(t.TempDir(), "s")
	p, err := proxy.New(listening("unix:" + path))
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	other, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer other.Close()
	wide := listening("unix:" + path)
	wide.Listeners[0].Mode = 0o666
	require.ErrorContains(t, p.Reload(wide), "replaced by another process")
	require.NoError(t, p.Close())
	_, err = os.Lstat(path)
	require.NoError(t, err)
}

func TestX3_ListenersThatCannotBeOpened(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	used, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer used.Close()
	for address, want := range map[string]string{
		"unix:" + file: "no socket: remove it",
		"unix:" + filepath.Join(folder, "none", "s"):              "does not exist: create it",
		"unix:" + filepath.Join(folder, strings.Repeat("x", 100)): "too long",
		used.Addr().String(): "in use",
		"192.0.2.1:8480":     "does not have the address",
		"systemd:orders":     "start the proxy by its .socket unit",
	} {
		free := filepath.Join(folder, "free")
		_, err := proxy.New(listening("unix:"+free, address))
		require.ErrorContains(t, err, want, address)
		require.ErrorContains(t, err, "listener "+address)
		_, err = os.Lstat(free)
		require.ErrorIs(t, err, os.ErrNotExist, "those that were opened before are closed")
	}
}

// TestMain is also the process that systemd would start: with sockets from descriptor 3 on.
func TestMain(m *testing.M) {
	if os.Getenv("PROXY_TEST_ACTIVATED") == "" {
		os.Exit(m.Run())
	}
	// The parent cannot know the process's number in advance, as systemd does between fork and exec.
	if os.Getenv("LISTEN_PID") == "self" {
		os.Setenv("LISTEN_PID", fmt.Sprint(os.Getpid()))
	}
	cfg := listening(strings.Fields(os.Getenv("PROXY_TEST_ACTIVATED"))...)
	for i := range cfg.Listeners {
		cfg.Listeners[i].AllowLocalUsers = os.Getenv("PROXY_TEST_ALLOW") != ""
	}
	p, err := proxy.New(cfg)
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(0)
	}
	// What is inherited is for this process alone.
	fmt.Printf("open %q\n", os.Getenv("LISTEN_FDS")+os.Getenv("NOTIFY_SOCKET"))
	if err := errors.Join(p.Reload(listening()), p.Reload(cfg), p.Close()); err != nil {
		fmt.Println("error:", err)
	}
	os.Exit(0)
}

// activate starts the process with sockets, and returns what it prints.
func activate(t *testing.T, pid, names string, listeners string, sockets []net.Listener, more ...string) string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	for _, l := range sockets {
		file, err := l.(interface{ File() (*os.File, error) }).File()
		require.NoError(t, err)
		defer file.Close()
		cmd.ExtraFiles = append(cmd.ExtraFiles, file)
	}
	cmd.Env = append(os.Environ(), "PROXY_TEST_ACTIVATED="+listeners, fmt.Sprint("LISTEN_FDS=", len(sockets)), "LISTEN_PID="+pid, "LISTEN_FDNAMES="+names)
	cmd.Env = append(cmd.Env, more...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	return string(out)
}

func TestX3_SocketsOfSystemd(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no systemd")
	}
	path := filepath.Join(t.TempDir(), "s")
	unix, err := net.Listen("unix", path)
	require.NoError(t, err)
	defer unix.Close()
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer tcp.Close()
	sockets := []net.Listener{unix, tcp}

	require.Equal(t, "open \"\"\n", activate(t, "self", "orders:stock", "systemd:orders", sockets))
	_, err = os.Lstat(path)
	require.NoError(t, err, "the path is systemd's")
	require.Contains(t, activate(t, "self", "orders:stock", "systemd:stock", sockets), "every user of this machine")
	require.Equal(t, "open \"\"\n", activate(t, "self", "orders:stock", "systemd:orders systemd:stock", sockets, "PROXY_TEST_ALLOW=1"))
	require.Equal(t, "open \"\"\n", activate(t, "self", "both:both", "systemd:both", sockets, "PROXY_TEST_ALLOW=1"))
	require.Contains(t, activate(t, "self", "orders:stock", "systemd:other", sockets), "there are orders, stock")
	require.Contains(t, activate(t, "1", "orders:stock", "systemd:orders", sockets), "LISTEN_PID")
	require.Contains(t, activate(t, "self", "", "systemd:orders", sockets), "there are unknown")
}

func TestX3_SystemdIsNotified(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no systemd")
	}
	path := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	require.NoError(t, err)
	defer c.Close()
	t.Setenv("NOTIFY_SOCKET", path)
	l := newLab(t, http1, nil, nil)
	read := func() string {
		buf := make([]byte, 4096)
		require.NoError(t, c.SetReadDeadline(time.Now().Add(noLimit)))
		n, err := c.Read(buf)
		require.NoError(t, err)
		return string(buf[:n])
	}
	require.Contains(t, read(), "READY=1\n")
	require.NoError(t, l.proxy.Reload(l.config))
	require.Contains(t, read(), "RELOADING=1")
	require.Contains(t, read(), "READY=1\n")
	require.Error(t, l.proxy.Reload(listening("unix:/no/such/folder/s")))
	require.Contains(t, read(), "RELOADING=1")
	require.Contains(t, read(), "the last reload failed")
	require.Empty(t, os.Getenv("NOTIFY_SOCKET"), "processes that this one starts are not to notify systemd")
}
