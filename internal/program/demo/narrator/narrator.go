// Package narrator reports what the demonstration does while it does it.
package narrator

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

// Narrator reports what happens: a line per act and one for its outcome, and on a terminal below them one that is
// rewritten all the time. Elsewhere it prints no control characters. Its methods are safe for concurrent use.
type Narrator struct {
	live    bool
	started time.Time
	stop    chan struct{}
	ticking sync.WaitGroup

	mu  sync.Mutex
	out io.Writer
	act string
}

// New makes one that writes to out. Live says that this is a terminal.
func New(out io.Writer, live bool) *Narrator {
	return &Narrator{out: out, live: live, started: time.Now(), stop: make(chan struct{})}
}

// Start begins rewriting a line with whatever status returns.
func (n *Narrator) Start(status func() string) {
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

// End leaves the terminal with a clean line.
func (n *Narrator) End() {
	close(n.stop)
	n.ticking.Wait()
	if n.live {
		n.mu.Lock()
		defer n.mu.Unlock()
		_, _ = io.WriteString(n.out, wipe)
	}
}

// Begin announces an act.
func (n *Narrator) Begin(act, about string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.act = act
	n.print(fmt.Sprintf("%7s  %s: %s", n.elapsed(), act, about))
}

// Outcome says what came of it.
func (n *Narrator) Outcome(lines ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, line := range lines {
		n.print(fmt.Sprintf("%9s- %s", "", line))
	}
}

func (n *Narrator) rewrite(status string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	line := fmt.Sprintf("%7s  %s  %s", n.elapsed(), n.act, status)
	_, _ = io.WriteString(n.out, wipe+truncate(line, width))
}

func (n *Narrator) print(line string) {
	if n.live {
		line = wipe + line
	}
	_, _ = io.WriteString(n.out, line+"\n")
}

func (n *Narrator) elapsed() string { return format.Seconds(time.Since(n.started)) }

func truncate(line string, length int) string {
	for utf8.RuneCountInString(line) > length {
		_, size := utf8.DecodeLastRuneInString(line)
		line = line[:len(line)-size]
	}
	return line
}
