package ambiguous

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// forwarded is an ordinary request with the token, as bytes, and with further fields.
func forwarded(fields ...string) string {
	return head(append([]string{"GET /api/a HTTP/1.1", "Host: " + Host, "Authorization: Bearer " + Token}, fields...)...)
}

// toTarget is the same for another target.
func toTarget(target string) string { return strings.Replace(forwarded(), "/api/a", target, 1) }

// readAll reads what arrived on a connection.
func readAll(text string) (requests []*Forwarded, rest string) {
	for {
		request, size := read([]byte(text))
		if size == 0 {
			return requests, text
		}
		requests = append(requests, request)
		text = text[size:]
	}
}

func TestEachDangerIsFound(t *testing.T) {
	const server = "127.0.0.1:1"
	for name, test := range map[string]struct {
		text     string
		expected Danger
	}{
		"nothing":                       {"", 0},
		"ordinary":                      {forwarded(), 0},
		"ordinary, the server's Host":   {strings.Replace(forwarded(), Host, server, 1), 0},
		"what follows as well":          {forwarded() + toTarget(next), 0},
		"chunks and a trailer":          {forwarded("Transfer-Encoding: chunked") + "5;a=b\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", 0},
		"OPTIONS *":                     {strings.Replace(forwarded(), "GET /api/a", "OPTIONS *", 1), Escapes},
		"a hidden request":              {forwarded() + toTarget("/api/"+hidden), Split},
		"a hidden field":                {forwarded("X-Hidden: 1"), Split},
		"two requests":                  {forwarded() + forwarded(), Split},
		"two lengths":                   {forwarded("Content-Length: 0", "Content-Length: 0"), Framing},
		"length and chunks":             {forwarded("Content-Length: 5", "Transfer-Encoding: chunked") + chunked, Framing},
		"a list of lengths":             {forwarded("Content-Length: 0, 0"), Framing},
		"another coding":                {forwarded("Transfer-Encoding: xchunked") + chunked, Framing},
		"bare CR":                       {forwarded("X-A: 1\r2"), Head},
		"folded line":                   {forwarded("X-A: 1", " 2"), Head},
		"space before the colon":        {forwarded("X-A : 1"), Head},
		"no colon":                      {forwarded("X-A"), Head},
		"method that is no token":       {strings.Replace(forwarded(), "GET", "G{T", 1), Head},
		"no Host":                       {strings.Replace(forwarded(), "Host: "+Host+"\r\n", "", 1), NoHost},
		"two Hosts":                     {forwarded("Host: " + Host), NoHost},
		"Host with user information":    {strings.Replace(forwarded(), "Host: ", "Host: user@", 1), NoHost | OtherHost},
		"Host with a bad port":          {strings.Replace(forwarded(), "Host: "+Host, "Host: "+Host+":80x", 1), NoHost},
		"Host of another":               {strings.Replace(forwarded(), "Host: "+Host, "Host: other.test:80", 1), OtherHost},
		"dot segments inside":           {toTarget("/api/b/../a"), 0},
		"dot segments":                  {toTarget("/api/../b"), Escapes},
		"dot segments, encoded":         {toTarget("/api/%2e%2E%2fb"), Escapes},
		"dot segments, encoded twice":   {toTarget("/api/%252e%252e/b"), Escapes},
		"dot segments with a parameter": {toTarget("/api/..;a/b"), Escapes},
		"dot segments, backslash":       {toTarget(`/api/..%5cb`), Escapes},
		"dot segments in the query":     {toTarget("/api/a?/../../b"), 0},
		"two slashes at the start":      {toTarget("//api/a"), 0},
		"absolute form":                 {toTarget("http://" + Host + "/api/a"), Target},
		"absolute form, another host":   {toTarget("http://other.test/api/a"), Target | OtherHost},
		"fragment":                      {toTarget("/api/a#b"), Target},
		"encoded NUL":                   {toTarget("/api/a%00"), Target},
		"wrongly encoded":               {toTarget("/api/a%zz"), Target},
		"a letter that is no ASCII":     {toTarget("/api/ä"), Target},
		"version":                       {strings.Replace(forwarded(), "HTTP/1.1", "HTTP/1.2", 1), Version},
		"caller's token as well":        {forwarded("Authorization: Bearer callers"), CallerToken},
		"caller's token alone":          {strings.Replace(forwarded(), Token, "callers", 1), CallerToken | NoToken},
		"no token":                      {strings.Replace(forwarded(), "Authorization", "X-A", 1), NoToken},
		"no token behind it":            {forwarded() + get(), NoToken | Split},
		"named by Connection":           {forwarded("Connection: close, x-a"), HopByHop},
		"Keep-Alive":                    {forwarded("Keep-Alive: 1"), HopByHop},
		"TE: gzip":                      {forwarded("TE: gzip"), HopByHop},
		"TE: trailers":                  {forwarded("TE: trailers", "Connection: TE"), 0},
		"Proxy-Authorization":           {forwarded("Proxy-Authorization: a"), HopByHop},
		"upgrade to h2c":                {forwarded("Upgrade: h2c", "Connection: Upgrade"), Upgraded},
		"websocket without a key":       {forwarded("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13"), Upgraded},
		"websocket": {forwarded("Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Version: 13",
			"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="), 0},
		"trailer Host": {forwarded("Transfer-Encoding: chunked") + "0\r\nHost: a\r\n\r\n", Trailers},
		"trailer Authorization": {forwarded("Transfer-Encoding: chunked") + "0\r\nAuthorization: a\r\n\r\n",
			Trailers | CallerToken},
		"underscore": {forwarded("Content_Length: 5"), Underscore},
		"forged":     {forwarded("Forwarded: for=forged.test"), Forged},
	} {
		t.Run(name, func(t *testing.T) {
			requests, rest := readAll(test.text)
			require.Empty(t, rest)
			expected := test.expected
			if len(requests) > 0 {
				expected |= Reached
			}
			require.Equal(t, expected.String(), Assess(requests, server).String())
		})
	}
}

