package fleet

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Report writes what happened, minute by minute: plain text, 80 columns wide at most.
func (r *Result) Report(w io.Writer) error {
	var t strings.Builder
	fmt.Fprintf(&t, "MINUTE  TOKEN REQUESTS A SECOND  CALLERS THAT FAILED  WHAT\n")
	minutes := max(len(r.Stats.Seconds), len(r.Stats.Refusals))/60 + 1
	for minute := range minutes {
		requests, failed := sum(r.Stats.Seconds, minute), sum(r.Stats.Refusals, minute)
		if requests+failed > 0 || r.during(minute) != "" {
			fmt.Fprintf(&t, "%6d  %23.2f  %19d  %s\n", minute, float64(requests)/60, failed, r.during(minute))
		}
	}
	fmt.Fprintf(&t, "\ntoken requests %d; callers served %d, failed %d, refused because of others %d\n", r.Stats.Requests, r.Stats.Served, r.Stats.Failed, r.Stats.Refused)
	fmt.Fprintf(&t, "the longest wait of a caller that was served: %v\n", r.Stats.Longest.Round(time.Millisecond))
	if s := &r.Stats; r.Parameters.Pool.MaxTokens > 0 {
		fmt.Fprintf(&t, "tokens created %d, evicted %d, forgotten %d; callers refused because the pool was full %d\n", s.Created, s.Evicted, s.Forgotten, s.Full)
	}
	if last := len(r.Stats.Refusals); last > 0 {
		fmt.Fprintf(&t, "the last caller failed in second %d\n", last-1)
	}
	_, err := io.WriteString(w, t.String())
	return err
}

// during names the faults of a minute.
func (r *Result) during(minute int) string {
	var names []string
	for _, p := range r.Parameters.Phases {
		if p.From < time.Duration(minute+1)*time.Minute && p.To > time.Duration(minute)*time.Minute {
			names = append(names, p.Fault.String())
		}
	}
	return strings.Join(names, ", ")
}

// sum adds up a minute of figures.
func sum(seconds []int, minute int) (n int) {
	for i := minute * 60; i < min(len(seconds), (minute+1)*60); i++ {
		n += seconds[i]
	}
	return n
}
