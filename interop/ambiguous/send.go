package ambiguous

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Received is what a client got from a proxy.
type Received struct {
	// Statuses are those of the responses, in their order, without interim ones. A response without a status line, as
	// HTTP/0.9 had it, is 9. With HTTP/2 there is one at most.
	Statuses []int
	// Ended says how it ended where there is no response: "closed", or waits if nothing came within the limit. With
	// HTTP/2 it may be the code of an error.
	Ended string
}

// waits is how a connection ends on which nothing comes for the time limit.
const waits = "waits"

// Send sends a request, and what follows it, over a connection of its own. It returns when every response is there, the
// proxy has closed the connection, or nothing has come for the time limit.
func Send(ctx context.Context, address string, r Request, limit time.Duration) (*Received, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	defer func() { _ = conn.Close() }()
	text, expected := r.Bytes, 1
	if !r.Alone {
		text, expected = text+following, 2
	}
	// A proxy that has read enough may close the connection while this is being sent; its response is still there.
	_, _ = io.WriteString(conn, text)

	var got []byte
	buffer := make([]byte, 16<<10)
	for {
		if err := conn.SetReadDeadline(time.Now().Add(limit)); err != nil {
			return nil, err
		}
		n, err := conn.Read(buffer)
		got = append(got, buffer[:n]...)
		statuses := statuses(got, strings.HasPrefix(strings.TrimSpace(r.Bytes), "HEAD "))
		if len(statuses) >= expected {
			return &Received{Statuses: statuses}, nil
		}
		switch {
		case err == nil:
		case errors.Is(err, context.DeadlineExceeded) || isTimeout(err):
			return &Received{statuses, waits}, nil
		case len(statuses) == 0 && len(got) > 0:
			return &Received{[]int{9}, ""}, nil
		default:
			return &Received{statuses, "closed"}, nil
		}
	}
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}

// statuses returns those of the complete responses in text.
func statuses(text []byte, head bool) (found []int) {
	input := bufio.NewReader(bytes.NewReader(text))
	for {
		method := http.MethodGet
		if head && len(found) == 0 {
			method = http.MethodHead
		}
		response, err := http.ReadResponse(input, &http.Request{Method: method})
		if err != nil {
			return found
		}
		if response.StatusCode >= 100 && response.StatusCode < 200 && response.StatusCode != http.StatusSwitchingProtocols {
			continue
		}
		// A body without a length ends with the connection, and is not looked at.
		_, err = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		if err != nil && response.Request.Method != http.MethodHead {
			return found
		}
		found = append(found, response.StatusCode)
	}
}

// String is what the table has for it: the status of the first response, or how it ended without one.
func (r *Received) String() string {
	switch {
	case len(r.Statuses) == 0:
		return r.Ended
	case r.Statuses[0] == 9:
		return "no status"
	}
	return strconv.Itoa(r.Statuses[0])
}
