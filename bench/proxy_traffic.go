package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"time"
)

// wrkReport is a script of wrk that reports what its own text rounds: requests, microseconds, the quantiles of the
// latency in microseconds, and what went wrong.
const wrkReport = `
done = function(summary, latency, requests)
	local e = summary.errors
	io.write(string.format("\nreport %d %d %d %d %d %d\n", summary.requests, summary.duration,
		latency:percentile(50), latency:percentile(99), latency:percentile(99.9), e.connect + e.read + e.write + e.status + e.timeout))
end
`

// traffic is what one slice of requests came to.
type traffic struct {
	requests, wrong int
	perSecond       float64
	p50, p99, p999  time.Duration
}

// wrk sends requests over so many connections, for whole seconds.
func (p *proxied) wrk(url string, connections, seconds int, headers ...string) (traffic, error) {
	args := []string{"-t1", fmt.Sprintf("-c%d", connections), fmt.Sprintf("-d%ds", seconds), "-s", p.files.path("report.lua")}
	for _, h := range headers {
		args = append(args, "-H", h)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(seconds)*time.Second+time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, p.programs["wrk"], append(args, url)...).CombinedOutput()
	if err != nil {
		return traffic{}, fmt.Errorf("wrk %s: %w: %s", url, err, out)
	}
	var l traffic
	var micros, p50, p99, p999 int64
	_, report, _ := bytes.Cut(out, []byte("\nreport "))
	if _, err := fmt.Sscan(string(report), &l.requests, &micros, &p50, &p99, &p999, &l.wrong); err != nil {
		return traffic{}, fmt.Errorf("wrk %s: %w: %s", url, err, out)
	}
	l.perSecond = float64(l.requests) / (float64(micros) / 1e6)
	l.p50, l.p99, l.p999 = time.Duration(p50)*time.Microsecond, time.Duration(p99)*time.Microsecond, time.Duration(p999)*time.Microsecond
	return l, nil
}
