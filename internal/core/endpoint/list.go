package endpoint

import "github.com/alf-go/alf/internal/core"

// links are an element's places in one list.
type links[T any] struct {
	in         bool
	prev, next *T
}

// list is a doubly linked list through its elements, so that an element leaves it in constant time. links says which of
// an element's links are this list's.
type list[T any] struct {
	links       func(*T) *links[T]
	front, back *T
	n           int
}

// push appends an element, unless it is in the list.
func (l *list[T]) push(e *T) {
	k := l.links(e)
	if k.in {
		return
	}
	*k = links[T]{in: true, prev: l.back}
	if l.back == nil {
		l.front = e
	} else {
		l.links(l.back).next = e
	}
	l.back = e
	l.n++
}

// remove takes an element out, if it is in the list.
func (l *list[T]) remove(e *T) {
	k := l.links(e)
	if !k.in {
		return
	}
	if k.prev == nil {
		l.front = k.next
	} else {
		l.links(k.prev).next = k.next
	}
	if k.next == nil {
		l.back = k.prev
	} else {
		l.links(k.next).prev = k.prev
	}
	*k = links[T]{}
	l.n--
}

// set puts an element into the list or takes it out.
func (l *list[T]) set(e *T, in bool) {
	if in {
		l.push(e)
	} else {
		l.remove(e)
	}
}

// each calls f with every element, in order.
func (l *list[T]) each(f func(*T)) {
	for e := l.front; e != nil; e = l.links(e).next {
		f(e)
	}
}

// alarms is a heap of the times at which clients have to be looked at again. A client has at most one that counts.
type alarms []alarm

type alarm struct {
	at     core.Elapsed
	client *client
}

// next is the earliest time.
func (h *alarms) next() (core.Elapsed, bool) {
	for len(*h) > 0 && (*h)[0].client.alarm != (*h)[0].at {
		h.pop() // replaced by an earlier one, or no longer wanted
	}
	if len(*h) == 0 {
		return 0, false
	}
	return (*h)[0].at, true
}

func (h *alarms) push(a alarm) {
	*h = append(*h, a)
	s := *h
	for i := len(s) - 1; i > 0; {
		up := (i - 1) / 2
		if s[up].at <= s[i].at {
			return
		}
		s[up], s[i] = s[i], s[up]
		i = up
	}
}

func (h *alarms) pop() alarm {
	s := *h
	first, last := s[0], len(s)-1
	s[0], s[last] = s[last], alarm{}
	s = s[:last]
	for i := 0; ; {
		least := i
		for _, child := range [...]int{2*i + 1, 2*i + 2} {
			if child < len(s) && s[child].at < s[least].at {
				least = child
			}
		}
		if least == i {
			break
		}
		s[i], s[least] = s[least], s[i]
		i = least
	}
	*h = s
	return first
}
