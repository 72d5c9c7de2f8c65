package program

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// progressBar is a line on a terminal that is rewritten as things go on. Elsewhere it writes nothing.
type progressBar struct {
	mu   sync.Mutex
	out  io.Writer // nil: nowhere
	last time.Time
}

const (
	progressEvery = 100 * time.Millisecond
	progressWide  = 28
	wipeLine      = "\r\x1b[K"
)

func (p *program) progress() *progressBar {
	b := &progressBar{last: time.Now()}
	if p.isTerminal(p.stderr) {
		b.out = p.stderr
	}
	return b
}

// show reports how much is done, from 0 to 1. It may be called often, and by several goroutines.
func (b *progressBar) show(what string, done float64, detail string) {
	b.rewrite(func() string { return progressLine(what, done, detail) })
}

// count reports how much is done of what has no known end.
func (b *progressBar) count(what, detail string) {
	b.rewrite(func() string { return what + "  " + detail })
}

func (b *progressBar) rewrite(line func() string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out == nil || time.Since(b.last) < progressEvery {
		return
	}
	b.last = time.Now()
	_, _ = io.WriteString(b.out, wipeLine+line())
}

func progressLine(what string, done float64, detail string) string {
	full := int(progressWide * min(max(done, 0), 1))
	return fmt.Sprintf("%-20.20s %s%s %3.0f %%  %s", what, strings.Repeat("█", full), strings.Repeat("░", progressWide-full), 100*done, detail)
}

// through shows the progress of a world.
func (b *progressBar) through(what string, lasts time.Duration) func(now time.Duration) {
	return func(now time.Duration) {
		b.show(what, float64(now)/float64(lasts), fmt.Sprintf("%s of %s", now.Round(time.Second), lasts.Round(time.Second)))
	}
}

// end leaves the terminal with a clean line.
func (b *progressBar) end() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.out != nil {
		_, _ = io.WriteString(b.out, wipeLine)
	}
}
