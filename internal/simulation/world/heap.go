package world

import "time"

// kind says what an event is about.
type kind uint8

const (
	arrive       kind = iota + 1 // a caller of process p wants a token for API a
	giveUp                       // caller a of process p has waited long enough
	apiResponse                  // an API responds to caller a of process p
	fetchDone                    // fetch a of process p ends
	wakeTimer                    // process p's timer, armed as number a
	expiryTimer                  // process p's timer for publication a
	fault                        // fault a of process p, or of the world
	scripted                     // step a of a scenario
	credentials                  // the check of process p's credentials is done
	traffic                      // the next request of stream a
	watcherComes                 // watcher a of process p joins
	watcherLooks                 // ... takes up the newest bulletin
	watcherGoes                  // ... leaves
	offerComes                   // token a comes from elsewhere to process p
)

// event is something that will happen. Two at the same instant happen in the order they were planned.
type event struct {
	at   time.Duration
	seq  uint64
	kind kind
	p    int32
	a    int64
	gen  uint32 // of a caller's slot, which others may have taken meanwhile
}

// heap is a binary heap of events. container/heap would cost an interface call at every comparison.
type heap []event

func (e *event) before(o *event) bool {
	return e.at < o.at || e.at == o.at && e.seq < o.seq
}

func (h *heap) push(e event) {
	*h = append(*h, e)
	s := *h
	i := len(s) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(&s[parent]) {
			break
		}
		s[i] = s[parent]
		i = parent
	}
	s[i] = e
}

func (h *heap) pop() event {
	s := *h
	top := s[0]
	last := s[len(s)-1]
	s = s[:len(s)-1]
	*h = s
	if len(s) == 0 {
		return top
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(s) {
			break
		}
		if child+1 < len(s) && s[child+1].before(&s[child]) {
			child++
		}
		if !s[child].before(&last) {
			break
		}
		s[i] = s[child]
		i = child
	}
	s[i] = last
	return top
}
