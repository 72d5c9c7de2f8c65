package program

import (
	"context"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/demo/proxied"
	"github.com/alf-go/alf/internal/program/exit"
)

// demoFlag is --demo of alf proxy.
const demoFlag = "demo"

func proxyDemoFlag() cli.Flag {
	return &cli.BoolFlag{Name: demoFlag, Usage: "show on this machine alone, in less than 20 s, what the proxy does when things go wrong"}
}

// demonstrateProxy runs the demonstration of the proxy.
func (p *program) demonstrateProxy(ctx context.Context, cmd *cli.Command) error {
	log := p.eventLog(cmd)
	measured, err := proxied.Run(ctx, proxied.Options{Progress: p.stderr, Live: log == nil && p.isTerminal(p.stderr), Logger: log.logger()})
	if err != nil {
		return exit.Failf(exit.Broken, "the demonstration could not run: %w", err)
	}
	log.flush()
	return p.reportDemo(measured)
}
