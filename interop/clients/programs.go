package clients

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	nodejs "github.com/alf-go/alf/interop/node"
)

const (
	// large is what is uploaded over HTTP: more than any buffer on the way, and far beyond what the proxy could send
	// again.
	large = 32 << 20
	// largeFrame is as much as Python masks in a second or two.
	largeFrame = 8 << 20
	// largeMessage is less than the 4 MB that a message of gRPC may have by default.
	largeMessage = 3 << 20
)

var (
	hello     = Outcome{Body: "hello", Status: "200"}
	helloGRPC = Outcome{Body: "hello", Status: "OK"}
	twoEvents = Outcome{Body: "id: 0\ndata: event 0\n\nid: 1\ndata: event 1", Status: "200"}
)

// Clients are the rows of the table, in its order.
func Clients() []*Client {
	return []*Client{
		curl("curl", false),
		curl("curl", true),
		curlHTTP2(),
		curlEvents(),
		wget(),
		python("requests", "requests", true, hello, large, "requests"),
		python("websockets", "websockets", false, hello, largeFrame, "websockets"),
		python("grpcio, unary", "grpc-unary", false, helloGRPC, largeMessage, "grpc"),
		python("grpcio, unary", "grpc-unary", true, helloGRPC, largeMessage, "grpc"),
		python("grpcio, streams", "grpc-stream", false, helloGRPC, largeMessage, "grpc"),
		node("http", false),
		node("fetch", true),
	}
}

// script is a file of this folder.
func script(name string) string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), name)
}

// url is an address for programs that are told the Unix socket beside it.
func (j Job) url(path string) string {
	if strings.HasPrefix(j.Address, "/") {
		return "http://localhost" + path
	}
	return "http://" + j.Address + path
}

// perSecond is how many requests a second the pause leaves.
func (j Job) perSecond() int { return max(1, int(math.Round(1/j.Pause.Seconds()))) }

func curlCommand(j Job, args ...string) *exec.Cmd {
	args = append([]string{"--silent", "--noproxy", "*", "-w", `|%{http_code}|%header{alf-error}\n`}, args...)
	if strings.HasPrefix(j.Address, "/") {
		args = append(args, "--unix-socket", j.Address)
	}
	if j.Secret != "" {
		args = append(args, "-H", "Alf-Caller-Secret: "+j.Secret)
	}
	if j.Pause > 0 {
		args = append(args, "--rate", fmt.Sprintf("%d/s", j.perSecond()))
	}
	return exec.Command("curl", args...)
}

// curl is one over HTTP/1.1, unless the arguments say otherwise. Its uploads wait for a 100 (Continue).
func curl(name string, tcp bool, args ...string) *Client {
	return &Client{
		Name: name, TCP: tcp, Size: large, Good: hello, Uploaded: Outcome{Status: "200"},
		Missing: install("curl", "curl", "--version"), Version: firstNumber("curl", "--version"),
		Command: func(j Job) *exec.Cmd {
			if j.File != "" {
				return curlCommand(j, append(args, "-T", j.File, "-H", "Expect: 100-continue", j.url("/upload"))...)
			}
			return curlCommand(j, append(args, "-f", "--data", "hello", j.url(fmt.Sprintf("/echo?[1-%d]", j.Count)))...)
		},
	}
}

// curlHTTP2 is a process for each request: the second on a connection fails with curl 7.88.1, whatever the server.
func curlHTTP2() *Client {
	c := curl("curl --http2-prior-knowledge", false, "--http2-prior-knowledge")
	one := c.Command
	c.Command = func(j Job) *exec.Cmd {
		count, pause := j.Count, j.Pause
		j.Count, j.Pause = 1, 0
		cmd := one(j)
		if j.File != "" || count == 1 {
			return cmd
		}
		args := append([]string{"-c", `n=$1 pause=$2; shift 2; while [ "$n" -gt 0 ]; do "$@"; sleep "$pause"; n=$((n - 1)); done`,
			"sh", fmt.Sprint(count), fmt.Sprint(pause.Seconds())}, cmd.Args...)
		return exec.Command("sh", args...)
	}
	return c
}