func TestWhatOnlyFollowedIsNoDanger(t *testing.T) {
	requests, _ := readAll(toTarget(next))
	require.Len(t, requests, 1)
	require.Zero(t, Assess(requests, ""))
}

func TestAnIncompleteRequestHasNotReachedTheServer(t *testing.T) {
	for _, text := range []string{
		"GET", "GET /api/a HTTP/1.1\r\nHost: a\r\n", post("hell", "Content-Length: 5"),
		post("5\r\nhello\r\n", "Transfer-Encoding: chunked"), post("5\r\nhello\r\n0\r\nX: 1\r\n", "Transfer-Encoding: chunked"),
		post("5\r\nhel", "Transfer-Encoding: chunked"), post("x\r\n", "Transfer-Encoding: chunked"),
	} {
		requests, rest := readAll(text)
		require.Empty(t, requests)
		require.Equal(t, text, rest)
	}
}

func TestTheEndOfARequestIsUncertain(t *testing.T) {
	for text, expected := range map[string]bool{
		get():                              false,
		post("hello", "Content-Length: 5"): false,
		post("hello", "Content-Length: 5", "Content-Length: 5"):           false,
		post("hello", "Content-Length: 5, 5"):                             false,
		post(chunked, "Transfer-Encoding:", " chunked"):                   false,
		post("hello", "Content-Length: 5, 6"):                             true,
		post("hello", "Content-Length: 5", "Content-Length: 6"):           true,
		post("hello", "Content-Length: +5"):                               true,
		post(chunked, "Content-Length: 15", "Transfer-Encoding: chunked"): true,
		post(chunked, "Transfer-Encoding: xchunked"):                      true,
		post("0x5\r\nhello\r\n0\r\n\r\n", "Transfer-Encoding: chunked"):   true,
	} {
		require.Equal(t, expected, endUncertain(text), text)
	}
}

func TestMoreLenientThanAllOthers(t *testing.T) {
	require.Zero(t, MoreLenient(0, 0, 0))
	require.Zero(t, MoreLenient(Reached, 0, Reached))
	require.Equal(t, Reached, MoreLenient(Reached, 0, 0))
	require.Zero(t, MoreLenient(Reached|Head, Reached|Head, 0))
	require.Equal(t, Head, MoreLenient(Reached|Head|Forged, Reached, Reached|Forged))
}

// Names are the keys of the table.
func TestNamesAreUnique(t *testing.T) {
	var names, names2 []string
	for _, r := range Requests() {
		require.NotContains(t, names, r.Name)
		require.NotContains(t, r.Name, " | ")
		names = append(names, r.Name)
	}
	for _, r := range Requests2() {
		require.NotContains(t, names2, r.Name)
		names2 = append(names2, r.Name)
	}
	require.Greater(t, len(names), 60)
	require.False(t, slices.Contains(names, ""))
}
