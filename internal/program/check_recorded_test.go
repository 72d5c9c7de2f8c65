package program

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// recorded is how a server responds in one situation, and what has to be reported of it. testdata/recorded/README.md
// says where the responses come from.
type recorded struct {
	Server, Case, Source string
	ClientID             string `json:"client_id"`
	Secret               string
	Args                 []string
	Token, API           []recordedResponse
	Metadata             *recordedResponse
	Step                 string
	Says, Silent         []string
}

// recordedResponse is one, and for which requests it is: those of the client that exists (known) or of others, those
// that have the credentials in the body (post) or not. The first that fits is sent.
type recordedResponse struct {
	Client, Style string
	Status        int
	Header        map[string]string
	Body          string
}

func (r *recordedResponse) write(w http.ResponseWriter) {
	for name, value := range r.Header {
		w.Header().Set(name, value)
	}
	w.WriteHeader(r.Status)
	_, _ = io.WriteString(w, r.Body)
}

func respond(all []recordedResponse, known, post bool) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for _, r := range all {
			if (r.Client == "" || known) && (r.Style == "" || post) {
				r.write(w)
				return
			}
		}
		w.WriteHeader(http.StatusTeapot)
	}
}

// token serves the token endpoint.
func (c *recorded) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	id, _, basic := r.BasicAuth()
	if basic {
		id, _ = url.QueryUnescape(id)
	} else if id = r.PostForm.Get("client_id"); id == "" {
		id = subjectOf(r.PostForm.Get("client_assertion"))
	}
	post := r.PostForm.Get("client_secret") != ""
	respond(c.Token, id == c.ClientID || id != "" && strings.HasPrefix(c.ClientID, id+":"), post)(w, r)
}

func subjectOf(assertion string) string {
	parts := strings.Split(assertion, ".")
	if len(parts) != 3 {
		return ""
	}
	var claims struct{ Sub string }
	raw, _ := base64.RawURLEncoding.DecodeString(parts[1])
	_ = json.Unmarshal(raw, &claims)
	return claims.Sub
}

func recordedCases(t *testing.T) (all []recorded) {
	content, err := os.ReadFile("testdata/recorded/responses.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(content, &all))
	return all
}

// Each diagnosis is checked against what real servers respond: it reports what follows from that, quotes the server's
// text, and always has a cause and a remedy.
func TestCheck_RecordedResponses(t *testing.T) {
	for _, c := range recordedCases(t) {
		require.NotEmpty(t, c.Source)
		t.Run(c.Server+": "+c.Case, func(t *testing.T) {
			if c.ClientID == "" {
				c.ClientID = "me"
			}
			if c.Secret == "" {
				c.Secret = theSecret
			}
			_, key := newKey(t)
			for i := range c.Args {
				c.Args[i] = strings.ReplaceAll(c.Args[i], "KEY", key)
			}
			env := map[string]string{"ALF_CLIENT_ID": c.ClientID, "ALF_CLIENT_SECRET": c.Secret}
			if strings.Contains(strings.Join(c.Args, " "), "private_key_jwt") {
				delete(env, "ALF_CLIENT_SECRET")
			}
			d := diagnosed{place: place{env: env}, args: c.Args, says: c.Says, silent: c.Silent, step: c.Step, code: -1}
			if c.Token != nil {
				d.place.token = c.token
			}
			if c.API != nil {
				d.place.token = grant("opaque-token-of-the-server", "")
				d.args = append(d.args, "--api", "SELF/api")
				d.place.api = func(w http.ResponseWriter, r *http.Request) {
					respond(c.API, r.Header.Get("Authorization") == "Bearer opaque-token-of-the-server", false)(w, r)
				}
			}
			if c.Metadata != nil {
				d.place.metadata, d.place.failingMetadata = metadataWith(""), c.Metadata.write
			}
			for _, r := range c.Token {
				var said struct {
					Description string `json:"error_description"`
					Message     string
				}
				if json.Unmarshal([]byte(r.Body), &said) == nil && r.Client == "known" && r.Status >= 400 {
					text := []rune(said.Description + said.Message)
					d.says = append(d.says, string(text[:min(len(text), 60)]))
				}
			}
			d.test(t)
		})
	}
}
