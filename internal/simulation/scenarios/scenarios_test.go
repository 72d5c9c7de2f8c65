package scenarios_test

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/simulation/scenarios"
	"github.com/alf-go/alf/internal/simulation/world"
)

func TestParse(t *testing.T) {
	s, err := scenarios.Parse([]byte(`{
		"name": "a name", "about": "a sentence", "seed": 7,
		"duration": "2h", "processes": 3, "late": 0.25, "always_401": true, "outages": "1m30s", "troubles": ["hanging", "denying"],
		"actions": [
			{"at": "1h", "do": "outage", "for": "20m", "trouble": "refusing"},
			{"at": "1m", "do": "crowd", "count": 1000, "process": 2},
			{"at": "2m", "do": "step-clock", "by": "-10m"},
			{"at": "3m", "do": "revoke"}
		]
	}`))
	require.NoError(t, err)
	want := scenarios.Default()
	want.Name, want.About, want.Seed = "a name", "a sentence", 7
	k := &want.Plan.Parameters
	k.Duration, k.Processes, k.Late, k.AlwaysReject = 2*time.Hour, 3, 0.25, true
	k.Outage, k.Troubles = 90*time.Second, []world.Trouble{world.Hanging, world.Denying}
	want.Plan.Actions = []world.Action{
		{At: time.Hour, Do: world.Outage, For: 20 * time.Minute, Trouble: world.Refusing},
		{At: time.Minute, Do: world.Arrive, Count: 1000, Process: 2},
		{At: 2 * time.Minute, Do: world.StepClock, For: -10 * time.Minute},
		{At: 3 * time.Minute, Do: world.Revoke},
	}
	require.Equal(t, want, s)
}

func TestParse_WhatIsNotMentionedIsADayLikeAnyOther(t *testing.T) {
	s, err := scenarios.Parse([]byte(`{}`))
	require.NoError(t, err)
	require.Equal(t, scenarios.Default(), s)
	day, err := scenarios.Load("service-day")
	require.NoError(t, err)
	require.Equal(t, scenarios.Default().Plan, day.Plan)
}

