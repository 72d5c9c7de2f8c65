package scenarios

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/alf-go/alf/internal/simulation/world"
)

// Parameter is a setting of [world.Parameters] by the name it has in files and, with dashes, in flags.
type Parameter struct {
	Name  string // in snake_case
	Usage string // for people; what stands for the value is in backquotes
	// Of returns a pointer to the parameter's place: *int, *time.Duration, *float64, *bool or *[]world.Trouble.
	Of func(k *world.Parameters) any
}

// Flag is the parameter's name as a flag.
func (k *Parameter) Flag() string { return strings.ReplaceAll(k.Name, "_", "-") }

// Parameters are all there are.
func Parameters() []Parameter {
	return []Parameter{
		{"duration", "how much virtual `TIME` the world lasts", func(k *world.Parameters) any { return &k.Duration }},
		{"processes", "`NUMBER` of processes that share the token endpoint", func(k *world.Parameters) any { return &k.Processes }},
		{"callers", "`NUMBER` of callers in each process", func(k *world.Parameters) any { return &k.Callers }},
		{"interval", "`TIME` from one request of a caller to its next, on average", func(k *world.Parameters) any { return &k.Interval }},
		{"patience", "about how much `TIME` a caller waits for a token before it gives up; 0: forever", func(k *world.Parameters) any { return &k.Patience }},
		{"crowds", "`NUMBER` of further callers who come at once, now and then", func(k *world.Parameters) any { return &k.Burst }},
		{"apis", "`NUMBER` of APIs", func(k *world.Parameters) any { return &k.APIs }},
		{"paths", "`NUMBER` of paths of each API", func(k *world.Parameters) any { return &k.Paths }},
		{"unnamed", "`PART` (0 to 1) of the requests that name no origin and report no outcome", func(k *world.Parameters) any { return &k.Unnamed }},
		{"min_life", "`TIME` for which some callers want their token to remain valid; 0: none", func(k *world.Parameters) any { return &k.MinLife }},
		{"extreme", "the managers have extreme settings", func(k *world.Parameters) any { return &k.Extreme }},
		{"api_latency", "about how much `TIME` an API takes to respond", func(k *world.Parameters) any { return &k.API }},
		{"late", "`PART` (0 to 1) of an API's responses that take up to a minute", func(k *world.Parameters) any { return &k.Late }},
		{"always_401", "one API rejects everything", func(k *world.Parameters) any { return &k.AlwaysReject }},
		{"denied_paths", "`NUMBER` of paths of the first API that reject everything, because a permission is missing", func(k *world.Parameters) any { return &k.DeniedPaths }},
		{"bad_replicas", "`PART` (0 to 1) of the first API's responses that come from a replica which rejects everything", func(k *world.Parameters) any { return &k.BadReplicas }},
		{"introspects", "the first API rejects everything while the token endpoint is in trouble", func(k *world.Parameters) any { return &k.Introspects }},
		{"watchers", "`NUMBER` of loops over the token's successors, in each process", func(k *world.Parameters) any { return &k.Watchers }},
		{"many_apis", "requests go to a hundred APIs", func(k *world.Parameters) any { return &k.ManyAPIs }},

		{"lifetime", "`TIME` that a token lives", func(k *world.Parameters) any { return &k.Lifetime }},
		{"latency", "about how much `TIME` the token endpoint takes to respond", func(k *world.Parameters) any { return &k.Latency }},
		{"outages", "about how much `TIME` the token endpoint is in trouble, now and then; see troubles", func(k *world.Parameters) any { return &k.Outage }},
		{"troubles", "`LIST` of the troubles it is in then, of " + strings.Join(troubles(), ", "), func(k *world.Parameters) any { return &k.Troubles }},
		{"retry_after", "about how much `TIME` it asks for when it is throttling or overloaded", func(k *world.Parameters) any { return &k.RetryAfter }},
		{"slow", "`PART` (0 to 1) of its responses that take up to 10 s", func(k *world.Parameters) any { return &k.Slow }},
		{"stuck", "`PART` (0 to 1) of the fetches that ignore their cancellation", func(k *world.Parameters) any { return &k.Stuck }},
		{"repeat", "it hands the same token out until it expires", func(k *world.Parameters) any { return &k.Repeat }},
		{"expired_on_arrival", "`PART` (0 to 1) of the tokens that are expired on arrival", func(k *world.Parameters) any { return &k.ExpiredOnArrival }},
		{"no_lifetime", "`PART` (0 to 1) of the tokens that come without a lifetime, or with an absurd one", func(k *world.Parameters) any { return &k.NoLifetime }},
		{"refresh_in", "`PART` (0 to 1) of the tokens that come with refresh_in", func(k *world.Parameters) any { return &k.RefreshIn }},
		{"one_active", "issuing a token revokes the one before", func(k *world.Parameters) any { return &k.OneActive }},
		{"recheck", "credentials that it denies can be read again", func(k *world.Parameters) any { return &k.Recheck }},

		{"offers", "about how much `TIME` passes between tokens that come from elsewhere, in each process", func(k *world.Parameters) any { return &k.Offers }},
		{"revocations", "about how much `TIME` passes between revocations of all tokens", func(k *world.Parameters) any { return &k.Revocations }},
		{"stale_repeat", "with repeat: the same token even though it was revoked", func(k *world.Parameters) any { return &k.StaleRepeat }},
		{"key_lag", "`TIME` that APIs lag behind when keys roll over, which they do then", func(k *world.Parameters) any { return &k.KeyLag }},

		{"clock_steps", "`DAYS` that wall clocks are stepped by, at most", func(k *world.Parameters) any { return &k.ClockSteps }},
		{"drift", "`PART` by which wall clocks run fast", func(k *world.Parameters) any { return &k.Drift }},
		{"sleeps", "machines sleep, now and then", func(k *world.Parameters) any { return &k.Sleeps }},
		{"manual", "a caller calls Refresh and Invalidate now and then", func(k *world.Parameters) any { return &k.Manual }},
		{"closes", "processes are closed in the middle of anything", func(k *world.Parameters) any { return &k.Closes }},
	}
}

