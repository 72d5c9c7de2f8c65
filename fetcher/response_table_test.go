package fetcher_test

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/alf-go/alf/fetcher"
)

const (
	hour = time.Hour
	year = 365 * 24 * time.Hour
	// unknownLife stands for a token without an Expiry, noLife for one that expires when it was asked for.
	unknownLife = time.Duration(-1)
	noLife      = time.Duration(-2)
)

// responseCase is one row, or a part of one, of the contract's table. The first group of fields is what is sent and how
// the fetcher is configured, the second what becomes of it: a token if fail is empty.
type responseCase struct {
	name   string
	status int // 200 if 0
	body   string
	header []string
	config func(*fetcher.Config)

	fail      string // part of the error text
	permanent bool
	code      string
	retry     time.Duration
	life      time.Duration // one hour if 0
	tokenType string        // "Bearer" if empty
	extra     map[string]any
}

// with makes an otherwise good response with these members; the rest is a token.
func with(members string) string {
	return `{"access_token":"tok-1","token_type":"Bearer",` + members + `}`
}

// token makes an otherwise good response with this access_token.
func token(value string) string {
	return `{"access_token":` + value + `,"token_type":"Bearer","expires_in":3600}`
}

func typed(value string) string {
	return `{"access_token":"tok-1","expires_in":3600,"token_type":` + value + `}`
}

func strictType(c *fetcher.Config) { c.StrictTokenType = true }
func asking(strict bool, scopes ...string) func(*fetcher.Config) {
	return func(c *fetcher.Config) { c.Scopes, c.StrictScope = scopes, strict }
}

