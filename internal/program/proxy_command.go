package program

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/proxyfile"
	"github.com/alf-go/alf/internal/program/settings"
	"github.com/alf-go/alf/internal/proxy"
	"github.com/alf-go/alf/internal/tuning"
)

// proxyRun is one use of `alf proxy`: its flags, and what it reads by them.
type proxyRun struct {
	*program
	config settings.Path // of the proxy
	own    settings.Table
	route  *proxyfile.Flags
	client settings.Table // of the client: --config names another file here
}

func (p *program) newProxyRun() *proxyRun {
	r := &proxyRun{program: p, route: proxyfile.NewFlags(p.env), client: p.table.Only("config", settings.Variable)}
	r.own = settings.Table{{
		Name: "config", Prefix: "PROXY_", Into: &r.config, From: settings.Flag | settings.Variable,
		Help: "read listeners, routes and clients from `PATH`",
	}}
	return r
}

func (p *program) proxyCommand() *cli.Command {
	r := p.newProxyRun()
	flags := append(r.own.Flags(p.env, true), r.route.Table().Flags(p.env, true)...)
	description := "Programs in any language send their requests to an address of the proxy, which adds the token and\n" +
		"sends them to the upstream of their route. SIGTERM lets requests end; SIGHUP reads the file again,\n" +
		"and an invalid one changes nothing.\n\n" +
		"Either --config names a file, or --listen, --upstream and the settings of a client describe one\n" +
		"route. The two exclude each other. --timeout bounds one attempt to get a token: here 5 s by default."
	if p.allHelp {
		description += "\n\n" + proxyfile.Help(p.table)
	} else {
		description += "\n\nOnly the common settings of the client are listed here: --help-all lists all of them, and the keys of\nthe file."
	}
	return &cli.Command{
		Name:        "proxy",
		Usage:       "serve requests of programs in any language, and add the token",
		Description: description,
		Flags:       append(append(flags, proxyDemoFlag()), r.client.Flags(p.env, p.allHelp)...),
		Commands:    []*cli.Command{r.validateCommand(), r.routeCommand()},
		Action: func(ctx context.Context, cmd *cli.Command) error {
			if name := cmd.Args().First(); name != "" {
				return unknownCommand(cmd, name)
			}
			if cmd.Bool(demoFlag) {
				return p.demonstrateProxy(ctx, cmd)
			}
			return r.serve(ctx, cmd)
		},
	}
}

// clients read the settings of clients.
func (r *proxyRun) clients() *proxyfile.Clients {
	with := &proxyfile.Clients{Table: r.table, Stores: r.stores}
	for _, e := range r.extensions {
		with.Configure = append(with.Configure, func(ctx context.Context, c *alf.Config) error {
			if e.Configure == nil {
				return nil
			}
			return e.Configure(ctx, c)
		})
	}
	return with
}

// load reads the file, or the flags of one route.
func (r *proxyRun) load(ctx context.Context, cmd *cli.Command, with *proxyfile.Clients) (*proxyfile.Loaded, error) {
	if err := r.own.Take(cmd, r.env); err != nil {
		return nil, err
	}
	if r.config == "" {
		if !cmd.IsSet("listen") && !cmd.IsSet("upstream") {
			return nil, exit.Usagef("--config is missing: name the proxy's configuration file, or describe one route by --listen, --upstream and the settings of a client")
		}
		flags := *with
		flags.Table = r.client
		return flags.LoadFlags(ctx, cmd, r.route, r.stdin)
	}
	var problems exit.Problems
	problems.Note(r.env.Misspelt(cmd.Root(), r.client))
	for _, t := range []settings.Table{r.route.Table(), r.client} {
		for _, name := range t.Given(cmd, r.env) {
			problems.Note(fmt.Errorf("%s: has no effect beside %s: remove it, and write what it says into the file", name, settings.Given(cmd, r.env, "config").Text))
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return with.Load(ctx, string(r.config))
}

// serve runs the proxy until ctx ends.
func (r *proxyRun) serve(ctx context.Context, cmd *cli.Command) error {
	log := r.proxyLog(cmd)
	with := r.clients()
	loaded, err := r.load(ctx, cmd, with)
	if err != nil {
		return err
	}
	served, err := proxy.New(r.configuration(loaded, log))
	if err != nil {
		return exit.Failf(exit.Usage, "%w", err)
	}
	defer outliveReaders()()
	reloads := make(chan os.Signal, 1)
	signal.Notify(reloads, syscall.SIGHUP)
	log.Info("alf: proxy started", "listeners", addresses(loaded), "routes", len(loaded.Routes))
	tuned, untune := context.WithCancel(ctx)
	var background sync.WaitGroup
	background.Go(func() { tuning.Run(tuned) })
	ended := make(chan struct{})
	stop := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			select {
			case <-stop:
				return
			case <-reloads:
				r.reload(ctx, served, with, log)
			}
		}
	}()
	err = served.Run(ctx)
	signal.Stop(reloads)
	close(stop)
	<-ended
	untune()
	background.Wait()
	return err
}

// addresses are those of the listeners.
func addresses(loaded *proxyfile.Loaded) (all []string) {
	for i := range loaded.Config.Listeners {
		all = append(all, loaded.Config.Listeners[i].Address)
	}
	return all
}

// configuration completes what was loaded, and logs what is worth a look.
func (r *proxyRun) configuration(loaded *proxyfile.Loaded, log *slog.Logger) proxy.Config {
	for _, warning := range loaded.Warnings {
		log.Warn("alf: configuration", "warning", warning)
	}
	cfg := loaded.Config
	cfg.Log, cfg.AccessLog = log, loaded.Writer(r.stdout, r.stderr)
	return cfg
}

// reload reads the file again. Whatever is wrong with it, the proxy goes on as it is.
func (r *proxyRun) reload(ctx context.Context, served *proxy.Proxy, with *proxyfile.Clients, log *slog.Logger) {
	if r.config == "" {
		log.Warn("alf: nothing to reload: the configuration came from flags")
		return
	}
	loaded, err := with.Load(ctx, string(r.config))
	if err != nil {
		served.NoteReload(err)
	} else {
		err = served.Reload(r.configuration(loaded, log))
	}
	if err != nil {
		for _, line := range lines(err.Error()) {
			log.Error("alf: not reloaded", "problem", line)
		}
		return
	}
	log.Info("alf: reloaded", "file", string(r.config))
}

// proxyLog is the log of a process that runs on: what happens at Info, and with --verbose everything.
func (p *program) proxyLog(cmd *cli.Command) *slog.Logger {
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if cmd.Bool("verbose") {
		options.Level = slog.LevelDebug
	}
	return slog.New(slog.NewTextHandler(p.stderr, options))
}

func lines(text string) []string { return strings.Split(strings.TrimSpace(text), "\n") }
