package fetcher

import (
	"net/http"
	"time"
)

// toleratedSkew is how far apart clocks may be before an error says so. A Date has seconds, so that less is not
// certain.
const toleratedSkew = 2 * time.Second

// skew is how far the server's clock was ahead of ours, by the response's Date; 0 if it is not known, or may be right
// for a moment between the request and the response.
func (r *response) skew() time.Duration {
	date, err := http.ParseTime(r.header.Get("Date"))
	if err != nil {
		return 0
	}
	switch ahead, behind := date.Sub(r.received.Round(0)), r.sent.Round(0).Sub(date); {
	case ahead > 0:
		return ahead
	case behind > 0:
		return -behind
	}
	return 0
}

// aboutClocks adds the difference of the clocks to a hint. It explains a refused signature more often than anything
// else.
func (b *errorBuilder) aboutClocks(hint message) message {
	if b.failure.response == nil {
		return hint
	}
	skew := b.failure.response.skew()
	if skew.Abs() <= toleratedSkew {
		return hint
	}
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	clocks := message{"the server's clock is %v %s this one's", []any{skew.Abs().Round(time.Second), direction}}
	if b.failure.concernsCredentials() || b.failure.refusal.code == invalidDPoPProof {
		return clocks.then(": correct the wrong one; else: ", hint)
	}
	return hint.then("; ", clocks)
}
