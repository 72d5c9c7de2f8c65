package explore

import (
	"math"
	"time"

	"github.com/alf-go/alf/manager"
)

// coarse is a policy that makes almost every duration a whole number of seconds, at the draw of 0, so that what is due
// for different reasons is often due at the same time: few states, and every tie among them.
var coarse = manager.Policy{
	Margin:              2 * time.Second,
	Jitter:              -1,
	Attempts:            2,
	AttemptTimeout:      time.Second,
	RoundTimeout:        2 * time.Second,
	MinBackoff:          2 * time.Second,
	MaxBackoff:          4 * time.Second,
	MinPermanentBackoff: 2 * time.Second,
	MaxPermanentBackoff: 4 * time.Second,
}

// The most and the least that settings may be (M22).
var (
	longest = manager.Policy{
		Margin: forever, RefreshFraction: 1, Jitter: 0.5, DefaultLifetime: forever,
		Attempts: 100, AttemptTimeout: forever, RoundTimeout: forever,
		MinBackoff: forever, MaxBackoff: forever, MinPermanentBackoff: forever, MaxPermanentBackoff: forever,
	}
	shortest = manager.Policy{
		Margin: 1, RefreshFraction: 0.5, Jitter: 0.5, DefaultLifetime: 1,
		Attempts: 1, AttemptTimeout: time.Millisecond, RoundTimeout: time.Millisecond,
		MinBackoff: 1, MaxBackoff: time.Millisecond, MinPermanentBackoff: 1, MaxPermanentBackoff: time.Millisecond,
	}
)

const forever time.Duration = math.MaxInt64

// The responses of the worlds.
var (
	token          = Response{Kind: New, Lifetime: 10 * time.Second}
	lasting        = Response{Kind: New, Lifetime: 100 * time.Second}
	shortLived     = Response{Kind: New, Lifetime: time.Second}
	repeated       = Response{Kind: Same, Lifetime: 10 * time.Second}
	expired        = Response{Kind: ExpiredOnArrival}
	sameExpired    = Response{Kind: SameExpiredOnArrival}
	transient      = Response{Kind: Transient}
	later          = Response{Kind: Transient, RetryAfter: 5 * time.Second}
	permanent      = Response{Kind: Permanent}
	brought        = Response{Kind: New, Lifetime: 10 * time.Second, RefreshIn: 6 * time.Second}
	ending         = Response{Kind: New, Lifetime: 4 * time.Second}
	same           = Response{Kind: Same, Lifetime: 90 * time.Second}
	broughtLasting = Response{Kind: New, Lifetime: 90 * time.Second}
)

// coarsely completes a world that decides coarsely.
func coarsely(w World) World {
	w.Policy, w.Draws = coarse, []float64{0}
	return w
}

