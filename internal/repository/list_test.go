package repository

import "strings"

// place is where a word must not occur.
type place uint8

const (
	identifiers place = 1 << iota // declared names, split into their words
	fileNames                     // of files and folders, split into their words
	messages                      // string literals
	comments                      // of Go code
	prose                         // Markdown, outside code

	names      = identifiers | fileNames
	code       = names | messages
	everywhere = code | comments | prose
)

// A term is a word or phrase that the code once had of its own, and the field's term for it.
type term struct {
	words   string // alternatives, separated by " | "; a phrase matches consecutive words; "x*" matches every word that begins so
	instead string
	where   place
	within  string // folders in which it is looked for, separated by spaces; empty: all. "." is the root package alone
}

var list = []term{
	{"answer*", "response (of a server), reply (to a caller)", everywhere, ""},
	{"usable end | usableend", "effective expiry", everywhere, ""},
	{"due", "refresh time", names, ""},
	{"dormant", "idle", everywhere, ""},
	{"nudge*", "refresh hint", everywhere, ""},
	{"dead on arrival", "expired on arrival", everywhere, ""},
	{"rejecter*", "rejecting origin", everywhere, ""},
	{"renew | renews | renewed | renewing | renewal | renewals", "refresh; retry after 401", everywhere, ""},
	{"prove | proves | proved | proven", "authenticate, client credentials; of DPoP: proof", names, ""},
	{"proves the client | prove the client | prove who | proves itself | prove itself", "authenticates the client",
		messages | comments | prose, ""},
	{"who", "credentials", identifiers, "fetcher"},
	{"identity", "credentials", names, ". fetcher internal/program"},
	{"conversation*", "exchange", everywhere, ""},
	{"report", "error builder", names, "fetcher"},
	{"defect*", "response error", everywhere, "fetcher internal/program"},
	{"flaw*", "response error", everywhere, ""},
	{"setback*", "network error", everywhere, ""},
	{"unfit*", "permanent error", everywhere, ""},
	{"judge | judges | judged | judging | judgement", "classify", names, ""},
	{"stayer*", "transport without redirects", everywhere, ""},
	{"scrub*", "redacted", everywhere, ""},
	{"shown", "redacted", names, "internal/redact"},
	{"stranger*", "key for a token", everywhere, ""},
	{"own", "generated key", identifiers, "dpop"},
	{"foreign*", "external (assertion), untrusted (text)", everywhere, ""},
	{"memory", "binding cache", names, "internal/bound"},
	{"verdict*", "challenge", everywhere, ". internal/transport fetcher"},
	{"excepted", "exempt", everywhere, ""},
	{"held | hold | holds | putback | put back", "buffered body; peek", names, "internal/transport"},
	{"recording", "replay buffer", names, ". internal/transport"},
	{"pass", "forward without a token", names, ". internal/transport"},
	{"certified", "mTLS transport", everywhere, ""},
	{"heal | heals | healed | healing | unhealed", "retry succeeded; recover", everywhere, ""},
	{"resent | resend | resends", "retried, sent again", everywhere, ""},
	{"nonced", "nonce retries", everywhere, ""},
	{"min denied | max denied | mindenied | maxdenied", "MinPermanentBackoff, MaxPermanentBackoff", everywhere, ""},
	{"turn | turns", "step", names, ""},
	{"tell | tells | told", "send; returns or reports", names, ""},
	{"tells", "returns or reports", messages | comments | prose, ""},
	{"lose | loses", "invalidate", names, "manager internal/core internal/simulation"},
	{"crowd*", "maxInlineReplies", names, "manager"},
	{"a batch", "replyBatch", identifiers, ""},
	{"knob*", "parameters", everywhere, ""},
	{"deed*", "actions", everywhere, ""},
	{"fate | fates", "fault source", everywhere, ""},
	{"befall*", "apply a fault", everywhere, ""},
	{"convalesc*", "recovery time", everywhere, ""},
	{"ledger*", "checker", everywhere, ""},
	{"close books | closebooks", "update expectations", everywhere, ""},
	{"rival*", "baseline", everywhere, ""},
	{"marks", "coverage", names, "internal/simulation/world internal/simulation/explore"},
	{"twin*", "reference", everywhere, ""},
	{"teeth", "mutation tests", everywhere, ""},
	{"hunter*", "runner", everywhere, ""},
	{"lies", "clock stepped", names, ""},
	{"comeback*", "retry at", everywhere, ""},
	{"survive | survives | survived", "recover", names, ""},
	{"near", "suggest", fileNames, "internal/program"},
	{"words", "(gone: typed errors)", fileNames, "internal/program"},
	{"proof", "client authentication", fileNames, "internal/program"},
	{"but for", "except", messages | comments | prose, ""},
	{"for ever", "forever", messages | comments | prose, ""},
	{"anew", "again", everywhere, ""},
	{"can be had | to be had | could be had | be had", "is available", everywhere, ""},
	{"somebody*", "a caller", everywhere, ""},
	{"nobody*", "no caller", everywhere, ""},
	{"whoever*", "the caller that", everywhere, ""},
	{"fit to be seen", "redacted", everywhere, ""},
	{"only so far", "validated", everywhere, ""},
	{"empty tape", "exhausted input", everywhere, ""},
}

// An exception is a place where a word of the list is right.
type exception struct {
	file   string // a suffix of the path, or a folder with a slash at its end
	text   string // what stands there contains this; empty: anything
	reason string
}

var exceptions = []exception{
	{"internal/repository/list_test.go", "", "the list itself"},
	{"internal/repository/terms_test.go", "", "examples of what is found"},
	{"CHANGELOG.md", "", "lists what was renamed"},
	{"_test.go", "NotShown", "says what does not appear in a text"},
	{"", "PeerDefect", "a defect that was seen in another library"},
	{"", "workloadIdentity", "workload identity is a term of the field"},
	{"findings/mod-oauth2-introspection-down.sh", "User nobody", "an account of Unix"},
	{"alfotel/", "resend_count", "an attribute of the semantic conventions"},
}

// allowed reports whether an exception covers text in file.
func allowed(file, text string) bool {
	for _, e := range exceptions {
		inFile := e.file == "" || strings.HasSuffix(file, e.file) || strings.HasSuffix(e.file, "/") && strings.HasPrefix(file, e.file)
		if inFile && strings.Contains(text, e.text) {
			return true
		}
	}
	return false
}
