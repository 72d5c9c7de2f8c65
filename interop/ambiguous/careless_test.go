package ambiguous

import (
	"io"
	"net"
	"strings"
	"sync"
)

// startCareless starts a proxy that looks at nothing: it adds the token behind the first line of whatever comes,
// and forwards the rest as it is. The comparison has to find it.
func startCareless() (*Proxy, error) {
	server, err := NewServer()
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		server.Close()
		return nil, err
	}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { forwardCarelessly(conn, server.Address()) })
		}
	})
	closer := func() {
		_ = listener.Close()
		running.Wait()
	}
	address := listener.Addr().String()
	return &Proxy{Server: server, Address: address, HTTP2: address, closers: []func(){closer}}, nil
}

func forwardCarelessly(caller net.Conn, address string) {
	defer func() { _ = caller.Close() }()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	buffer := make([]byte, 64<<10)
	n, _ := caller.Read(buffer)
	line, rest, _ := strings.Cut(string(buffer[:n]), "\n")
	_, _ = io.WriteString(server, line+"\nAuthorization: Bearer "+Token+"\r\n"+rest)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, _ = io.Copy(caller, server)
	}()
	_, _ = io.Copy(server, caller)
	_ = server.Close()
	<-done
}
