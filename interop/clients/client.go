// Package clients runs programs and libraries of others through alf proxy: each sends its requests as it always
// does, and knows nothing of tokens. The table that its test writes is in interop/README.md.
package clients

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
	"time"
)

// Client is a row of the table: a program that sends requests to the proxy.
type Client struct {
	// Name is the program's or the library's, with how it is used.
	Name string
	// TCP is how it connects: to a TCP listener, with the caller secret, or to a Unix socket.
	TCP bool
	// Missing says what has to be installed; "" if nothing.
	Missing func() string
	// Version is that of what is installed.
	Version func() string
	// Command is the process that does a job.
	Command func(Job) *exec.Cmd
	// Size is how much it uploads.
	Size int64
	// Good is the outcome of a request that succeeds, and of an upload with a digest as body.
	Good, Uploaded Outcome
	// outcomes reads what the command printed on both of its outputs. Nil: lines of BODY|STATUS|ERROR.
	outcomes func(text string) []Outcome
}

// Job is what a client is to do.
type Job struct {
	// Address is the path of the Unix socket, or HOST:PORT, and Secret the caller secret there.
	Address, Secret string
	// Count is how many requests to send one after the other, with Pause in between.
	Count int
	Pause time.Duration
	// File is uploaded instead, unless it is "".
	File string
}

// Outcome is what a client got for one request.
type Outcome struct {
	// Body is that of the response, and Status its status: three digits, or the name of gRPC's.
	Body, Status string
	// Error is the header Alf-Error.
	Error string
}

// line is what the clients print after the body of a response.
var line = regexp.MustCompile(`(?m)^(.*)\|(\d{3}|[A-Z_]+)\|([a-z-]*)$`)

// Outcomes reads what the command has printed.
func (c *Client) Outcomes(text string) (all []Outcome) {
	if c.outcomes != nil {
		return c.outcomes(text)
	}
	from := 0
	for _, at := range line.FindAllStringSubmatchIndex(text, -1) {
		body := text[from:at[3]]
		all = append(all, Outcome{strings.TrimSpace(body), text[at[4]:at[5]], text[at[6]:at[7]]})
		from = at[1]
	}
	return all
}

// install says what is missing.
func install(what, command string, args ...string) func() string {
	return func() string {
		if out, err := exec.Command(command, args...).CombinedOutput(); err != nil {
			return fmt.Sprintf("%s is missing: run interop/install.sh (%v: %.200s)", what, err, out)
		}
		return ""
	}
}

// firstNumber finds a version in what a command prints.
func firstNumber(command string, args ...string) func() string {
	return func() string {
		out, _ := exec.Command(command, args...).CombinedOutput()
		return regexp.MustCompile(`\d+(\.\d+)+`).FindString(string(out))
	}
}
