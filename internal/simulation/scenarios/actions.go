package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

var actionNames = [...]string{
	world.Arrive: "crowd", world.Outage: "outage", world.Revoke: "revoke", world.RollKeys: "roll-keys",
	world.StepClock: "step-clock", world.Sleep: "sleep", world.Refresh: "refresh", world.Close: "close",
}

// needs is what must be said of each action, besides when.
var needs = [len(actionNames)]struct{ count, lasts, by, trouble, process bool }{
	world.Arrive:    {count: true, process: true},
	world.Outage:    {lasts: true, trouble: true},
	world.StepClock: {by: true, process: true},
	world.Sleep:     {lasts: true, process: true},
	world.Refresh:   {process: true},
	world.Close:     {process: true},
}

func parseActions(content json.RawMessage) (actions []world.Action, err error) {
	var list []json.RawMessage
	if json.Unmarshal(content, &list) != nil {
		return nil, errors.New(`key "actions": must be an array of objects, such as {"at": "12h", "do": "revoke"}`)
	}
	var problems []error
	for i, one := range list {
		d, err := parseAction(one)
		if err != nil {
			problems = append(problems, fmt.Errorf("actions[%d]: %w", i, err))
		}
		actions = append(actions, d)
	}
	return actions, errors.Join(problems...)
}

func parseAction(content []byte) (d world.Action, err error) {
	given, err := object(content)
	if err != nil {
		return d, err
	}
	seen := make(map[string]bool)
	var problems []error
	for _, m := range given {
		seen[m.key] = true
		var err error
		switch m.key {
		case "at":
			d.At, err = duration(m)
		case "for", "by":
			d.For, err = duration(m)
		case "do":
			var name string
			i := -1
			if into(&name, m, "") == nil {
				i = slices.Index(actionNames[:], name)
			}
			d.Do = world.ActionKind(max(i, 0))
			if i < 0 {
				err = fmt.Errorf(`key "do": must be %s`, oneOf(actionNames[:]))
			}
		case "process":
			err = into(&d.Process, m, "must be a whole number; the first one is 0")
		case "count":
			err = into(&d.Count, m, "must be a whole number")
		case "trouble":
			var name string
			if err = into(&name, m, "must be "+oneOf(troubles())); err == nil {
				d.Trouble, err = trouble(name)
			}
		default:
			err = fmt.Errorf("unknown key %q: use at, do, for, by, count, trouble or process", m.key)
		}
		problems = append(problems, err)
	}
	if err := errors.Join(problems...); err != nil {
		return d, err
	}
	return d, complete(d, seen)
}

// complete checks that all is said which the action needs, and nothing it has no use for.
func complete(d world.Action, seen map[string]bool) error {
	if !seen["do"] {
		return fmt.Errorf(`key "do" is missing: set it to %s`, oneOf(actionNames[:]))
	}
	n := needs[d.Do]
	for _, k := range []struct {
		key            string
		needed, useful bool
	}{
		{"at", true, true}, {"for", n.lasts, n.lasts}, {"by", n.by, n.by}, {"count", n.count, n.count},
		{"trouble", n.trouble, n.trouble}, {"process", false, n.process},
	} {
		if k.needed && !seen[k.key] {
			return fmt.Errorf("key %q is missing: %s needs it", k.key, actionNames[d.Do])
		}
		if !k.useful && seen[k.key] {
			return fmt.Errorf("key %q: %s has no use for it: remove it", k.key, actionNames[d.Do])
		}
	}
	return nil
}

// ActionFlag is how an action is written on a command line.
type ActionFlag struct {
	Name, Usage string
	do          world.ActionKind
	form        string
}

// ActionFlags are all there are.
func ActionFlags() []ActionFlag {
	flags := []ActionFlag{
		{do: world.Outage, form: "12h+20m:refusing", Usage: "the token endpoint is in trouble: `START+DURATION:TROUBLE`, such as 12h+20m:refusing; also " + strings.Join(troubles()[1:], ", ")},
		{do: world.Revoke, form: "6h", Usage: "all tokens are revoked at this `TIME`"},
		{do: world.RollKeys, form: "6h", Usage: "keys roll over at this `TIME`; see key-lag"},
		{do: world.Arrive, form: "6h:1000", Usage: "further callers come at once: `TIME:NUMBER[@PROCESS]`, such as 6h:1000"},
		{do: world.Sleep, form: "3h+40m", Usage: "a machine sleeps: `START+DURATION[@PROCESS]`, such as 3h+40m"},
		{do: world.StepClock, form: "5h:-10m", Usage: "a wall clock is stepped: `TIME:STEP[@PROCESS]`, such as 5h:-10m"},
		{do: world.Refresh, form: "6h", Usage: "a caller calls Refresh: `TIME[@PROCESS]`"},
		{do: world.Close, form: "6h", Usage: "a process is closed: `TIME[@PROCESS]`"},
	}
	for i := range flags {
		flags[i].Name = actionNames[flags[i].do]
	}
	return flags
}

// Parse reads the flag's value.
func (f *ActionFlag) Parse(text string) (world.Action, error) {
	d := world.Action{Do: f.do}
	wrong := fmt.Errorf("--%s: %q is not of the form %s", f.Name, text, f.form)
	n := needs[f.do]
	rest := text
	if n.process {
		if before, process, ok := strings.Cut(rest, "@"); ok {
			number, err := strconv.Atoi(process)
			if err != nil {
				return d, fmt.Errorf("%w: behind the @ belongs a process's number", wrong)
			}
			d.Process, rest = number, before
		}
	}
	times, argument, hasArgument := strings.Cut(rest, ":")
	if hasArgument != (n.trouble || n.count || n.by) {
		return d, wrong
	}
	start, lasts, hasLasts := strings.Cut(times, "+")
	if hasLasts != n.lasts {
		return d, wrong
	}
	var err error
	if d.At, err = time.ParseDuration(start); err != nil {
		return d, wrong
	}
	if n.lasts {
		if d.For, err = time.ParseDuration(lasts); err != nil {
			return d, wrong
		}
	}
	switch {
	case n.trouble:
		if d.Trouble, err = trouble(argument); err != nil {
			return d, fmt.Errorf("--%s: %w", f.Name, err)
		}
	case n.count:
		d.Count, err = strconv.Atoi(argument)
	case n.by:
		d.For, err = time.ParseDuration(argument)
	}
	if err != nil {
		return d, wrong
	}
	return d, nil
}