func parseParameter(k *world.Parameters, m member) error {
	known := Parameters()
	i := slices.IndexFunc(known, func(o Parameter) bool { return o.Name == m.key })
	if i < 0 {
		names := []string{"name", "about", "seed", "actions"}
		for _, o := range known {
			names = append(names, o.Name)
		}
		return fmt.Errorf("unknown key %q: use %s", m.key, oneOf(names))
	}
	switch p := known[i].Of(k).(type) {
	case *int:
		return into(p, m, "must be a whole number")
	case *float64:
		return into(p, m, "must be a number")
	case *bool:
		return into(p, m, "must be true or false")
	case *time.Duration:
		d, err := duration(m)
		*p = d
		return err
	default:
		var names []string
		if err := into(&names, m, "must be an array of "+oneOf(troubles())); err != nil {
			return err
		}
		list, err := Troubles(names)
		if err != nil {
			return fmt.Errorf("key %q: %w", m.key, err)
		}
		*p.(*[]world.Trouble) = list
		return nil
	}
}

// Troubles reads troubles by their names.
func Troubles(names []string) (list []world.Trouble, err error) {
	var problems []error
	for _, name := range names {
		t, err := trouble(name)
		list, problems = append(list, t), append(problems, err)
	}
	return list, errors.Join(problems...)
}

func trouble(name string) (world.Trouble, error) {
	for t := world.Refusing; t <= world.Crawling; t++ {
		if t.String() == name {
			return t, nil
		}
	}
	return 0, fmt.Errorf("unknown trouble %q: use %s", name, oneOf(troubles()))
}

func troubles() (names []string) {
	for t := world.Refusing; t <= world.Crawling; t++ {
		names = append(names, t.String())
	}
	return names
}
