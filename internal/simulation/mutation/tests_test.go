package mutation_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// testedBug is one that a test has to catch. The file is one from the folder of the module.
type testedBug struct {
	bug
	pkg, test string
}

// outside are bugs of code that no world runs, because it has goroutines, callers or configurations. The tests of its
// package have to catch them.
var outside = []testedBug{
	{bug{"a slow watcher blocks the owner", "manager/watch.go",
		"	e.shard.handouts.Go(func() { close(old.replaced) })\n", "	old.replaced <- struct{}{}\n"},
		"manager", "TestW1_ASlowWatcherMissesTokensAndBlocksNothing"},
	{bug{"a token is offered after its rejection", "internal/core/sharing/offer.go",
		" && !c.isRejected(h.digest) &&\n", " &&\n"},
		"internal/core/sharing", "TestD5_ARejectedTokenIsNotOffered"},
	{bug{"a caller hears that its token has left the pool", "manager/handle.go",
		"if err = f(e); err != errForgotten {", "if err = f(e); true {"},
		"manager", "TestP4_ForgetTakesEffectAtTheNextFetch"},
	{bug{"headers make no difference between configurations", "tokenkey.go",
		"	k.values(header)\n", "	_ = header\n"},
		".", "TestP2_SharedIfAndOnlyIfTheTokenRequestsAreEqual"},
	{bug{"a function is the same for all tenants", "tokenkey.go",
		"			c.text(c.scope + path)\n		}\n	}\n}", "			c.text(path)\n		}\n	}\n}"},
		".", "TestP2_FunctionsAreTheSameForTheSameTenantOnly"},
}

// TestEveryPlantedBugOutsideTheCoreIsCaught runs the test of each with the bug in.
func TestEveryPlantedBugOutsideTheCoreIsCaught(t *testing.T) {
	if testing.Short() || raceDetector {
		t.Skip("builds a program for each bug")
	}
	module, err := filepath.Abs("../../..")
	require.NoError(t, err)
	failed := regexp.MustCompile(`(?m)^(--- FAIL: |panic: |fatal error: all goroutines)`)
	for i, b := range slices.Concat(outside, ofTheProxy()) {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			b.skipUnlessWanted(t, i, filepath.Join(module, b.file))
			cmd := exec.CommandContext(t.Context(), "go", "test", "-timeout", "60s", "-overlay", b.plant(t, filepath.Join(module, b.file)),
				"-run", "^"+b.test+"$", "./"+b.pkg)
			cmd.Dir = module
			out, err := cmd.CombinedOutput()
			require.Error(t, err, "not caught: %s", out)
			require.Regexp(t, failed, string(out))
		})
	}
}
