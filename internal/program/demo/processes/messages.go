package processes

import (
	"time"

	"github.com/alf-go/alf"
)

// task is the first line that a process reads. A second one, of any content, lets it begin, and it ends when there is
// no more to read: so it does not outlive the process that has started it, however that ends.
type task struct {
	Name     string `json:"name"`
	TokenURL string `json:"token_url,omitempty"`
	Issuer   string `json:"issuer,omitempty"`
	API      string `json:"api"`

	AuthStyle alf.AuthStyle `json:"auth_style"`
	ClientID  string        `json:"client_id"`
	Secret    string        `json:"secret,omitempty"`
	Key       string        `json:"key,omitempty"`      // that the client signs with, PEM
	DPoPKey   string        `json:"dpop_key,omitempty"` // PEM

	Store    string `json:"store,omitempty"` // a directory; "": none
	StoreKey string `json:"store_key,omitempty"`

	Callers int           `json:"callers"`
	Every   time.Duration `json:"every"` // nanoseconds
}

// noticeKind says what a notice is about.
type noticeKind string

const (
	// isReady: the process waits for the line that lets it begin.
	isReady noticeKind = "ready"
	// hasCounted: Counts are those of the process until now. It comes ten times a second.
	hasCounted noticeKind = "counts"
	// isFetching: a token request begins.
	isFetching noticeKind = "fetching"
	// hasToken: there is a token that was not there before.
	hasToken noticeKind = "token"
	// hasOffered: the store did not have the token of this process, and has it now.
	hasOffered noticeKind = "offered"
	// isAlone: the store did not work. Err says why.
	isAlone noticeKind = "store failed"
	// isBroken: the process cannot do its task. Err says why.
	isBroken noticeKind = "broken"
)

// notice is a line that a process writes.
type notice struct {
	Kind noticeKind `json:"kind"`
	// At is when it happened, in nanoseconds since 1970: all processes have the same clock.
	At int64 `json:"at"`
	// Token is a fingerprint of the token.
	Token  string  `json:"token,omitempty"`
	Err    string  `json:"err,omitempty"`
	Counts *counts `json:"counts,omitempty"`
}

func (n *notice) time() time.Time { return time.Unix(0, n.At) }

// counts is what processes have counted.
type counts struct {
	// Requests is how many requests to the API came to an end, and Failed how many of them to any other than success.
	Requests uint64 `json:"requests"`
	Failed   uint64 `json:"failed"`
	// FirstFailure is the error of the first one.
	FirstFailure string `json:"first_failure,omitempty"`
	// Alone is how many token requests were made without the store, though there is one.
	Alone uint64 `json:"alone"`
}

func (c *counts) add(other counts) {
	c.Requests += other.Requests
	c.Failed += other.Failed
	c.Alone += other.Alone
	if c.FirstFailure == "" {
		c.FirstFailure = other.FirstFailure
	}
}
