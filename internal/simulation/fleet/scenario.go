package fleet

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/core/pool"
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
		Rejections, Watchers                  duration
		Pool                                  struct {
			MaxTokens int      `json:"max_tokens"`
			MaxBusy   int      `json:"max_busy"`
			IdleTime  duration `json:"idle_time"`
		}
		Faults []struct {
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
		Rejections: time.Duration(file.Rejections), Watchers: time.Duration(file.Watchers),
		Pool: pool.Policy{MaxTokens: file.Pool.MaxTokens, MaxBusy: file.Pool.MaxBusy, IdleTime: time.Duration(file.Pool.IdleTime)},
	}
	if p.Pool.MaxTokens == 0 && (p.Pool != pool.Policy{} || p.Rejections > 0 || p.Watchers > 0) {
		return nil, fmt.Errorf("pool, rejections and watchers need pool.max_tokens: how many tokens are kept at most")
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

// Record runs the scenario and records it.
func (s *Scenario) Record() (*Result, *Recording) { return Record(s.Seed, s.Parameters) }
