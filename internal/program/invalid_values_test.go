package program

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/alf-go/alf/internal/program/exit"
)

func TestExit2_OnValuesThatCannotBeRead(t *testing.T) {
	i := newIDP(t)
	for _, c := range []struct {
		variable, value string
		args            []string
		says            string
	}{
		{"ALF_TIMEOUT", "30", []string{"token"}, `ALF_TIMEOUT is "30": must be a duration, such as "30s"`},
		{"ALF_ASSERTION_LIFETIME", "1", []string{"check"}, `ALF_ASSERTION_LIFETIME is "1": must be a duration, such as "30s"`},
		{"ALF_DPOP", "yes", []string{"token"}, `ALF_DPOP is "yes": must be true or false`},
		{"ALF_DPOP", "a \"b\"\n", []string{"token"}, `ALF_DPOP is "a \"b\"\n": must be true or false`},
		{"ALF_VERBOSE", "2", []string{"token"}, `ALF_VERBOSE is "2": must be true or false`},
		{"ALF_DEMO_CALLERS", "many", []string{"demo"}, `ALF_DEMO_CALLERS is "many": must be a whole number`},
		{"", "", []string{"token", "--timeout", "soon"}, `--timeout is "soon": must be a duration, such as "30s" (see alf token --help)`},
		{"", "", []string{"token", "--assertion-lifetime", "5"}, `--assertion-lifetime is "5": must be a duration, such as "30s" (see alf token --help)`},
		{"", "", []string{"token", `--dpop="x" for flag -y: z`}, `--dpop is "\"x\" for flag -y: z": must be true or false (see alf token --help)`},
		{"", "", []string{"token", "-v=yes"}, `-v is "yes": must be true or false (see alf token --help)`},
		{"", "", []string{"--verbose=yes"}, `--verbose is "yes": must be true or false (see alf --help)`},
		{"", "", []string{"demo", "--callers", "1e3"}, `--callers is "1e3": must be a whole number (see alf demo --help)`},
		{"", "", []string{"sim", "--seeds", "x"}, `--seeds is "x": must be a whole number, 0 or more (see alf sim --help)`},
		{"", "", []string{"sim", "--seeds=-1"}, `--seeds is "-1": must be a whole number, 0 or more (see alf sim --help)`},
		{"", "", []string{"sim", "--seed", "99999999999999999999"}, `--seed is "99999999999999999999": out of range (see alf sim --help)`},
		{"", "", []string{"sim", "--slow", "half"}, `--slow is "half": must be a number, such as 0.5 (see alf sim --help)`},
	} {
		r := alfIn(t, invocation{env: i.configured(map[string]string{c.variable: c.value})}, c.args...)
		require.Equal(t, result{exit.Usage, "", "alf: " + c.says + "\n"}, r)
	}
	require.Zero(t, i.issued)
}
