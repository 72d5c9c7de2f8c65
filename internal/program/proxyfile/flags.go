package proxyfile

import (
	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/internal/program/settings"
)

// Flags are those of one route, with the values that they were given. A command has its own.
type Flags struct {
	config   *config
	listener *listener
	route    *route
	env      *settings.Environment
}

// NewFlags makes those of a command.
func NewFlags(env *settings.Environment) *Flags {
	return &Flags{newConfig(), newListener(), newRoute(), env}
}

// objects are the schema's objects of which the flags are fields.
func (f *Flags) objects() []flagObject {
	return []flagObject{
		{&f.listener.given, f.listener.schema()}, {&f.route.given, f.route.schema()}, {&f.config.given, f.config.schema()},
	}
}

// flagObject is an object of the schema that flags fill.
type flagObject struct {
	*given
	schema schema
}

// setting is that of a field's flag; nil if it has none.
func (f *field) setting() *settings.Setting {
	s := f.Setting
	if f.flag != "" {
		s.Name = f.flag
	}
	if s.From != 0 && s.From&settings.Flag == 0 {
		return nil
	}
	if f.choices != nil {
		s.Help += ": " + listed(f.texts(), "or")
	}
	s.Prefix, s.From = "PROXY_", settings.Flag|settings.Variable
	return &s
}

// Table is the flags and their variables, in the order of the schema: what is listened on, the route, the rest.
func (f *Flags) Table() (t settings.Table) {
	for _, o := range f.objects() {
		for i := range o.schema {
			if s := o.schema[i].setting(); s != nil {
				t = append(t, *s)
			}
		}
	}
	return t
}

// read takes the flags of a command, and makes the config of one route of them.
func (f *Flags) read(cmd *cli.Command, p *problems) (*config, error) {
	var found exit.Problems
	for _, o := range f.objects() {
		g, s := o.given, o.schema
		g.flags = make(map[string]string)
		for i := range s {
			line := &s[i]
			set := line.setting()
			if set == nil {
				continue
			}
			g.flags[line.Name] = settings.Dashed(set.FlagName())
			if !cmd.IsSet(set.FlagName()) {
				continue
			}
			g.note(line.Name, spot{label: settings.Given(cmd, f.env, set.FlagName()).Text})
			if err := (settings.Table{*set}).Take(cmd, f.env); err != nil {
				found.Note(err)
				g.bad[line.Name] = true
			} else if problem := line.problem(); problem != "" {
				p.add(g.at(line.Name), "%s", problem)
				g.bad[line.Name] = true
			}
		}
	}
	if err := found.Err(); err != nil {
		return nil, err
	}
	c := f.config
	c.listeners, c.routes = []*listener{f.listener}, []*route{f.route}
	return c, nil
}