var responseTable = []responseCase{
	{name: "plain", body: good},
	{name: "white space around", body: "\r\n\t " + good + " \n\n"},
	{name: "201", status: 201, body: good},

	{name: "unknown members", body: with(`"expires_in":3600,"foo":{"a":[1,null]},"bar":1e400,"baz":"x","twice":1,"twice":2`),
		extra: map[string]any{"foo": map[string]any{"a": []any{1.0, nil}}, "bar": json.Number("1e400"), "baz": "x", "twice": 2.0}},
	{name: "names in another case are other names", body: with(`"Expires_In":1,"expires_in":3600,"ACCESS_TOKEN":"other"`)},

	{name: "expires_in 3600", body: with(`"expires_in":3600`), extra: map[string]any{"expires_in": 3600.0}},
	{name: "expires_in with space before", body: with(`"expires_in" :   3600  `)},
	{name: "expires_in string", body: with(`"expires_in":"3600"`), extra: map[string]any{"expires_in": "3600"}},
	{name: "expires_in 3600.0", body: with(`"expires_in":3600.0`)},
	{name: "expires_in 3.6e3", body: with(`"expires_in":3.6e3`)},
	{name: "expires_in string 3.6e3", body: with(`"expires_in":"3.6e3"`)},
	{name: "expires_in fraction", body: with(`"expires_in":1.5`), life: 1500 * time.Millisecond},
	{name: "expires_in string fraction", body: with(`"expires_in":"3600.5"`), life: hour + 500*time.Millisecond},

	{name: "expires_in empty", body: with(`"expires_in":""`), fail: "malformed response: expires_in"},
	{name: "expires_in abc", body: with(`"expires_in":"abc"`), fail: "malformed response: expires_in"},
	{name: "expires_in 3600abc", body: with(`"expires_in":"3600abc"`), fail: "malformed response: expires_in"},
	{name: "expires_in true", body: with(`"expires_in":true`), fail: "malformed response: expires_in"},
	{name: "expires_in false", body: with(`"expires_in":false`), fail: "malformed response: expires_in"},
	{name: "expires_in {}", body: with(`"expires_in":{}`), fail: "malformed response: expires_in"},
	{name: "expires_in []", body: with(`"expires_in":[3600]`), fail: "malformed response: expires_in"},
	{name: "expires_in NaN", body: with(`"expires_in":NaN`), fail: "malformed response"},
	{name: "expires_in string NaN", body: with(`"expires_in":"NaN"`), fail: "malformed response: expires_in"},
	{name: "expires_in string Inf", body: with(`"expires_in":"Inf"`), fail: "malformed response: expires_in"},
	{name: "expires_in string hex", body: with(`"expires_in":"0x10"`), fail: "malformed response: expires_in"},
	{name: "expires_in string underscore", body: with(`"expires_in":"3_600"`), fail: "malformed response: expires_in"},
	{name: "expires_in string plus", body: with(`"expires_in":"+3600"`), fail: "malformed response: expires_in"},
	{name: "expires_in string blank", body: with(`"expires_in":" 3600 "`), fail: "malformed response: expires_in"},
	{name: "expires_in string trailing line", body: with(`"expires_in":"3600\n"`), fail: "malformed response: expires_in"},

	{name: "expires_in missing", body: `{"access_token":"tok-1","token_type":"Bearer"}`, life: unknownLife},
	{name: "expires_in null", body: with(`"expires_in": null`), life: unknownLife},

	{name: "expires_in 0", body: with(`"expires_in":0`), life: noLife},
	{name: "expires_in string 0", body: with(`"expires_in":"0"`), life: noLife},
	{name: "expires_in -1", body: with(`"expires_in":-1`), life: noLife},
	{name: "expires_in string -5", body: with(`"expires_in":"-5"`), life: noLife},
	{name: "expires_in -1e400", body: with(`"expires_in":-1e400`), life: noLife},

	{name: "expires_in 1e30", body: with(`"expires_in":1e30`), life: year},
	{name: "expires_in 9223372036854775807", body: with(`"expires_in":9223372036854775807`), life: year},
	{name: "expires_in string 9223372036854775807", body: with(`"expires_in":"9223372036854775807"`), life: year},
	{name: "expires_in 1e400", body: with(`"expires_in":1e400`), life: year},
	{name: "expires_in long", body: with(`"expires_in":` + strings.Repeat("9", 5000)), life: year},

	{name: "access_token missing", body: `{"token_type":"Bearer","expires_in":3600}`, fail: "there is no access_token"},
	{name: "access_token in another case", body: `{"Access_Token":"tok-1","expires_in":3600}`, fail: "there is no access_token"},
	{name: "access_token null", body: token(`null`), fail: "there is no access_token"},
	{name: "access_token empty", body: token(`""`), fail: "there is no access_token"},
	{name: "access_token number", body: token(`12345`), fail: "access_token is not a string"},
	{name: "access_token object", body: token(`{}`), fail: "access_token is not a string"},
	{name: "access_token with CR", body: token(`"a\rb"`), fail: "access_token has characters"},
	{name: "access_token with LF", body: token(`"a\nb"`), fail: "access_token has characters"},
	{name: "access_token with space", body: token(`"a b"`), fail: "access_token has characters"},
	{name: "access_token with space at the end", body: token(`"a "`), fail: "access_token has characters"},
	{name: "access_token with NUL", body: token(`"a\u0000b"`), fail: "access_token has characters"},
	{name: "access_token with DEL", body: token(`"a\u007fb"`), fail: "access_token has characters"},
	{name: "access_token with non-ASCII", body: token(`"aéb"`), fail: "access_token has characters"},
	{name: "access_token not UTF-8", body: token("\"a\xffb\""), fail: "access_token has characters"},

	{name: "token_type bearer", body: typed(`"bearer"`)},
	{name: "token_type Bearer", body: typed(`"Bearer"`)},
	{name: "token_type BEARER", body: typed(`"BEARER"`)},
	{name: "token_type as configured", body: typed(`"dpop"`), tokenType: "DPoP",
		config: func(c *fetcher.Config) { c.TokenType = "DPoP" }},
	{name: "token_type configured bearer", body: typed(`"Bearer"`),
		config: func(c *fetcher.Config) { c.TokenType = "bearer" }},

	{name: "token_type missing", body: `{"access_token":"tok-1","expires_in":3600}`},
	{name: "token_type null", body: typed(`null`)},
	{name: "token_type empty", body: typed(`""`)},
	{name: "token_type missing, strict", body: `{"access_token":"tok-1","expires_in":3600}`, config: strictType,
		fail: "token_type is missing; if the server never sends one, unset StrictTokenType", permanent: true},
	{name: "token_type null, strict", body: typed(`null`), config: strictType, fail: "token_type is missing", permanent: true},
	{name: "token_type there, strict", body: typed(`"bearer"`), config: strictType},

	{name: "token_type mac", body: typed(`"mac"`), fail: `token_type is "mac", not "Bearer"`, permanent: true},
	{name: "token_type N_A", body: typed(`"N_A"`), fail: `token_type is "N_A"`, permanent: true},
	{name: "token_type padded", body: typed(`" Bearer"`), fail: "token_type is", permanent: true},
	{name: "token_type number", body: typed(`7`), fail: "token_type is not a string", permanent: true},
	{name: "token_type Bearer instead of the configured one", body: typed(`"Bearer"`), permanent: true,
		config: func(c *fetcher.Config) { c.TokenType = "DPoP" }, fail: `token_type is "Bearer", not "DPoP"`},
	{name: "token_type missing instead of the configured one", body: typed(`null`), permanent: true,
		config: func(c *fetcher.Config) { c.TokenType = "DPoP" }, fail: `token_type is "Bearer", not "DPoP"`},

	{name: "200 with error", body: `{"error":"invalid_client","error_description":"no such client"}`,
		fail: `invalid_client "no such client"`, code: "invalid_client", permanent: true},
	{name: "200 with error and token", body: with(`"error":"temporarily_unavailable"`),
		fail: "temporarily_unavailable", code: "temporarily_unavailable"},
	{name: "200 with unknown error", body: `{"error":"E4711"}`, fail: "E4711", code: "E4711", permanent: true},
	{name: "200 with error object", body: with(`"error":{"code":1}`), fail: "malformed response: error"},
	{name: "200 with no error", body: with(`"expires_in":3600,"error":null,"error_description":""`)},
	{name: "200 with empty error", body: with(`"expires_in":3600,"error":""`)},
	{name: "200 with error false", body: with(`"expires_in":3600,"error":false`)},

	{name: "200 HTML", body: "<!DOCTYPE html><html>sign in</html>", fail: "it looks like a web page"},
	{name: "200 array", body: `[` + good + `]`, fail: "malformed response: it is not a JSON object"},
	{name: "200 string", body: `"tok-1"`, fail: "malformed response: it is not a JSON object"},
	{name: "200 null", body: `null`, fail: "malformed response: it is not a JSON object"},
	{name: "200 form", body: `access_token=tok-1&token_type=bearer`, fail: "malformed response: it is not a JSON object"},
	{name: "200 two objects", body: good + good, fail: "malformed response: something follows"},
	{name: "200 object and text", body: good + " x", fail: "malformed response: something follows"},
	{name: "200 object and bracket", body: good + "}", fail: "malformed response: something follows"},
	{name: "200 truncated", body: good[:len(good)-1], fail: "malformed response: it is truncated"},
	{name: "200 truncated in a value", body: good[:len(good)-4], fail: "malformed response"},
	{name: "200 truncated in a name", body: `{"access_token":"tok-1","exp`, fail: "malformed response"},
	{name: "200 empty", body: "", fail: "malformed response: it is empty"},
	{name: "200 blank", body: " \n", fail: "malformed response: it is empty"},
	{name: "204", status: 204, body: "", fail: "malformed response: it is empty"},
	{name: "200 trailing comma", body: `{"access_token":"tok-1",}`, fail: "malformed response"},
	{name: "200 no comma", body: `{"access_token":"tok-1" "expires_in":1}`, fail: "malformed response"},
	{name: "200 no colon", body: `{"access_token" "tok-1"}`, fail: "malformed response"},
	{name: "200 duplicate access_token", body: with(`"access_token":"tok-2"`), fail: `"access_token" is there twice`},
	{name: "200 the same access_token twice", body: with(`"access_token":"tok-1"`), fail: `"access_token" is there twice`},
	{name: "200 duplicate written otherwise", body: with(`"access\u005ftoken":"tok-2"`), fail: `"access_token" is there twice`},
	{name: "200 duplicate expires_in", body: with(`"expires_in":3600,"expires_in":3600`), fail: `"expires_in" is there twice`},
	{name: "200 duplicate null error", body: with(`"error":null,"error":null`), fail: `"error" is there twice`},
	{name: "200 too deep", body: with(`"x":` + strings.Repeat("[", 20000) + strings.Repeat("]", 20000)), fail: "malformed response"},

	{name: "refresh_token", body: with(`"expires_in":3600,"refresh_token":"tok-refresh"`),
		extra: map[string]any{"refresh_token": nil, "access_token": nil}},

	{name: "scope empty", body: with(`"expires_in":3600,"scope":""`), config: asking(true, "a"), extra: map[string]any{"scope": nil}},
	{name: "scope missing", body: good, config: asking(true, "a", "b")},
	{name: "scope null", body: with(`"expires_in":3600,"scope":null`), config: asking(true, "a")},
	{name: "scope no string", body: with(`"expires_in":3600,"scope":["b"]`), config: asking(false, "a"), extra: map[string]any{"scope": []any{"b"}}},
	{name: "scope no string, strict", body: with(`"expires_in":3600,"scope":["b"]`), config: asking(true, "a"), fail: "scope is not a string", permanent: true},
	{name: "scope a list, strict", body: with(`"expires_in":3600,"scope":["a"]`), config: asking(true, "a"), fail: "scope is not a string", permanent: true},
	{name: "scope a number, strict", body: with(`"expires_in":3600,"scope":7`), config: asking(true, "a"), fail: "scope is not a string", permanent: true},
	{name: "scope as asked", body: with(`"expires_in":3600,"scope":"b  a b"`), config: asking(true, "a", "b"),
		extra: map[string]any{"scope": "b  a b"}},
	{name: "scope different", body: with(`"expires_in":3600,"scope":"b"`), config: asking(false, "a"),
		extra: map[string]any{"scope": "b"}},
	{name: "scope less, strict", body: with(`"expires_in":3600,"scope":"a"`), config: asking(true, "a", "b"),
		fail: `scope is "a", not the "a b" that was requested`, permanent: true},
	{name: "scope more, strict", body: with(`"expires_in":3600,"scope":"a b"`), config: asking(true, "a"), fail: "scope is", permanent: true},

	{name: "refresh_in", body: with(`"expires_in":3600,"refresh_in":1800`), extra: map[string]any{"refresh_in": 1800.0}},
	{name: "refresh_in string", body: with(`"expires_in":3600,"refresh_in":"1800.5"`), extra: map[string]any{"refresh_in": 1800.5}},
	{name: "refresh_in absurd", body: with(`"expires_in":3600,"refresh_in":1e400`), extra: map[string]any{"refresh_in": year.Seconds()}},
	{name: "refresh_in malformed", body: with(`"expires_in":3600,"refresh_in":"soon"`), extra: map[string]any{"refresh_in": nil}},
	{name: "refresh_in null", body: with(`"expires_in":3600,"refresh_in":null`), extra: map[string]any{"refresh_in": nil}},

	{name: "301", status: 301, header: []string{"Location", "https://other.example.com/t?code=x"},
		fail: "redirects are not followed", permanent: true},
	{name: "302", status: 302, header: []string{"Location", "/login"}, fail: "redirects are not followed", permanent: true},
	{name: "303", status: 303, header: []string{"Location", "/login"}, fail: "redirects are not followed", permanent: true},
	{name: "307", status: 307, header: []string{"Location", "https://other.example.com/t"}, fail: "redirects are not followed", permanent: true},
	{name: "308", status: 308, header: []string{"Location", "https://other.example.com/t"}, fail: "redirects are not followed", permanent: true},
	{name: "307 without Location", status: 307, fail: "redirects are not followed", permanent: true},
	{name: "307 with an unreadable Location", status: 307, header: []string{"Location", "http://[::1%"},
		fail: "redirects are not followed", permanent: true},
	{name: "304", status: 304, fail: "304 Not Modified", permanent: true},

	{name: "400 invalid_client", status: 400, body: `{"error":"invalid_client"}`, fail: "invalid_client", code: "invalid_client", permanent: true},
	{name: "401 invalid_client", status: 401, body: `{"error":"invalid_client"}`, fail: "invalid_client", code: "invalid_client", permanent: true},
	{name: "400 invalid_scope", status: 400, body: `{"error":"invalid_scope"}`, fail: "invalid_scope", code: "invalid_scope", permanent: true},
	{name: "400 unauthorized_client", status: 400, body: `{"error":"unauthorized_client"}`, fail: "unauthorized_client", code: "unauthorized_client", permanent: true},
	{name: "400 unsupported_grant_type", status: 400, body: `{"error":"unsupported_grant_type"}`, fail: "unsupported_grant_type", code: "unsupported_grant_type", permanent: true},
	{name: "400 invalid_target", status: 400, body: `{"error":"invalid_target"}`, fail: "invalid_target", code: "invalid_target", permanent: true},
	{name: "400 invalid_request", status: 400, body: `{"error":"invalid_request"}`, fail: "invalid_request", code: "invalid_request", permanent: true},
	{name: "400 temporarily_unavailable", status: 400, body: `{"error":"temporarily_unavailable"}`, fail: "temporarily_unavailable", code: "temporarily_unavailable"},
	{name: "400 server_error", status: 400, body: `{"error":"server_error"}`, fail: "server_error", code: "server_error"},
	{name: "401 slow_down", status: 401, body: `{"error":"slow_down"}`, fail: "slow_down", code: "slow_down"},
	{name: "400 unknown code", status: 400, body: `{"error":"odd"}`, fail: "odd", code: "odd", permanent: true},
	{name: "500 invalid_client", status: 500, body: `{"error":"invalid_client"}`, fail: "invalid_client", code: "invalid_client", permanent: true},
	{name: "400 with description and uri", status: 400, code: "invalid_scope", permanent: true,
		body: `{"error":"invalid_scope","error_description":"no \"x\"","error_uri":"https://e.com/1"}`,
		fail: `400 Bad Request: invalid_scope "no \"x\"" (see https://e.com/1)`},

	{name: "400 HTML", status: 400, body: "<html>no</html>", fail: "400 Bad Request", permanent: true},
	{name: "401 HTML", status: 401, body: "<html>no</html>", fail: "401 Unauthorized", permanent: true},
	{name: "400 nothing", status: 400, fail: "400 Bad Request", permanent: true},
	{name: "401 nothing", status: 401, fail: "401 Unauthorized", permanent: true},
	{name: "400 error object", status: 400, body: `{"error":{"code":400}}`, fail: "400 Bad Request", permanent: true},
	{name: "403", status: 403, fail: "403 Forbidden", permanent: true},
	{name: "404", status: 404, fail: "404 Not Found; is TokenURL the token endpoint?", permanent: true},
	{name: "408", status: 408, fail: "408 Request Timeout"},

	{name: "429", status: 429, fail: "429 Too Many Requests"},
	{name: "429 with Retry-After", status: 429, header: []string{"Retry-After", "120"}, fail: "429", retry: 2 * time.Minute},
	{name: "503", status: 503, fail: "503 Service Unavailable"},
	{name: "503 with Retry-After date", status: 503, header: []string{"Retry-After", "Thu, 01 Jan 1970 00:01:30 GMT"},
		fail: "503", retry: 90 * time.Second},
	{name: "503 with Retry-After 0", status: 503, header: []string{"Retry-After", "0"}, fail: "503", retry: 1},
	{name: "503 with Retry-After gone by", status: 503, header: []string{"Retry-After", "Wed, 31 Dec 1969 23:00:00 GMT"}, fail: "503", retry: 1},
	{name: "503 with Retry-After garbage", status: 503, header: []string{"Retry-After", "soon"}, fail: "503"},
	{name: "200 with error and Retry-After", body: `{"error":"slow_down"}`, code: "slow_down", header: []string{"Retry-After", "7"},
		fail: "slow_down", retry: 7 * time.Second},

	{name: "500", status: 500, body: "<html>oops</html>", fail: "500 Internal Server Error"},
	{name: "502", status: 502, fail: "502 Bad Gateway"},
	{name: "504", status: 504, fail: "504 Gateway Timeout"},
	{name: "500 with a token", status: 500, body: good, fail: "500 Internal Server Error"},
	{name: "400 with a token", status: 400, body: good, fail: "400 Bad Request", permanent: true},

	{name: "more than 1 MiB", body: with(`"expires_in":3600,"x":"` + strings.Repeat("x", 1<<20) + `"`), fail: "too large"},
	{name: "more than 1 MiB of white space", body: good + strings.Repeat(" ", 1<<20), fail: "too large"},
	{name: "400 with more than 1 MiB", status: 400, body: strings.Repeat("x", 1<<20+1), fail: "too large", permanent: true},
	{name: "1 MiB", body: good + strings.Repeat(" ", 1<<20-len(good))},
}
