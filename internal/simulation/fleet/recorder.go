package fleet

import "time"

// Recording is what happened in a world, as far as it is worth a picture.
type Recording struct {
	// Step is how much time a sample covers, Ended when the world ended.
	Step, Ended time.Duration
	Samples     []Sample
	// Rows are some of the tokens or targets, evenly spread, in order.
	Rows []Row
	// Troubles are what the endpoint was thought to be: suspect, or a client id on hold.
	Troubles []Trouble
}

// Sample is what happened during a step.
type Sample struct {
	// Fetched and Broken are the token requests that ended with a token, and without one.
	Fetched, Broken int
	// Served, Failed and Refused are callers; refused because of what others had met, or because the pool was full.
	Served, Failed, Refused int
	// InFlight is the most token requests at a time, Waiting the most callers that had no reply yet.
	InFlight, Waiting int
	// Tokens is the most that the pool had, Evicted those that made room.
	Tokens, Evicted int
}

// Row is one token's, or that of one target, whichever token it has.
type Row struct {
	// ID is the number of the token's place or target, Client its client id.
	ID      int
	Client  uint64
	Lives   []Span
	Fetches []Fetch
}

// Span is a time.
type Span struct{ From, To time.Duration }

// Fetch is a token request that ended.
type Fetch struct {
	At, Took time.Duration
	// Fault is what it met.
	Fault Fault
}

// Trouble is a time during which the endpoint was suspect, or of a client id on hold.
type Trouble struct {
	Span
	Client uint64 // 0: the endpoint was suspect
}

// maxRows is as many as fit on a page.
const maxRows = 40

// samples is into how many steps a world is divided.
const samples = 300

// recorder writes a recording. A nil one writes nothing.
type recorder struct {
	*Recording
	w       *World
	rows    map[int]int // by the number of the token's place or target
	suspect int         // the trouble that lasts, from 1
	held    map[uint64]int
}

// Record runs a world with parameters of the caller's, and records it.
func Record(seed uint64, p Parameters) (*Result, *Recording) {
	r := &recorder{Recording: &Recording{}, rows: map[int]int{}, held: map[uint64]int{}}
	result := run(seed, p, newSource(seed), false, r)
	r.finish()
	return result, r.Recording
}

func (r *recorder) begin(w *World, end time.Duration) {
	if r == nil {
		return
	}
	r.w = w
	r.Step = max(end/samples/time.Second*time.Second, time.Second)
	r.Ended = end
	p := &w.parameters
	n := min(p.Tokens, maxRows)
	for i := range n {
		id := i * p.Tokens / n
		r.rows[id] = i
		r.Rows = append(r.Rows, Row{ID: id})
	}
}

// now is the sample of this moment.
func (r *recorder) now() *Sample {
	i := int(r.w.Now / r.Step)
	for len(r.Samples) <= i {
		r.Samples = append(r.Samples, Sample{})
	}
	s := &r.Samples[i]
	s.InFlight = max(s.InFlight, len(r.w.checker.flights))
	s.Waiting = max(s.Waiting, len(r.w.open))
	if r.w.pool != nil {
		s.Tokens = max(s.Tokens, len(r.w.pool.checker.members))
	}
	return s
}

// row is that of a token; nil if it is not among those that are shown.
func (r *recorder) row(t *token) *Row {
	id := t.id
	if t.target != nil {
		id = t.target.id
	}
	i, ok := r.rows[id]
	if !ok {
		return nil
	}
	r.Rows[i].Client = t.client
	return &r.Rows[i]
}

// ended is a token request that ended, or was given up.
func (r *recorder) ended(t *token, f request) {
	if r == nil {
		return
	}
	if ok := f.fault == None && !f.cancelled; ok {
		r.now().Fetched++
	} else {
		r.now().Broken++
	}
	fault := f.fault
	if f.cancelled && fault == None {
		fault = Hanging
	}
	if row := r.row(t); row != nil {
		row.Fetches = append(row.Fetches, Fetch{At: f.began, Took: r.w.Now - f.began, Fault: fault})
	}
}

// published and withdrawn are the ends of a token's life.
func (r *recorder) published(t *token) {
	if r == nil {
		return
	}
	if row := r.row(t); row != nil {
		r.closeLife(row)
		row.Lives = append(row.Lives, Span{From: r.w.Now, To: -1})
	}
}

func (r *recorder) withdrawn(t *token) {
	if r == nil {
		return
	}
	if row := r.row(t); row != nil {
		r.closeLife(row)
	}
}

func (r *recorder) closeLife(row *Row) {
	if n := len(row.Lives); n > 0 && row.Lives[n-1].To < 0 {
		row.Lives[n-1].To = r.w.Now
	}
}

// replied is a caller that got its reply, or read the token.
func (r *recorder) replied(served, refused bool) {
	if r == nil {
		return
	}
	switch s := r.now(); {
	case served:
		s.Served++
	case refused:
		s.Refused++
	default:
		s.Failed++
	}
}

// evicted is a token that made room.
func (r *recorder) evicted() {
	if r != nil {
		r.now().Evicted++
	}
}

// look notes what the checker knows of the endpoint after a step of it.
func (r *recorder) look(client uint64) {
	if r == nil {
		return
	}
	r.now()
	c := &r.w.checker
	switch {
	case c.suspect && r.suspect == 0:
		r.Troubles = append(r.Troubles, Trouble{Span: Span{r.w.Now, -1}})
		r.suspect = len(r.Troubles)
	case !c.suspect && r.suspect > 0:
		r.Troubles[r.suspect-1].To = r.w.Now
		r.suspect = 0
	}
	if client == 0 {
		return
	}
	switch i, until := r.held[client], c.holds[client]; {
	case i > 0 && until > r.w.Now:
		r.Troubles[i-1].To = until
	case i > 0:
		r.Troubles[i-1].To = min(r.Troubles[i-1].To, r.w.Now)
		delete(r.held, client)
	case until > r.w.Now:
		r.Troubles = append(r.Troubles, Trouble{Span: Span{r.w.Now, until}, Client: client})
		r.held[client] = len(r.Troubles)
	}
}

func (r *recorder) finish() {
	end := r.w.Now
	r.Ended = min(r.Ended, end)
	for i := range r.Troubles {
		if r.Troubles[i].To < 0 {
			r.Troubles[i].To = end
		}
	}
	for i := range r.Rows {
		r.closeLife(&r.Rows[i])
	}
}
