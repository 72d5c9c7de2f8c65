package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress is one line that says what runs.
type progress struct {
	to      io.Writer
	live    bool // the line may be overwritten
	began   time.Time
	point   string
	said    string
	longest int
}

func newProgress(to *os.File) *progress {
	info, err := to.Stat()
	return &progress{to: to, live: err == nil && info.Mode()&os.ModeCharDevice != 0, began: time.Now()}
}

// say shows what runs. Where lines cannot be overwritten, only a new point is worth one.
func (p *progress) say(point, what string) {
	if !p.live {
		if point != p.point {
			fmt.Fprintf(p.to, "%s  %s\n", clockTime(time.Since(p.began)), point)
		}
		p.point = point
		return
	}
	p.point = point
	line := fmt.Sprintf("%s  %s: %s", clockTime(time.Since(p.began)), point, what)
	if line == p.said {
		return
	}
	p.said = line
	p.longest = max(p.longest, len(line))
	fmt.Fprintf(p.to, "\r%-*s", p.longest, line)
}

// clear takes the line away.
func (p *progress) clear() {
	if p.live && p.longest > 0 {
		fmt.Fprintf(p.to, "\r%s\r", strings.Repeat(" ", p.longest))
		p.longest, p.said = 0, ""
	}
}

func clockTime(d time.Duration) string {
	return fmt.Sprintf("%d:%02d", int(d.Minutes()), int(d.Seconds())%60)
}
