package fleet

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

//go:embed *.json
var shipped embed.FS

// Scenario is a world of many tokens that was read from a file.
type Scenario struct {
	Name, About string
	Seed        uint64
	Parameters  Parameters
}

// Names lists the scenarios that come with the program.
func Names() (names []string) {
	entries, _ := shipped.ReadDir(".")
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".json"))
	}
	return names
}

// Load returns the scenario of a name; false if there is none.
func Load(name string) (*Scenario, bool) {
	content, err := shipped.ReadFile(name + ".json")
	if err != nil {
		return nil, false
	}
	s, err := Parse(content)
	return s, err == nil
}

// duration is one in a file: a string such as "10m".
type duration time.Duration

// UnmarshalText reads a duration.
func (d *duration) UnmarshalText(text []byte) error {
	parsed, err := time.ParseDuration(string(text))
	*d = duration(parsed)
	return err
}

// Parse reads a scenario: a JSON object as in the files of this folder. A key that is not known is an error.
func Parse(content []byte) (*Scenario, error) {
	file := struct {
		Name, About                           string
		Seed                                  uint64
		Tokens, Clients, Limit                int
		Interval, Lifetime, Latency, Duration duration
		Patience, Churn, Manual               duration
		Faults                                []struct {
			From, To   duration
			Fault      string
			Client     uint64
			RetryAfter duration `json:"retry_after"`
		}
	}{}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&file); err != nil {
		return nil, err
	}
	p := Parameters{
		Tokens: file.Tokens, Clients: file.Clients, Limit: file.Limit, Interval: time.Duration(file.Interval), Lifetime: time.Duration(file.Lifetime),
		Latency: time.Duration(file.Latency), Duration: time.Duration(file.Duration), Patience: time.Duration(file.Patience),
		Churn: time.Duration(file.Churn), Manual: time.Duration(file.Manual),
	}
	if p.Tokens < 1 || p.Clients < 1 || p.Clients > p.Tokens || p.Limit < 1 || min(p.Interval, p.Lifetime, p.Latency, p.Duration) <= 0 {
		return nil, fmt.Errorf("tokens, clients, limit, interval, lifetime, latency and duration must be above 0, and clients not above tokens")
	}
	for _, f := range file.Faults {
		kind := slices.Index(faultNames[:], f.Fault)
		if kind < 0 {
			return nil, fmt.Errorf("fault: %q does not exist: use one of %s", f.Fault, strings.Join(faultNames[1:], ", "))
		}
		p.Phases = append(p.Phases, Phase{
			From: time.Duration(f.From), To: time.Duration(f.To), Fault: Fault(kind), Client: f.Client, RetryAfter: time.Duration(f.RetryAfter),
		})
	}
	return &Scenario{Name: file.Name, About: file.About, Seed: file.Seed, Parameters: p}, nil
}

// Run runs the scenario.
func (s *Scenario) Run() *Result { return RunWith(s.Seed, s.Parameters) }

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