// curlEvents reads server-sent events, and uploads chunks.
func curlEvents() *Client {
	c := curl("curl -N, server-sent events; curl -T -", false)
	c.Good = twoEvents
	c.Command = func(j Job) *exec.Cmd {
		if j.File == "" {
			return curlCommand(j, "-N", "-f", j.url(fmt.Sprintf("/events?n=2&of=[1-%d]", j.Count)))
		}
		cmd := curlCommand(j, "-T", "-", j.url("/upload"))
		cmd.Stdin, _ = os.Open(j.File) // without it the upload is empty, and the test fails
		return cmd
	}
	return c
}

var (
	wgetResponse = regexp.MustCompile(`(?m)^  HTTP/1\.1 (\d{3})(.*\n(?:  .*\n)*)`)
	wgetError    = regexp.MustCompile(`(?mi)^  Alf-Error: (\S+)$`)
	wgetBody     = regexp.MustCompile(`(?m)^\d+ [0-9a-f]{64}$`)
)

// wget reports the heads of responses. Of the bodies it shows only digests.
func wget() *Client {
	return &Client{
		Name: "wget", TCP: true, Size: large, Good: Outcome{Status: "200"}, Uploaded: Outcome{Status: "200"},
		Missing: install("wget", "wget", "--version"), Version: firstNumber("wget", "--version"),
		Command: func(j Job) *exec.Cmd {
			args := []string{"-nv", "-S", "--no-proxy", "--tries=1", "-O", "-", "--header=Alf-Caller-Secret: " + j.Secret}
			if j.File != "" {
				return exec.Command("wget", append(args, "--method=PUT", "--body-file="+j.File, j.url("/upload"))...)
			}
			if j.Pause > 0 {
				args = append(args, fmt.Sprintf("--wait=%g", j.Pause.Seconds()))
			}
			var urls strings.Builder
			for i := range j.Count {
				fmt.Fprintln(&urls, j.url(fmt.Sprint("/echo?", i)))
			}
			cmd := exec.Command("wget", append(args, "-i", "-")...)
			cmd.Stdin = strings.NewReader(urls.String())
			return cmd
		},
		outcomes: func(text string) (all []Outcome) {
			for _, found := range wgetResponse.FindAllStringSubmatch(text, -1) {
				one := Outcome{Body: wgetBody.FindString(text), Status: found[1]}
				if e := wgetError.FindStringSubmatch(found[2]); e != nil {
					one.Error = e[1]
				}
				all = append(all, one)
			}
			return all
		},
	}
}

// python is a library of Debian's Python.
func python(name, kind string, tcp bool, good Outcome, size int64, module string) *Client {
	const interpreter = "/usr/bin/python3"
	return &Client{
		Name: "Python, " + name, TCP: tcp, Size: size, Good: good, Uploaded: Outcome{Status: good.Status},
		Missing: install("Python's "+module, interpreter, "-c", "import "+module),
		Version: firstNumber(interpreter, "-c", "import "+module+" as m; print(getattr(m, '__version__', None) or m.version.version)"),
		Command: func(j Job) *exec.Cmd {
			return exec.Command(interpreter, append([]string{script("client.py"), kind}, j.args()...)...)
		},
	}
}

// node is a way to send requests that Node has built in.
func node(kind string, tcp bool) *Client {
	return &Client{
		Name: "Node, " + kind, TCP: tcp, Size: large, Good: hello, Uploaded: Outcome{Status: "200"},
		Missing: func() string { return nodejs.Missing() }, Version: firstNumber(nodejs.Interpreter(), "--version"),
		Command: func(j Job) *exec.Cmd {
			return exec.Command(nodejs.Interpreter(), append([]string{"--no-warnings", script("client.mjs"), kind}, j.args()...)...)
		},
	}
}

// args are those of the scripts.
func (j Job) args() []string {
	args := []string{j.Address, j.Secret, fmt.Sprint(j.Count), fmt.Sprint(j.Pause.Seconds())}
	if j.File != "" {
		args = append(args, j.File)
	}
	return args
}
