package settings

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
)

// samples has a value for each type of setting: as a flag has it, as the file has it, and what comes of it.
var samples = map[string]struct{ flag, file string }{
	"string":                   {"text", `"text"`},
	"settings.Path":            {"/dir/file", `"/dir/file"`},
	"settings.Location":        {"/dir/file", `"/dir/file"`},
	"[]string":                 {"a b", `["a", "b"]`},
	"url.Values":               {"k=1", `{"k": "1"}`},
	"map[string]interface {}":  {"k=1", `{"k": 1}`},
	"http.Header":              {"K: 1", `{"k": "1"}`},
	"bool":                     {"true", `true`},
	"time.Duration":            {"7s", `"7s"`},
	"fetcher.AuthStyle":        {"client_secret_post", `"client_secret_post"`},
	"keys.Algorithm":           {"ES256", `"ES256"`},
	"int":                      {"7", `7`},
	"tls.RenegotiationSupport": {"once", `"once"`},
	"float64":                  {"0.5", `0.5`},
	"fetcher.SecretFunc":       {"x", `"x"`},
}

// read runs a command that has the table's flags.
func read(t *testing.T, table Table, variables map[string]string, args ...string) (*Values, error) {
	t.Helper()
	env := NewEnvironment(
		func(name string) (string, bool) { value, ok := variables[name]; return value, ok },
		func() (all []string) {
			for name, value := range variables {
				all = append(all, name+"="+value)
			}
			return all
		})
	var got *Values
	var failed error
	command := &cli.Command{
		Name: "test", Flags: table.Flags(env, true), DisableSliceFlagSeparator: true, Writer: new(bytes.Buffer), ErrWriter: new(bytes.Buffer),
		Action: func(_ context.Context, cmd *cli.Command) error {
			got, failed = Read(cmd, table, env, strings.NewReader(""))
			return nil
		},
	}
	require.NoError(t, command.Run(t.Context(), append([]string{"test"}, args...)))
	return got, failed
}

// A setting has one name and one meaning in all three places.
func TestTable_OneNameInAllThreePlaces(t *testing.T) {
	seen := 0
	for _, s := range All() {
		if s.From != 0 {
			continue
		}
		seen++
		t.Run(s.Name, func(t *testing.T) {
			sample, known := samples[s.target(Defaults()).Type().String()]
			require.True(t, known, s.target(Defaults()).Type())
			require.Equal(t, "--"+strings.ReplaceAll(s.Name, "_", "-"), s.Label())
			base := map[string]string{"ALF_CONFIG": filepath.Join(t.TempDir(), "config.json")}
			write := func(content string) {
				require.NoError(t, os.WriteFile(base["ALF_CONFIG"], []byte(content), 0o600))
			}
			value := func(variables map[string]string, args ...string) any {
				table := All()
				var problems exit.Problems
				v, err := read(t, table, variables, args...)
				problems.Note(err)
				if v == nil {
					t.Fatal(err)
				}
				return s.target(v).Interface()
			}
			write(`{}`)
			byFlag := value(base, s.Label()+"="+sample.flag)
			require.NotEqual(t, s.target(Defaults()).Interface(), byFlag, "it arrives")
			withVariable := map[string]string{"ALF_" + strings.ToUpper(s.Name): sample.flag, "ALF_CONFIG": base["ALF_CONFIG"]}
			require.Equal(t, byFlag, value(withVariable))
			content, err := json.Marshal(map[string]json.RawMessage{s.Name: json.RawMessage(sample.file)})
			require.NoError(t, err)
			write(string(content))
			require.Equal(t, byFlag, value(base))
		})
	}
	require.Greater(t, seen, 20)
}

func TestTable_EveryLineIsComplete(t *testing.T) {
	names := make(map[string]bool)
	for _, s := range All() {
		require.False(t, names[s.Name], s.Name)
		names[s.Name] = true
		require.NotEmpty(t, s.Help, s.Name)
		require.Contains(t, []string{Common, Request, Authentication, Binding, Connection}, s.Group, s.Name)
		require.NotPanics(t, func() { kindOf(s.target(Defaults()).Type()) }, s.Name)
		require.LessOrEqual(t, strings.Count(s.Help, "`"), 2, s.Name)
	}
	// No field of Inputs is without a line.
	for field := range reflect.TypeFor[Inputs]().Fields() {
		found := false
		for _, s := range All() {
			found = found || s.Field == field.Name
		}
		require.True(t, found, field.Name)
	}
}

// A program with more built in adds lines whose values go to variables of its own.
func TestTable_ALineOfAnotherProgram(t *testing.T) {
	store := "default"
	table := append(All(), Setting{Name: "store_url", Into: &store, Group: Connection, Help: "`URL` of the store"})
	_, err := read(t, table, map[string]string{"ALF_STORE_URL": "redis://env"}, "--token-url", "https://x", "--client-id", "a")
	require.NoError(t, err)
	require.Equal(t, "redis://env", store)
	_, err = read(t, table, nil, "--token-url", "https://x", "--client-id", "a", "--store-url", "redis://flag")
	require.NoError(t, err)
	require.Equal(t, "redis://flag", store)
	_, err = read(t, table, map[string]string{"ALF_STORE_URI": "x"}, "--token-url", "https://x", "--client-id", "a")
	require.ErrorContains(t, err, "did you mean ALF_STORE_URL?")
}
