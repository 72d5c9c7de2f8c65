package proxy

import (
	"net"
	"os"
	"strconv"
)

// notifier reports to systemd what the process is doing (sd_notify(3)), if its unit is of Type=notify.
type notifier struct{ socket string }

// newNotifier keeps the variable from processes that this one starts.
func newNotifier() notifier {
	n := notifier{os.Getenv("NOTIFY_SOCKET")}
	if n.socket != "" {
		_ = os.Unsetenv("NOTIFY_SOCKET")
	}
	return n
}

// started is said when the listeners accept, and not when the first token is there: a unit that waits for an
// authorization server would be ended by systemd after TimeoutStartSec.
func (n notifier) started()  { n.send("READY=1\nSTATUS=serving") }
func (n notifier) stopping() { n.send("STOPPING=1\nSTATUS=draining") }

// reloading is said with the time, which Type=notify-reload needs.
func (n notifier) reloading() {
	if now, ok := monotonic(); ok {
		n.send("RELOADING=1\nMONOTONIC_USEC=" + strconv.FormatInt(now.Microseconds(), 10))
		return
	}
	n.send("RELOADING=1")
}

// reloaded is said whatever came of it: the proxy serves.
func (n notifier) reloaded(err error) {
	if err != nil {
		n.send("READY=1\nSTATUS=serving the former configuration: the last reload failed")
		return
	}
	n.send("READY=1\nSTATUS=serving")
}

// send does not wait, and nothing depends on it.
func (n notifier) send(text string) {
	if n.socket == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: n.socket, Net: "unixgram"})
	if err != nil {
		return
	}
	_, _ = c.Write([]byte(text))
	_ = c.Close()
}
