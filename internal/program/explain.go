package program

import (
	"context"
	"fmt"
	"strings"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// exit reports an error and returns its code.
func (p *program) exit(ctx context.Context, err error) int {
	if err == nil {
		return exit.OK
	}
	if ctx.Err() != nil {
		fmt.Fprintln(p.stderr, "alf: interrupted")
		return exit.Interrupted
	}
	code, text, ok := exit.Explain(err, p.names)
	if !ok {
		// What is left comes from reading the command line and the environment.
		if value, ok := settings.VariableValue(text); ok {
			text = value
		}
	}
	for line := range strings.Lines(text) {
		fmt.Fprintln(p.stderr, "alf: "+strings.TrimSpace(line))
	}
	return code
}
