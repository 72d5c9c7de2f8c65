package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"github.com/alf-go/alf/sim"
)

// The sizes of the responses, and the names under which the upstream has them.
var proxiedSizes = map[string]int{"1k": 1 << 10, "256k": 256 << 10}

// proxyPorts are where everything listens on the loopback address.
type proxyPorts struct {
	plain, tls, grpc    int // the upstreams
	nginx, nginxTLS     int
	nginxGRPC           int
	haproxy, haproxyTLS int
	haproxyGRPC, alf    int
}

// proxyFiles are those that the servers read.
type proxyFiles struct {
	dir   string
	ports proxyPorts
}

func (f *proxyFiles) path(name string) string { return filepath.Join(f.dir, name) }

func (f *proxyFiles) write(name, text string) error {
	return os.WriteFile(f.path(name), []byte(text), 0o600)
}

// certificate writes one for 127.0.0.1 and example.com, with its key.
func (f *proxyFiles) certificate() error {
	secured := httptest.NewTLSServer(nil)
	defer secured.Close()
	pair := secured.TLS.Certificates[0]
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return err
	}
	if err := f.write("certificate.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]}))); err != nil {
		return err
	}
	return f.write("key.pem", string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})))
}

// A token has this length in all of them.
var proxiedToken = strings.Repeat("t", 43)

// nginxCommon is for the upstream and the proxy alike.
const nginxCommon = `
daemon off;
worker_processes 2;
pid %[1]s/%[2]s.pid;
error_log %[1]s/%[2]s.log crit;
events { worker_connections 8192; }
http {
	access_log off;
	keepalive_requests 1000000000;
	keepalive_timeout 300s;
	default_type application/octet-stream;
	client_body_temp_path %[1]s/%[2]s.body;
	proxy_temp_path %[1]s/%[2]s.proxy;
	fastcgi_temp_path %[1]s/%[2]s.fastcgi;
	uwsgi_temp_path %[1]s/%[2]s.uwsgi;
	scgi_temp_path %[1]s/%[2]s.scgi;
`

// writeAll writes everything. The authorization server of alf is kit.
func (f *proxyFiles) writeAll(kit *sim.Server, secret string) error {
	p := f.ports
	if err := f.certificate(); err != nil {
		return err
	}
	if err := os.Mkdir(f.path("bodies"), 0o755); err != nil {
		return err
	}
	for name, size := range proxiedSizes {
		// nginx reads them as another user.
		if err := os.WriteFile(f.path("bodies/"+name), bytes.Repeat([]byte("x"), size), 0o644); err != nil {
			return err
		}
	}
	upstream := fmt.Sprintf(nginxCommon, f.dir, "upstream") + fmt.Sprintf(`
	sendfile on;
	tcp_nopush on;
	open_file_cache max=10;
	root %[1]s/bodies;
	server { listen 127.0.0.1:%[2]d backlog=4096; }
	server { listen 127.0.0.1:%[3]d ssl backlog=4096; ssl_certificate %[1]s/certificate.pem; ssl_certificate_key %[1]s/key.pem; }
}
`, f.dir, p.plain, p.tls)
	proxy := fmt.Sprintf(nginxCommon, f.dir, "nginx") + fmt.Sprintf(`
	proxy_http_version 1.1;
	proxy_set_header Connection "";
	proxy_set_header Authorization "Bearer %[8]s";
	proxy_ssl_verify on;
	proxy_ssl_trusted_certificate %[1]s/certificate.pem;
	proxy_ssl_name example.com;
	proxy_ssl_server_name on;
	grpc_set_header Authorization "Bearer %[8]s";
	upstream plain { server 127.0.0.1:%[2]d; keepalive 512; keepalive_requests 1000000000; }
	upstream secured { server 127.0.0.1:%[3]d; keepalive 512; keepalive_requests 1000000000; }
	upstream calls { server 127.0.0.1:%[4]d; keepalive 512; keepalive_requests 1000000000; }
	server { listen 127.0.0.1:%[5]d backlog=4096; location / { proxy_pass http://plain; } }
	server { listen 127.0.0.1:%[6]d backlog=4096; location / { proxy_pass https://secured; } }
	server { listen 127.0.0.1:%[7]d http2 backlog=4096; http2_max_concurrent_streams 1024; location / { grpc_pass grpc://calls; } }
}
`, f.dir, p.plain, p.tls, p.grpc, p.nginx, p.nginxTLS, p.nginxGRPC, proxiedToken)
	haproxy := fmt.Sprintf(`
global
	nbthread 2
	maxconn 8192
	tune.h2.max-concurrent-streams 1024
defaults
	mode http
	timeout client 300s
	timeout server 300s
	timeout connect 5s
	http-reuse always
frontend plain
	bind 127.0.0.1:%[5]d backlog 4096
	http-request set-header Authorization "Bearer %[8]s"
	default_backend plain
frontend secured
	bind 127.0.0.1:%[6]d backlog 4096
	http-request set-header Authorization "Bearer %[8]s"
	default_backend secured
frontend calls
	bind 127.0.0.1:%[7]d proto h2
	http-request set-header Authorization "Bearer %[8]s"
	default_backend calls
backend plain
	server upstream 127.0.0.1:%[2]d
backend secured
	server upstream 127.0.0.1:%[3]d ssl verify required ca-file %[1]s/certificate.pem sni str(example.com) verifyhost example.com
backend calls
	server upstream 127.0.0.1:%[4]d proto h2
`, f.dir, p.plain, p.tls, p.grpc, p.haproxy, p.haproxyTLS, p.haproxyGRPC, proxiedToken)
	if err := f.write("secret", secret); err != nil {
		return err
	}
	address := func(scheme string, port int) string { return fmt.Sprintf("%s://127.0.0.1:%d/", scheme, port) }
	type object = map[string]any
	alf, err := json.Marshal(object{
		"listeners": []object{{"address": fmt.Sprintf("127.0.0.1:%d", p.alf), "allow_local_users": true}},
		"client":    object{"token_url": kit.TokenURL(), "client_id": kit.Config().ClientID, "client_secret_file": f.path("secret"), "ca_file": f.path("certificate.pem")},
		"routes": []object{
			{"name": "plain", "path": "/plain", "upstream": address("http", p.plain)},
			{"name": "tls", "path": "/tls", "upstream": address("https", p.tls)},
			{"name": "managed", "path": "/managed", "upstream": address("http", p.plain), "authorization": "replace"},
			{"name": "fixed", "path": "/fixed", "upstream": address("http", p.plain), "authorization": "pass"},
			{"name": "calls", "path": "/grpc.testing.TestService", "upstream": strings.TrimSuffix(address("http", p.grpc), "/"), "http2": true},
		},
	})
	if err != nil {
		return err
	}
	for name, text := range map[string]string{"upstream.conf": upstream, "nginx.conf": proxy, "haproxy.cfg": haproxy, "alf.json": string(alf)} {
		if err := f.write(name, text); err != nil {
			return err
		}
	}
	return nil
}
