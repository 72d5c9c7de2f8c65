package alfmcp

import (
	"crypto/rand"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The SDK opens a stream of events again when it has ended. But it forgets the last event unless the stream that has
// ended had one, and ends the session after six streams without any. Therefore each stream begins with an event of
// ours, which has an id and no data, as servers send them for clients that resume (SEP-1699). The SDK sends that id
// when it opens the stream again, unless there was another event: it says where the stream goes on.

// place is where a stream of events goes on.
type place struct {
	// lastEvent is the id of the server's last event; "" if none had one.
	lastEvent string
	// brief is how many streams in a row have ended soon and without an event.
	brief int
}

// soon is less than any proxy lets a request last.
const soon = 10 * time.Second

// places writes places as ids of events, and reads them. It is what these begin with, which no server can know.
type places string

func newPlaces() places { return places("alf-" + rand.Text() + ".") }

// event is the first event of a stream that begins now.
func (ps places) event(p place, now time.Time) string {
	return fmt.Sprintf("id: %s%d.%d.%s\ndata: \n\n", string(ps), p.brief, now.UnixNano(), p.lastEvent)
}

// read returns what an id stands for when a stream is opened again. It may be one of the server's.
func (ps places) read(id string, now time.Time) place {
	rest, ours := strings.CutPrefix(id, string(ps))
	if !ours {
		return place{lastEvent: id}
	}
	brief, rest, _ := strings.Cut(rest, ".")
	began, lastEvent, _ := strings.Cut(rest, ".")
	p := place{lastEvent: lastEvent}
	if at, err := strconv.ParseInt(began, 10, 64); err == nil && now.Sub(time.Unix(0, at)) < soon {
		n, _ := strconv.Atoi(brief)
		p.brief = n + 1
	}
	return p
}
