package endurance

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/net/websocket"

	"github.com/alf-go/alf/interop/sidecar"
)

// errElsewhere is about a request that the proxy has not taken: its caller may send it to another one.
var errElsewhere = errors.New("not taken")

// errUnauthorized is about a request whose token was refused, and which was not sent again.
var errUnauthorized = errors.New("401")

// client sends requests to one proxy over its Unix socket.
type client struct {
	socket       string
	http1, http2 *http.Client
}

func newClient(socket string) *client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, "unix", socket)
		if err != nil {
			err = fmt.Errorf("%w: %w", errElsewhere, err)
		}
		return conn, err
	}
	h2c := new(http.Protocols)
	h2c.SetUnencryptedHTTP2(true)
	return &client{
		socket: socket,
		http1:  &http.Client{Transport: &http.Transport{DialContext: dial, MaxIdleConnsPerHost: 64}},
		http2:  &http.Client{Transport: &http.Transport{DialContext: dial, Protocols: h2c}},
	}
}

func (c *client) close() {
	c.http1.CloseIdleConnections()
	c.http2.CloseIdleConnections()
}

// do sends a request, and returns a response with status 200.
func do(by *http.Client, r *http.Request) (*http.Response, error) {
	response, err := by.Do(r)
	if err != nil {
		return nil, err
	}
	switch {
	case response.StatusCode == http.StatusOK:
		return response, nil
	case response.Header.Get("Alf-Error") == "draining":
		err = errElsewhere
	case response.StatusCode == http.StatusUnauthorized:
		err = errUnauthorized
	default:
		text, _ := io.ReadAll(response.Body)
		err = fmt.Errorf("%s %s: %s", response.Status, response.Header.Get("Alf-Error"), bytes.TrimSpace(text))
	}
	_ = response.Body.Close()
	return nil, err
}

// echo sends a request whose body comes back.
func echo(ctx context.Context, by *http.Client, method, body string) error {
	r, err := http.NewRequestWithContext(ctx, method, "http://localhost/echo", strings.NewReader(body))
	if err != nil {
		return err
	}
	return expect(by, r, body)
}

// letters is a text that is not the same each time.
func letters(n int) string { return strings.Repeat(string(rune('a'+rand.IntN(26))), n) }

// expect sends a request whose response's body is known.
func expect(by *http.Client, r *http.Request, expected string) error {
	response, err := do(by, r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err == nil && string(text) != expected {
		err = fmt.Errorf("%s %s: %d bytes of response, expected %d: %.80q", r.Method, r.URL.Path, len(text), len(expected), text)
	}
	return err
}

// kind is a kind of request.
type kind struct {
	name    string
	workers int
	pause   time.Duration
	large   bool // its body is too large to be sent again after a 401 (C4)
	send    func(ctx context.Context, c *client) error
}

// kinds are the load.
var kinds = []kind{
	{"GET over HTTP/1.1", 4, 20 * time.Millisecond, false, func(ctx context.Context, c *client) error {
		return echo(ctx, c.http1, "GET", "")
	}},
	{"POST of 1 KB over HTTP/1.1", 4, 25 * time.Millisecond, false, func(ctx context.Context, c *client) error {
		return echo(ctx, c.http1, "POST", letters(1<<10))
	}},
	{"GET over HTTP/2", 2, 25 * time.Millisecond, false, func(ctx context.Context, c *client) error {
		return echo(ctx, c.http2, "GET", "")
	}},
	{"POST of 16 KB over HTTP/2", 2, 40 * time.Millisecond, false, func(ctx context.Context, c *client) error {
		return echo(ctx, c.http2, "POST", letters(16<<10))
	}},
	{"gRPC, unary", 2, 30 * time.Millisecond, false, unary},
	{"gRPC, a stream of 10 messages", 1, 200 * time.Millisecond, false, stream},
	{"upload of 1 MB, chunked", 1, 400 * time.Millisecond, true, upload},
	{"20 server-sent events in a second", 2, 100 * time.Millisecond, false, events},
	{"websocket of 10 messages in a second", 2, 100 * time.Millisecond, false, messages},
}

func grpcRequest(ctx context.Context, method string, body io.Reader) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, "POST", "http://localhost/echo.Echo/"+method, body)
	if err == nil {
		r.Header.Set("Content-Type", "application/grpc")
		r.Header.Set("Te", "trailers")
	}
	return r, err
}

