package demo

import (
	"fmt"
	"io"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/alf-go/alf/internal/program/format"
)

const (
	tick  = 100 * time.Millisecond
	width = 79 // of a line that is rewritten: one that wraps could not be
	wipe  = "\r\x1b[K"
)

// narrator reports what happens: a line per act and one for its outcome, and on a terminal below them one that is
// rewritten all the time. Elsewhere it prints no control characters.
type narrator struct {
	live    bool
	started time.Time
	stop    chan struct{}
	ticking sync.WaitGroup

	mu  sync.Mutex
	out io.Writer
	act string
}

func newNarrator(out io.Writer, live bool) *narrator {
	return &narrator{out: out, live: live, started: time.Now(), stop: make(chan struct{})}
}

// start begins rewriting a line with whatever status returns.
func (n *narrator) start(status func() string) {
	n.started = time.Now()
	if !n.live {
		return
	}
	n.ticking.Go(func() {
		ticker := time.NewTicker(tick)
		defer ticker.Stop()
		for {
			select {
			case <-n.stop:
				return
			case <-ticker.C:
				n.rewrite(status())
			}
		}
	})
}

// end leaves the terminal with a clean line.
func (n *narrator) end() {
	close(n.stop)
	n.ticking.Wait()
	if n.live {
		n.mu.Lock()
		defer n.mu.Unlock()
		_, _ = io.WriteString(n.out, wipe)
	}
}

func (n *narrator) begin(act, about string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.act = act
	n.print(fmt.Sprintf("%7s  %s: %s", n.elapsed(), act, about))
}

func (n *narrator) outcome(lines ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, line := range lines {
		n.print(fmt.Sprintf("%9s- %s", "", line))
	}
}

func (n *narrator) rewrite(status string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	line := fmt.Sprintf("%7s  %s  %s", n.elapsed(), n.act, status)
	_, _ = io.WriteString(n.out, wipe+truncate(line, width))
}

func (n *narrator) print(line string) {
	if n.live {
		line = wipe + line
	}
	_, _ = io.WriteString(n.out, line+"\n")
}

func (n *narrator) elapsed() string { return format.Seconds(time.Since(n.started)) }

func truncate(line string, length int) string {
	for utf8.RuneCountInString(line) > length {
		_, size := utf8.DecodeLastRuneInString(line)
		line = line[:len(line)-size]
	}
	return line
}