func TestParse_ErrorsNameTheKeyAndTheRemedy(t *testing.T) {
	for given, want := range map[string]string{
		`[]`:                                    `not a JSON object: begin with {`,
		`{"callers": 1`:                         `not valid JSON, around byte`,
		`{} {}`:                                 `something follows the object: remove it`,
		`{"callers": 1, "callers": 2}`:          `key "callers" comes twice: remove one of them`,
		`{"Callers": 1}`:                        `unknown key "Callers": use name, about, seed, actions, duration, processes, callers`,
		`{"callers": "many"}`:                   `key "callers": must be a whole number`,
		`{"callers": null}`:                     `key "callers": must be a whole number`,
		`{"callers": 1.5}`:                      `key "callers": must be a whole number`,
		`{"seed": -1}`:                          `key "seed": must be a whole number, 0 or more`,
		`{"name": 1}`:                           `key "name": must be a string`,
		`{"interval": 10}`:                      `key "interval": must be a duration, such as "10m"`,
		`{"interval": "ten minutes"}`:           `key "interval": must be a duration, such as "10m"`,
		`{"late": "often"}`:                     `key "late": must be a number`,
		`{"late": 2}`:                           `late: is 2: must be from 0 to 1`,
		`{"repeat": 1}`:                         `key "repeat": must be true or false`,
		`{"troubles": "hanging"}`:               `key "troubles": must be an array of refusing, hanging`,
		`{"troubles": ["sulking"]}`:             `key "troubles": unknown trouble "sulking": use refusing, hanging`,
		`{"troubles": ["hanging"]}`:             `troubles: are set, but outages is 0: say how long they last`,
		`{"outages": "1m"}`:                     `outages: is 1m0s, but troubles is empty: say what the trouble is`,
		`{"duration": "10ms"}`:                  `duration: is 10ms: must be 1s at least`,
		`{"duration": "-1h"}`:                   `duration: is -1h0m0s: must not be negative`,
		`{"duration": "9000h"}`:                 `duration: is 9000h0m0s: must be a year at most`,
		`{"lifetime": "0s"}`:                    `lifetime: is 0s: must be 100ms at least`,
		`{"processes": 0}`:                      `processes: is 0: must be 1 at least`,
		`{"watchers": 1001}`:                    `watchers: are 1001: must be 1000 at most`,
		`{"apis": 0}`:                           `apis: is 0: must be 1 at least`,
		`{"interval": "0s"}`:                    `interval: is 0s: must be 1ms at least`,
		`{"processes": 1000}`:                   `callers: are 10000 in 1000 processes: must be 5000000 in all at most`,
		`{"interval": "100ms"}`:                 `callers: make about 2e+10 events: make them fewer`,
		`{"drift": 1}`:                          `drift: is 1: must be from -0.5 to 0.5`,
		`{"actions": {}}`:                       `key "actions": must be an array of objects, such as {"at": "12h", "do": "revoke"}`,
		`{"actions": [1]}`:                      `actions[0]: not a JSON object`,
		`{"actions": [{"at": "1h"}]}`:           `actions[0]: key "do" is missing: set it to crowd, outage`,
		`{"actions": [{"do": "revoke"}]}`:       `actions[0]: key "at" is missing: revoke needs it`,
		`{"actions": [{"do": "revolt"}]}`:       `actions[0]: key "do": must be crowd, outage, revoke`,
		`{"actions": [{"when": "1h"}]}`:         `actions[0]: unknown key "when": use at, do, for`,
		`{"actions": [{"trouble": "x"}]}`:       `actions[0]: unknown trouble "x": use refusing`,
		`{"actions": [{"trouble": "healthy"}]}`: `actions[0]: unknown trouble "healthy": use refusing`,
		`{"actions": [{"at":"1h","do":"outage","trouble":"hanging"}]}`:    `actions[0]: key "for" is missing: outage needs it`,
		`{"actions": [{"at":"1h","do":"revoke","count":3}]}`:              `actions[0]: key "count": revoke has no use for it: remove it`,
		`{"actions": [{"at":"1h","do":"sleep","by":"1h"}]}`:               `actions[0]: key "for" is missing: sleep needs it`,
		`{"actions": [{"at":"24h","do":"revoke"}]}`:                       `actions[0] (revoke): at is 24h0m0s: must be within the duration, 24h0m0s`,
		`{"actions": [{"at":"1h","do":"close","process":1}]}`:             `actions[0] (close): process is 1: must be from 0 to 0`,
		`{"actions": [{"at":"1h","do":"crowd","count":0}]}`:               `actions[0] (crowd): count is 0: must be from 1 to 5000000`,
		`{"actions": [{"at":"1h","do":"sleep","for":"0s"}]}`:              `actions[0] (sleep): for is 0s: must be longer than 0`,
		`{"actions": [{"at":"1h","do":"step-clock","by":"0s"}]}`:          `actions[0] (step-clock): by is 0s: must be a step forward or back`,
		`{"late": 2, "apis": 0, "actions": [{"at":"-1h","do":"revoke"}]}`: "late: is 2: must be from 0 to 1\napis: is 0: must be 1 at least\nactions[0] (revoke): at is -1h",
	} {
		_, err := scenarios.Parse([]byte(given))
		require.ErrorContains(t, err, want, given)
	}
}