// grpcStatus reads a response to its end. What the proxy has not taken is UNAVAILABLE with its Alf-Error.
func grpcStatus(response *http.Response) error {
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	status, message := response.Trailer.Get("Grpc-Status"), response.Trailer.Get("Grpc-Message")
	if status == "" {
		status, message = response.Header.Get("Grpc-Status"), response.Header.Get("Grpc-Message")
	}
	switch {
	case status == "0":
		return nil
	case response.Header.Get("Alf-Error") == "draining":
		return errElsewhere
	case status == "16":
		return errUnauthorized
	}
	return fmt.Errorf("grpc-status %q: %s", status, message)
}

func unary(ctx context.Context, c *client) error {
	content := []byte("hello")
	r, err := grpcRequest(ctx, "Unary", bytes.NewReader(sidecar.Message(content)))
	if err != nil {
		return err
	}
	response, err := do(c.http2, r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	message, err := sidecar.ReadMessage(response.Body)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	if err := grpcStatus(response); err != nil {
		return err
	}
	if !bytes.Equal(message, content) {
		return fmt.Errorf("the message came back as %q", message)
	}
	return nil
}

// stream sends a message once the former one has come back.
func stream(ctx context.Context, c *client) error {
	body, out := io.Pipe()
	defer func() { _ = out.Close() }()
	r, err := grpcRequest(ctx, "Stream", body)
	if err != nil {
		return err
	}
	first := make(chan error, 1)
	go func() {
		_, err := out.Write(sidecar.Message([]byte("message 0")))
		first <- err
	}()
	response, err := do(c.http2, r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	if response.Header.Get("Grpc-Status") != "" {
		return grpcStatus(response)
	}
	if err := <-first; err != nil {
		return err
	}
	for i := range 10 {
		content := fmt.Sprint("message ", i)
		if i > 0 {
			if _, err := out.Write(sidecar.Message([]byte(content))); err != nil {
				return err
			}
		}
		message, err := sidecar.ReadMessage(response.Body)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if string(message) != content {
			return fmt.Errorf("message %d came back as %q", i, message)
		}
		pass(ctx, 20*time.Millisecond)
	}
	_ = out.Close()
	return grpcStatus(response)
}

func upload(ctx context.Context, c *client) error {
	content := bytes.Repeat([]byte{byte(rand.IntN(256))}, 1<<20)
	sum := sha256.Sum256(content)
	// A length that net/http does not know makes it send chunks.
	body := func() io.ReadCloser { return io.NopCloser(io.MultiReader(bytes.NewReader(content))) }
	r, err := http.NewRequestWithContext(ctx, "PUT", "http://localhost/upload", body())
	if err != nil {
		return err
	}
	r.GetBody = func() (io.ReadCloser, error) { return body(), nil } // for a connection that was closed before
	return expect(c.http1, r, fmt.Sprintf("%d %s\n", len(content), hex.EncodeToString(sum[:])))
}

func events(ctx context.Context, c *client) error {
	r, err := http.NewRequestWithContext(ctx, "GET", "http://localhost/events?n=20&ms=50", nil)
	if err != nil {
		return err
	}
	response, err := do(c.http1, r)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }()
	got := 0
	for lines := bufio.NewScanner(response.Body); ; {
		if !lines.Scan() {
			if err := lines.Err(); err != nil {
				return fmt.Errorf("after %d events: %w", got, err)
			}
			break
		}
		if strings.HasPrefix(lines.Text(), "data: ") {
			got++
		}
	}
	if got != 20 {
		return fmt.Errorf("%d events of 20", got)
	}
	return nil
}

func messages(ctx context.Context, c *client) error {
	conn, err := new(net.Dialer).DialContext(ctx, "unix", c.socket)
	if err != nil {
		return fmt.Errorf("%w: %w", errElsewhere, err)
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	config, err := websocket.NewConfig("ws://localhost/socket", "http://localhost")
	if err != nil {
		return err
	}
	ws, err := websocket.NewClient(config, conn)
	if err != nil {
		return err
	}
	for i := range 10 {
		sent, got := fmt.Sprint("message ", i), ""
		if err := websocket.Message.Send(ws, sent); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if err := websocket.Message.Receive(ws, &got); err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		if got != sent {
			return fmt.Errorf("%q came back as %q", sent, got)
		}
		pass(ctx, 100*time.Millisecond)
	}
	return ws.Close()
}
