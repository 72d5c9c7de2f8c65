// Package scenarios reads worlds from files that people write, and holds some that are worth a look.
//
// A scenario is a JSON object. Its keys are those of [Parameters] and, besides, "name", "about", "seed" and "actions";
// a key that is not known is an error, because a parameter that is misspelt must not silently do nothing. Durations are
// strings such as "10m". Actions happen at their time:
//
//	{"at": "12h", "do": "outage", "for": "20m", "trouble": "refusing"}
package scenarios

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

// Scenario is a world to run.
type Scenario struct {
	Name  string // a title
	About string // a sentence or two
	Seed  uint64 // of what the plan leaves open
	Plan  world.Plan
}

// Default is a service with 10,000 callers for a day, and nothing out of the ordinary: what a scenario does not mention
// is as it is here.
func Default() *Scenario {
	return &Scenario{
		Name: "a world made to order", Seed: 1,
		Plan: world.Plan{Parameters: world.Parameters{
			Duration: 24 * time.Hour, Processes: 1, Callers: 10_000, Interval: 10 * time.Minute, APIs: 1,
			Lifetime: time.Hour, Latency: 100 * time.Millisecond, API: 30 * time.Millisecond,
		}},
	}
}

// Parse reads a scenario and checks it. Errors name the key, and say what would be right.
func Parse(content []byte) (*Scenario, error) {
	given, err := object(content)
	if err != nil {
		return nil, err
	}
	s := Default()
	var problems []error
	for _, m := range given {
		switch m.key {
		case "name":
			problems = append(problems, into(&s.Name, m, "must be a string"))
		case "about":
			problems = append(problems, into(&s.About, m, "must be a string"))
		case "seed":
			problems = append(problems, into(&s.Seed, m, "must be a whole number, 0 or more"))
		case "actions":
			s.Plan.Actions, err = parseActions(m.value)
			problems = append(problems, err)
		default:
			problems = append(problems, parseParameter(&s.Plan.Parameters, m))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	return s, s.Validate()
}

// member is one of an object's, in their order.
type member struct {
	key   string
	value json.RawMessage
}

// object reads the members of the one object that content is, and refuses a key that comes twice.
func object(content []byte) (members []member, err error) {
	d := json.NewDecoder(bytes.NewReader(content))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, errors.New("not a JSON object: begin with { and end with }")
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, syntax(d, err)
		}
		m := member{key: key.(string)}
		if err := d.Decode(&m.value); err != nil {
			return nil, syntax(d, err)
		}
		if slices.ContainsFunc(members, func(o member) bool { return o.key == m.key }) {
			return nil, fmt.Errorf("key %q comes twice: remove one of them", m.key)
		}
		members = append(members, m)
	}
	if _, err := d.Token(); err != nil {
		return nil, syntax(d, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("something follows the object: remove it")
	}
	return members, nil
}

func syntax(d *json.Decoder, err error) error {
	return fmt.Errorf("not valid JSON, around byte %d: %w", d.InputOffset(), err)
}

func into(target any, m member, remedy string) error {
	if json.Unmarshal(m.value, target) != nil || bytes.Equal(m.value, []byte("null")) {
		return fmt.Errorf("key %q: %s", m.key, remedy)
	}
	return nil
}

// duration reads a JSON string such as "10m".
func duration(m member) (time.Duration, error) {
	var text string
	if into(&text, m, "") == nil {
		if d, err := time.ParseDuration(text); err == nil {
			return d, nil
		}
	}
	return 0, fmt.Errorf(`key %q: must be a duration, such as "10m" or "1h30m"`, m.key)
}

// oneOf is for people who have to choose.
func oneOf(names []string) string {
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " or " + names[last]
}
