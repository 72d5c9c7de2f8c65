package chromium

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
)

// conn carries commands, their responses and events: JSON texts, each followed by a zero byte.
type conn struct {
	in, out *os.File
	ended   chan struct{} // closed when nothing more can arrive

	mu      sync.Mutex
	last    int                            // number of the last command
	pending map[int]chan message           // commands without a response yet
	events  map[string]func(event message) // by session
}

type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *struct {
		Message string `json:"message"`
		Data    string `json:"data"`
	} `json:"error,omitempty"`
}

var errEnded = errors.New("the browser has ended")

func newConn(in, out *os.File) *conn {
	c := &conn{in: in, out: out, ended: make(chan struct{}), pending: make(map[int]chan message), events: make(map[string]func(message))}
	go c.read()
	return c
}

// read dispatches what arrives, in its order, until the browser has ended.
func (c *conn) read() {
	defer close(c.ended)
	defer func() { _ = c.in.Close() }()
	lines := bufio.NewReader(c.in)
	for {
		text, err := lines.ReadBytes(0)
		if err != nil {
			return
		}
		var m message
		if json.Unmarshal(text[:len(text)-1], &m) != nil {
			return // no text of the protocol: nothing that follows can be relied on
		}
		c.mu.Lock()
		response, event := c.pending[m.ID], c.events[m.Session]
		delete(c.pending, m.ID)
		c.mu.Unlock()
		switch {
		case response != nil:
			response <- m
		case m.ID == 0 && event != nil:
			event(m)
		}
	}
}

// onEvent has f called with each event of a session, one after the other. It must not call commands.
func (c *conn) onEvent(session string, f func(message)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events[session] = f
}

// call sends a command to a session, or to the browser with "", and waits for its result, which may be nil.
func (c *conn) call(ctx context.Context, session, method string, params, result any) error {
	m := message{Session: session, Method: method}
	if params != nil {
		var err error
		if m.Params, err = json.Marshal(params); err != nil {
			return err
		}
	}
	response, err := c.send(&m)
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case m = <-response:
	case <-c.ended:
		return fmt.Errorf("%s: %w", method, errEnded)
	case <-ctx.Done():
		return fmt.Errorf("%s: %w", method, context.Cause(ctx))
	}
	if m.Error != nil {
		return fmt.Errorf("%s: %s %s", method, m.Error.Message, m.Error.Data)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(m.Result, result)
}

func (c *conn) send(m *message) (chan message, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last++
	m.ID = c.last
	text, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	response := make(chan message, 1)
	c.pending[m.ID] = response
	_, err = c.out.Write(append(text, 0))
	return response, err
}

// close has the browser end.
func (c *conn) close() { _ = c.out.Close() }

// wait waits until everything that the browser sent has been read.
func (c *conn) wait() { <-c.ended }