func TestLoad(t *testing.T) {
	require.Equal(t, []string{"always-401", "fleet", "identity-provider-down", "missing-permission", "one-active-token", "outage-at-noon", "service-day"}, scenarios.Names())
	for _, name := range scenarios.Names() {
		s, err := scenarios.Load(name)
		require.NoError(t, err, name)
		require.NotEmpty(t, s.Name)
		require.NotEmpty(t, s.About)
		file, err := scenarios.Load(name + ".json")
		require.NoError(t, err)
		require.Equal(t, s, file)
	}
	_, err := scenarios.Load("service-night")
	require.ErrorContains(t, err, "service-night: there is no such file, nor a scenario of that name: use a path, or always-401, fleet,")

	path := filepath.Join(t.TempDir(), "mine.json")
	require.NoError(t, os.WriteFile(path, []byte(`{"caller": 1, "late": "x"}`), 0o600))
	_, err = scenarios.Load(path)
	require.ErrorContains(t, err, path+`: unknown key "caller"`)
	require.ErrorContains(t, err, "\n"+path+`: key "late"`)
	require.NoError(t, os.WriteFile(path, make([]byte, 1<<20+1), 0o600))
	_, err = scenarios.Load(path)
	require.ErrorContains(t, err, "larger than 1 MiB: is it the right file?")
}

func TestActionFlags(t *testing.T) {
	parsed := make(map[string]world.Action)
	parse := func(name, text string) error {
		for _, f := range scenarios.ActionFlags() {
			if f.Name == name {
				d, err := f.Parse(text)
				parsed[name] = d
				return err
			}
		}
		t.Fatal("no action ", name)
		return nil
	}
	for name, want := range map[string]struct {
		text   string
		action world.Action
	}{
		"outage":     {"12h+20m:refusing", world.Action{Do: world.Outage, At: 12 * time.Hour, For: 20 * time.Minute, Trouble: world.Refusing}},
		"revoke":     {"6h", world.Action{Do: world.Revoke, At: 6 * time.Hour}},
		"roll-keys":  {"6h", world.Action{Do: world.RollKeys, At: 6 * time.Hour}},
		"crowd":      {"6h:1000@3", world.Action{Do: world.Arrive, At: 6 * time.Hour, Count: 1000, Process: 3}},
		"sleep":      {"3h+40m", world.Action{Do: world.Sleep, At: 3 * time.Hour, For: 40 * time.Minute}},
		"step-clock": {"5h:-10m@1", world.Action{Do: world.StepClock, At: 5 * time.Hour, For: -10 * time.Minute, Process: 1}},
		"refresh":    {"1m@2", world.Action{Do: world.Refresh, At: time.Minute, Process: 2}},
		"close":      {"0s", world.Action{Do: world.Close}},
	} {
		require.NoError(t, parse(name, want.text))
		require.Equal(t, want.action, parsed[name])
	}
	require.Len(t, parsed, len(scenarios.ActionFlags()), "every action is tried")
	for _, wrong := range [][3]string{
		{"outage", "noon", `--outage: "noon" is not of the form 12h+20m:refusing`},
		{"outage", "12h+20m", `is not of the form`},
		{"outage", "12h:refusing", `is not of the form`},
		{"outage", "12h+long:refusing", `is not of the form`},
		{"outage", "12h+20m:sulking", `--outage: unknown trouble "sulking": use refusing, hanging`},
		{"revoke", "6", `--revoke: "6" is not of the form 6h`},
		{"revoke", "6h@1", `is not of the form`},
		{"revoke", "6h+1h", `is not of the form`},
		{"crowd", "6h:many", `--crowd: "6h:many" is not of the form 6h:1000`},
		{"sleep", "3h+40m@first", `behind the @ belongs a process's number`},
		{"step-clock", "5h", `is not of the form`},
	} {
		require.ErrorContains(t, parse(wrong[0], wrong[1]), wrong[2])
	}
}

// A parameter that is missing from the table could not be set.
func TestParameters_EveryOneIsReachable(t *testing.T) {
	var k world.Parameters
	places := make(map[any]string)
	names := make(map[string]bool)
	for _, parameter := range scenarios.Parameters() {
		place := parameter.Of(&k)
		require.Empty(t, places[place], "%s is two parameters", parameter.Name)
		places[place], names[parameter.Name] = parameter.Name, true
		require.NotContains(t, parameter.Flag(), "_")
	}
	require.Len(t, names, len(scenarios.Parameters()))
	require.Len(t, places, fields[world.Parameters]())
}

func fields[T any]() int { return reflect.TypeFor[T]().NumField() }