// Worlds returns small worlds that together reach everything the contract speaks of. All of them are covered to the end
// within seconds; three of them end only because they bound the number of fetches.
func Worlds() []World {
	return []World{
		coarsely(World{Name: "callers", Callers: 3, Fetcher: Cancellable, Refresh: true, Close: true,
			Responses: []Response{token, transient}}),
		coarsely(World{Name: "outage", Callers: 2, Refresh: true, Close: true,
			Responses: []Response{token, transient, later, permanent}}),
		coarsely(World{Name: "useless", Callers: 2, Fetcher: Cancellable, Refresh: true,
			Responses: []Response{token, shortLived, repeated, expired, sameExpired}}),
		coarsely(World{Name: "rejected", Callers: 1, Origins: 2, Fetches: 4,
			Responses: []Response{lasting}}),
		coarsely(World{Name: "rejected in an outage", Callers: 1, Origins: 1, Fetches: 6,
			Responses: []Response{lasting, repeated, expired, transient, permanent}}),
		coarsely(World{Name: "contested", Callers: 2, Origins: 2, Unnamed: true, Fetches: 3,
			Responses: []Response{lasting, repeated, transient, later}}),
		coarsely(World{Name: "evidence", Callers: 1, Origins: 1, Outcomes: true, Fetches: 5,
			Responses: []Response{lasting}}),
		coarsely(World{Name: "evidence of two", Callers: 1, Origins: 2, Outcomes: true, Fetches: 3,
			Responses: []Response{lasting}}),
		coarsely(World{Name: "paths", Callers: 1, Origins: 1, Paths: 2, Outcomes: true, Fetches: 4,
			Responses: []Response{lasting}}),
		coarsely(World{Name: "corrected credentials", Callers: 1, Origins: 1, Recheck: true, Fetches: 5,
			Responses: []Response{token, permanent}}),
		coarsely(World{Name: "longer lives", Callers: 2, MinLife: 8 * time.Second, Fetcher: Cancellable, Refresh: true, Fetches: 4,
			Responses: []Response{token, shortLived, repeated, transient}}),
		coarsely(World{Name: "longer lives of a contested token", Callers: 1, Origins: 1, Unnamed: true, MinLife: 6 * time.Second, Fetches: 4,
			Responses: []Response{token, repeated, expired, transient}}),
		coarsely(World{Name: "mixed", Callers: 2, Origins: 1, Fetcher: Cancellable, Refresh: true, Fetches: 5,
			Responses: []Response{token, transient}}),
		coarsely(World{Name: "stubborn", Callers: 1, Fetcher: Stubborn, Refresh: true, Close: true,
			Responses: []Response{token}}),
		coarsely(World{Name: "stubborn and rejected", Callers: 1, Origins: 1, Fetcher: Stubborn, Fetches: 5,
			Responses: []Response{lasting}}),
		coarsely(World{Name: "clock", Callers: 1, Fetcher: Cancellable, ClockSteps: 2, ClockStep: 5 * time.Second,
			Responses: []Response{token, transient}}),
		coarsely(World{Name: "watched", Callers: 1, Watchers: 2, Fetcher: Cancellable, Close: true,
			Responses: []Response{token, transient}}),
		coarsely(World{Name: "watched in an outage", Callers: 1, Watchers: 1,
			Responses: []Response{token, repeated, expired, sameExpired, transient, permanent}}),
		coarsely(World{Name: "watched and rejected", Callers: 1, Origins: 1, Unnamed: true, Watchers: 1, Fetches: 3,
			Responses: []Response{lasting, transient}}),
		coarsely(World{Name: "watched and stubborn", Callers: 1, Watchers: 1, Fetcher: Stubborn,
			Responses: []Response{token}}),
		coarsely(World{Name: "offered", Callers: 2, Fetcher: Cancellable, Refresh: true, Close: true,
			Responses: []Response{token, transient}, Offers: []Response{brought, ending}}),
		coarsely(World{Name: "offered and rejected", Callers: 1, Origins: 1, Outcomes: true, Fetches: 4,
			Responses: []Response{lasting, transient}, Offers: []Response{broughtLasting, same}}),
		coarsely(World{Name: "offered and stubborn", Callers: 1, Fetcher: Stubborn, Watchers: 1, Fetches: 6,
			Responses: []Response{token, permanent}, Offers: []Response{brought}}),
		{Name: "jitter", Callers: 1, Fetcher: Cancellable, Policy: manager.Policy{Attempts: 2, MaxBackoff: time.Second}, Draws: []float64{0, 1},
			Responses: []Response{token, transient}},
		{Name: "defaults", Callers: 2,
			Responses: []Response{{Kind: New}, transient, permanent}},
		{Name: "longest settings", Callers: 1, Fetcher: Cancellable, Policy: longest, Draws: []float64{0, 1}, MinLife: forever, Fetches: 4,
			Responses: []Response{{Kind: New, Lifetime: forever}, {Kind: New}, {Kind: New, Lifetime: time.Second, RefreshIn: forever}, {Kind: Transient, RetryAfter: forever}, permanent}},
		{Name: "shortest settings", Callers: 1, Fetcher: Cancellable, Policy: shortest, Draws: []float64{0, 1}, Fetches: 4,
			Responses: []Response{{Kind: New, Lifetime: 1}, {Kind: New, Lifetime: time.Second, RefreshIn: 1}, transient, {Kind: Transient, RetryAfter: 1}, permanent}},
	}
}

// LargeWorlds returns worlds of the same kinds with more in them. All are covered to the end, in most of them thanks to
// a bound on the number of fetches; together they take two minutes and a gigabyte or two.
func LargeWorlds() []World {
	return []World{
		coarsely(World{Name: "callers, large", Callers: 3, Fetcher: Cancellable, Refresh: true, Close: true,
			Responses: []Response{token, transient, later, permanent}}),
		coarsely(World{Name: "useless, large", Callers: 2, Fetcher: Cancellable, Refresh: true,
			Responses: []Response{token, repeated, expired, sameExpired, transient}}),
		coarsely(World{Name: "rejected, large", Callers: 1, Origins: 1, Fetcher: Cancellable,
			Responses: []Response{token}}),
		coarsely(World{Name: "rejected in an outage, large", Callers: 1, Origins: 1, Fetches: 10,
			Responses: []Response{lasting, repeated, transient}}),
		coarsely(World{Name: "contested, large", Callers: 2, Origins: 3, Unnamed: true, Fetches: 3,
			Responses: []Response{lasting, repeated, transient, later, permanent}}),
		coarsely(World{Name: "evidence, large", Callers: 1, Origins: 1, Paths: 2, Outcomes: true, Fetches: 5,
			Responses: []Response{lasting, repeated}}),
		coarsely(World{Name: "stubborn, large", Callers: 2, Fetcher: Stubborn, Refresh: true, Close: true,
			Responses: []Response{token, transient}}),
		coarsely(World{Name: "watched, large", Callers: 1, Watchers: 2, Fetcher: Cancellable, Refresh: true, Close: true, Fetches: 10,
			Responses: []Response{token, expired, transient}}),
		coarsely(World{Name: "watched in an outage, large", Callers: 1, Watchers: 1, Refresh: true,
			Responses: []Response{token, repeated, expired, sameExpired, transient, later, permanent}}),
		coarsely(World{Name: "watched and rejected, large", Callers: 1, Origins: 1, Unnamed: true, Watchers: 1, Fetches: 4,
			Responses: []Response{lasting, repeated, transient}}),
		coarsely(World{Name: "everything, large", Callers: 2, Origins: 2, Fetcher: Stubborn, Refresh: true, Close: true, Fetches: 3,
			Responses: []Response{token, repeated, expired, transient, later, permanent}}),
	}
}
