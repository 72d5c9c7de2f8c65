package explore

import (
	"errors"
	"fmt"
	"time"

	"github.com/alf-go/alf/internal/core"
	"github.com/alf-go/alf/manager"
)

// World is what can happen. Its zero value has no caller and is refused; see [Worlds] for some that are worth a visit.
type World struct {
	// Name identifies the world in reports.
	Name string
	// Policy is the manager's; zero fields mean its defaults. Few distinct durations make few states.
	Policy manager.Policy
	// Callers is how many may wait at the same time, from 1 to 8. Reading a published token takes no time, so the
	// number of those who do is not limited.
	Callers int
	// Origins is how many APIs there are to reject a token, up to 8. Callers name theirs; without any, callers name
	// none.
	Origins int
	// Unnamed adds callers that name no origin.
	Unnamed bool
	// Paths is how many paths the APIs have, up to 4. Default: one.
	Paths int
	// Outcomes lets the outcomes of requests be reported, as a retry may be accepted or rejected at any time.
	Outcomes bool
	// MinLife adds callers that want a token which remains valid for so long.
	MinLife time.Duration
	// Recheck says that credentials which the endpoint refuses can be read again.
	Recheck bool
	// Responses is what a fetch may bring; one at least.
	Responses []Response
	// Fetcher is how long a fetch may take to end.
	Fetcher Fetcher
	// Draws is what the random source may say, each at every step. Default: 0.5 alone, the middle of every jitter.
	Draws []float64
	// Watchers is how many loops over the token there may be at the same time, up to 3. They join, look and leave in
	// every order.
	Watchers int
	// Fetches bounds how many may start, with the tokens that are adopted from elsewhere, for worlds that would
	// otherwise have no end. At that number nothing further happens. Default: no bound.
	Fetches int
	// Offers are tokens that may come from elsewhere: New, or Same for the value that is held already. Their requests
	// were started [OfferedAge] ago. A value that was rejected here comes again, too.
	Offers []Response
	// Refresh and Close let callers do that.
	Refresh, Close bool
	// ClockSteps is how many times the wall clock may be stepped, by ClockStep, forward or back. Its readings are all
	// that the manager has to measure time by then, and its timers, which go by a clock that is right. So every bound
	// on a time is widened by all the steps, and what has to happen at once is not checked.
	ClockSteps int
	ClockStep  time.Duration
}

// Fetcher is how long a fetch may take to end. The longer, the more can happen meanwhile.
type Fetcher uint8

// The kinds of fetchers.
const (
	Prompt      Fetcher = iota // it ends at the moment it was started, though other things may happen in between
	Cancellable                // it may run until it is cancelled, and then ends
	Stubborn                   // it may ignore its cancellation, be abandoned, and end at any time after
)

// Response is what a fetch may bring.
type Response struct {
	Kind ResponseKind
	// Lifetime of a token, from the start of the fetch. Zero: the endpoint did not say.
	Lifetime time.Duration
	// RefreshIn is the endpoint's advice on when to refresh a token. Zero: none.
	RefreshIn time.Duration
	// RetryAfter is how long a failing endpoint asks to be left alone. Zero: it does not ask.
	RetryAfter time.Duration
}

// ResponseKind is the outcome of a fetch.
type ResponseKind uint8

// The outcomes of a fetch.
const (
	New                  ResponseKind = iota + 1 // a token with a new value
	Same                                         // the value that is held already; given only once there is one
	ExpiredOnArrival                             // a new value that has no life left
	SameExpiredOnArrival                         // the value that is held already, without any life left
	Transient                                    // a failure that may pass
	Permanent                                    // a failure that stays until it is repaired
)

func (k ResponseKind) again() bool { return k == Same || k == SameExpiredOnArrival }
func (k ResponseKind) ok() bool    { return k < Transient }

var responseNames = [...]string{
	New: "a new token", Same: "the same token again", ExpiredOnArrival: "a token that has expired on arrival",
	SameExpiredOnArrival: "the same token again, expired on arrival", Transient: "a transient failure", Permanent: "a permanent failure",
}

// String says what the fetch brought.
func (a Response) String() string {
	s := responseNames[a.Kind]
	for _, d := range []struct {
		name  string
		value time.Duration
	}{{"expires in", a.Lifetime}, {"refresh in", a.RefreshIn}, {"retry after", a.RetryAfter}} {
		if d.value != 0 {
			s += fmt.Sprintf(", %s %v", d.name, d.value)
		}
	}
	return s
}

// Limits that the packed form of a state relies on.
const (
	maxCallers = 8
	maxOrigins = 8
	maxPaths   = 4
	maxChoices = 200
)

// validate reports everything that makes no sense, by name.
func (w World) validate() error {
	var problems []error
	within := func(name string, value, least, most int) {
		if value < least || value > most {
			problems = append(problems, fmt.Errorf("%s: %d is not from %d to %d: correct it", name, value, least, most))
		}
	}
	within("World.Callers", w.Callers, 1, maxCallers)
	within("World.Origins", w.Origins, 0, maxOrigins)
	within("World.Watchers", w.Watchers, 0, maxWatchers)
	within("World.Paths", w.Paths, 0, maxPaths)
	within("World.Responses", len(w.Responses), 1, maxChoices)
	within("World.Offers", len(w.Offers), 0, maxChoices)
	within("World.Draws", len(w.Draws), 0, maxChoices)
	within("World.ClockSteps", w.ClockSteps, 0, maxChoices)
	if w.Fetches < 0 {
		problems = append(problems, fmt.Errorf("World.Fetches: %d is negative: leave it 0 for no bound", w.Fetches))
	}
	if w.MinLife < 0 {
		problems = append(problems, fmt.Errorf("World.MinLife: %v is negative: leave it 0 for no such callers", w.MinLife))
	}
	if w.ClockSteps > 0 && w.ClockStep <= 0 {
		problems = append(problems, fmt.Errorf("World.ClockStep: %v is not positive, so no step can be made: set it, or leave ClockSteps 0", w.ClockStep))
	}
	if w.Fetcher > Stubborn {
		problems = append(problems, fmt.Errorf("World.Fetcher: %d does not exist: use Prompt, Heeding or Stubborn", w.Fetcher))
	}
	for i, a := range w.Responses {
		if a.Kind < New || a.Kind > Permanent || a.Lifetime < 0 || a.RefreshIn < 0 || a.RetryAfter < 0 {
			problems = append(problems, fmt.Errorf("World.Responses[%d]: %+v has no kind, or a negative duration: correct it", i, a))
		}
	}
	for i, a := range w.Offers {
		if a.Kind != New && a.Kind != Same || a.Lifetime <= 0 || a.RefreshIn < 0 {
			problems = append(problems, fmt.Errorf("World.Offers[%d]: %+v is no token with a lifetime: correct it", i, a))
		}
	}
	for i, d := range w.Draws {
		if !(d >= 0 && d <= 1) {
			problems = append(problems, fmt.Errorf("World.Draws[%d]: %v is not from 0 to 1: correct it", i, d))
		}
	}
	if err := w.Policy.Validate(); err != nil {
		problems = append(problems, err)
	}
	return errors.Join(problems...)
}

func (w World) policy() core.Policy { return core.Policy(w.Policy).WithDefaults() }

func (w World) draws() []float64 {
	if len(w.Draws) == 0 {
		return []float64{0.5}
	}
	return w.Draws
}
