package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/interop"
	testgrpc "google.golang.org/grpc/interop/grpc_testing"

	"github.com/alf-go/alf/internal/fleet"
	"github.com/alf-go/alf/internal/subprocess"
	"github.com/alf-go/alf/sim"
)

// proxied is upstreams, proxies before them, and what asks them.
type proxied struct {
	programs map[string]string
	files    *proxyFiles
	kit      *sim.Server
	calls    *grpc.Server
	starter  *subprocess.Starter
	running  map[string]*exec.Cmd
}

// lookProxies finds the programs; an error names those that are missing.
func lookProxies() (map[string]string, error) {
	programs := make(map[string]string)
	var missing []string
	for _, name := range []string{"nginx", "haproxy", "wrk"} {
		path, err := exec.LookPath(name)
		if err != nil {
			path, err = exec.LookPath("/usr/sbin/" + name)
		}
		if err != nil {
			missing = append(missing, name)
		}
		programs[name] = path
	}
	if missing != nil {
		return nil, fmt.Errorf("%s not installed: bench/install.sh does that", strings.Join(missing, ", "))
	}
	return programs, nil
}

// startProxied starts everything.
func startProxied(programs map[string]string) (*proxied, error) {
	dir, err := os.MkdirTemp("", "bench-proxy-")
	if err != nil {
		return nil, err
	}
	p := &proxied{programs: programs, files: &proxyFiles{dir: dir}, kit: sim.New(sim.Options{Generous: true}), starter: subprocess.NewStarter(), running: make(map[string]*exec.Cmd)}
	if err := p.start(); err != nil {
		p.close()
		return nil, err
	}
	return p, nil
}

func (p *proxied) start() error {
	if err := os.Chmod(p.files.dir, 0o755); err != nil {
		return err
	}
	if err := p.kit.Start(); err != nil {
		return err
	}
	secret, err := p.kit.Config().ClientSecret(context.Background())
	if err != nil {
		return err
	}
	ports := &p.files.ports
	for _, port := range []*int{
		&ports.plain, &ports.tls, &ports.grpc, &ports.nginx, &ports.nginxTLS, &ports.nginxGRPC,
		&ports.haproxy, &ports.haproxyTLS, &ports.haproxyGRPC, &ports.alf,
	} {
		if *port, err = p.freePort(); err != nil {
			return err
		}
	}
	if err := p.files.writeAll(p.kit, secret); err != nil {
		return err
	}
	if err := p.files.write("report.lua", wrkReport); err != nil {
		return err
	}
	program, err := buildProgram(p.files.dir)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", ports.grpc))
	if err != nil {
		return err
	}
	p.calls = grpc.NewServer(grpc.MaxConcurrentStreams(1 << 20))
	testgrpc.RegisterTestServiceServer(p.calls, interop.NewTestServer())
	go func() { _ = p.calls.Serve(listener) }() // nil after Stop
	nginx, dir := p.programs["nginx"], p.files.dir
	for _, s := range []struct {
		name    string
		ports   []int
		command []string
	}{
		{"the upstream", []int{ports.plain, ports.tls}, []string{nginx, "-p", dir, "-e", "upstream.log", "-c", "upstream.conf"}},
		{"nginx", []int{ports.nginx, ports.nginxTLS, ports.nginxGRPC}, []string{nginx, "-p", dir, "-e", "nginx.log", "-c", "nginx.conf"}},
		{"haproxy", []int{ports.haproxy, ports.haproxyTLS, ports.haproxyGRPC}, []string{p.programs["haproxy"], "-q", "-f", p.files.path("haproxy.cfg")}},
		{"alf proxy", []int{ports.alf}, []string{program, "proxy", "--config", p.files.path("alf.json")}},
	} {
		if err := p.startServer(s.name, s.ports, s.command); err != nil {
			return err
		}
	}
	return nil
}

// startServer returns when all ports are open.
func (p *proxied) startServer(name string, ports []int, command []string) error {
	cmd := exec.Command(command[0], command[1:]...)
	var said strings.Builder
	cmd.Stderr = &said
	if err := p.starter.Start(cmd); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	p.running[name] = cmd
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, port := range ports {
		open := func() bool {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err != nil {
				return false
			}
			_ = c.Close()
			return true
		}
		if err := fleet.Until(ctx, name+" listens", open); err != nil {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			delete(p.running, name)
			return fmt.Errorf("%w: %s", err, said.String())
		}
	}
	return nil
}

// freePort is one below those that systems give to clients.
func (p *proxied) freePort() (int, error) {
	for range 100 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = listener.Close()
			return port, nil
		}
	}
	return 0, fmt.Errorf("no port is free between %d and %d", firstPort, lastPort)
}

// close ends all of it. nginx ends its workers when it is told to.
func (p *proxied) close() {
	for _, cmd := range p.running {
		_ = cmd.Process.Signal(os.Interrupt)
		ended := make(chan struct{})
		go func() { defer close(ended); _ = cmd.Wait() }()
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			_ = cmd.Process.Kill()
			<-ended
		}
	}
	if p.calls != nil {
		p.calls.Stop()
	}
	p.kit.Close()
	p.starter.Close()
	_ = os.RemoveAll(p.files.dir)
}

// peakMemory is the most memory that a process has had, where the system says that.
func peakMemory(pid int) (bytes float64, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(text)) {
		if n, err := fmt.Sscanf(line, "VmHWM: %f kB", &bytes); n == 1 && err == nil {
			return bytes * 1024, true
		}
	}
	return 0, false
}
