package settings

import (
	"crypto/tls"
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
)

// kind is what the type of a setting's field implies: which flag it has, and how its value is read.
type kind struct {
	// must says what a value in the configuration file must be.
	must string
	flag func(base, reflect.Value) cli.Flag
	// fromFlag reads the value of a flag or its variable. Its errors do not repeat the value.
	fromFlag func(cmd *cli.Command, name string, to reflect.Value) error
	// fromFile reads the value in the configuration file.
	fromFile func(raw json.RawMessage, to reflect.Value) error
}

// base is what all flags have.
type base struct {
	name, group, help string
	aliases           []string
	hidden            bool
	sources           cli.ValueSourceChain
}

var (
	pathType     = reflect.TypeFor[Path]()
	locationType = reflect.TypeFor[Location]()
	durationType = reflect.TypeFor[time.Duration]()
	listType     = reflect.TypeFor[[]string]()
	paramsType   = reflect.TypeFor[url.Values]()
	headerType   = reflect.TypeFor[http.Header]()
	membersType  = reflect.TypeFor[map[string]any]()
	secretType   = reflect.TypeFor[alf.SecretFunc]()
	textType     = reflect.TypeFor[encoding.TextUnmarshaler]()
)

// kindOf knows every type that a setting's field may have.
func kindOf(t reflect.Type) kind {
	switch {
	case t == secretType:
		return kind{must: "must be a string"} // only ever read from a variable, by [Values.Configure]
	case t == pathType || t == locationType:
		k := textKind
		k.flag = func(b base, v reflect.Value) cli.Flag { return textFlag(b, v.String(), true) }
		return k
	case t == durationType:
		return durationKind
	case t == listType:
		return listKind
	case t == paramsType:
		return paramsKind
	case t == headerType:
		return headerKind
	case t == membersType:
		return membersKind
	case t == reflect.TypeFor[tls.RenegotiationSupport]():
		return renegotiationKind
	case reflect.PointerTo(t).Implements(textType):
		return unmarshalerKind
	case t.Kind() == reflect.String:
		return textKind
	case t.Kind() == reflect.Bool:
		return boolKind
	case t.Kind() == reflect.Int:
		return intKind
	case t.Kind() == reflect.Float64:
		return floatKind
	}
	panic(fmt.Sprintf("bug: there is no kind of setting for %v", t))
}

func textFlag(b base, value string, file bool) cli.Flag {
	return &cli.StringFlag{Name: b.name, Aliases: b.aliases, Category: b.group, Usage: b.help, Hidden: b.hidden, Sources: b.sources, Value: value, TakesFile: file}
}

func listFlag(b base, _ reflect.Value) cli.Flag {
	return &cli.StringSliceFlag{Name: b.name, Aliases: b.aliases, Category: b.group, Usage: b.help, Hidden: b.hidden, Sources: b.sources}
}

var textKind = kind{
	must: "must be a string",
	flag: func(b base, v reflect.Value) cli.Flag { return textFlag(b, v.String(), false) },
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		to.SetString(cmd.String(name))
		return nil
	},
	fromFile: into,
}

// unmarshalerKind is for types that know their texts, such as alf.AuthStyle.
var unmarshalerKind = kind{
	must: "must be a string",
	flag: func(b base, v reflect.Value) cli.Flag {
		value := ""
		if !v.IsZero() {
			value = fmt.Sprint(v.Interface())
		}
		return textFlag(b, value, false)
	},
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		return unmarshalText(cmd.String(name), to)
	},
	fromFile: func(raw json.RawMessage, to reflect.Value) error {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return errors.New("must be a string")
		}
		return unmarshalText(text, to)
	},
}

func unmarshalText(text string, to reflect.Value) error {
	if text == "" {
		return nil
	}
	return to.Addr().Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(text))
}

// renegotiations are the texts of tls.RenegotiationSupport.
var renegotiations = []string{tls.RenegotiateNever: "never", tls.RenegotiateOnceAsClient: "once", tls.RenegotiateFreelyAsClient: "freely"}

var renegotiationKind = kind{
	must: "must be never, once or freely",
	flag: func(b base, v reflect.Value) cli.Flag { return textFlag(b, renegotiations[v.Int()], false) },
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		return setRenegotiation(cmd.String(name), to)
	},
	fromFile: func(raw json.RawMessage, to reflect.Value) error {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		return setRenegotiation(text, to)
	},
}

func setRenegotiation(text string, to reflect.Value) error {
	i := slices.Index(renegotiations, text)
	if i < 0 {
		return errors.New("must be never, once or freely")
	}
	to.SetInt(int64(i))
	return nil
}

var boolKind = kind{
	must: mustBeBool,
	flag: func(b base, v reflect.Value) cli.Flag {
		return &cli.BoolFlag{Name: b.name, Aliases: b.aliases, Category: b.group, Usage: b.help, Hidden: b.hidden, Sources: b.sources, Value: v.Bool()}
	},
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		to.SetBool(cmd.Bool(name))
		return nil
	},
	fromFile: into,
}

var intKind = kind{
	must: mustBeInt,
	flag: func(b base, v reflect.Value) cli.Flag {
		return &cli.IntFlag{Name: b.name, Aliases: b.aliases, Category: b.group, Usage: b.help, Hidden: b.hidden, Sources: b.sources, Value: int(v.Int()), HideDefault: v.IsZero()}
	},
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		to.SetInt(int64(cmd.Int(name)))
		return nil
	},
	fromFile: into,
}

var floatKind = kind{
	must: mustBeFloat,
	flag: func(b base, v reflect.Value) cli.Flag {
		return &cli.FloatFlag{Name: b.name, Aliases: b.aliases, Category: b.group, Usage: b.help, Hidden: b.hidden, Sources: b.sources, Value: v.Float(), HideDefault: v.IsZero()}
	},
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		to.SetFloat(cmd.Float(name))
		return nil
	},
	fromFile: into,
}

var durationKind = kind{
	must: mustBeDuration,
	flag: func(b base, v reflect.Value) cli.Flag {
		return &cli.DurationFlag{Name: b.name, Aliases: b.aliases, Category: b.group, Usage: b.help, Hidden: b.hidden, Sources: b.sources, Value: time.Duration(v.Int())}
	},
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		to.SetInt(int64(cmd.Duration(name)))
		return nil
	},
	fromFile: func(raw json.RawMessage, to reflect.Value) error {
		var text string
		if err := json.Unmarshal(raw, &text); err != nil {
			return err
		}
		parsed, err := time.ParseDuration(text)
		to.SetInt(int64(parsed))
		return err
	},
}

// listKind splits values that hold no spaces themselves.
var listKind = kind{
	must: "must be a string or an array of strings",
	flag: listFlag,
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		to.Set(reflect.ValueOf(strings.Fields(strings.Join(cmd.StringSlice(name), " "))))
		return nil
	},
	fromFile: func(raw json.RawMessage, to reflect.Value) error {
		var values list
		err := json.Unmarshal(raw, &values)
		to.Set(reflect.ValueOf([]string(values)))
		return err
	},
}

const mustBeTable = "must be an object of strings or arrays of strings"

var paramsKind = kind{
	must: mustBeTable,
	flag: listFlag,
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		params, err := parseParams(cmd.StringSlice(name))
		to.Set(reflect.ValueOf(params))
		return err
	},
	fromFile: func(raw json.RawMessage, to reflect.Value) error {
		var values object
		err := json.Unmarshal(raw, &values)
		to.Set(reflect.ValueOf(values.params()))
		return err
	},
}

var headerKind = kind{
	must: mustBeTable,
	flag: listFlag,
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		header, err := parseHeaders(cmd.StringSlice(name))
		to.Set(reflect.ValueOf(header))
		return err
	},
	fromFile: func(raw json.RawMessage, to reflect.Value) error {
		var values object
		if err := json.Unmarshal(raw, &values); err != nil {
			return err
		}
		header, err := values.header()
		to.Set(reflect.ValueOf(header))
		return err
	},
}

// membersKind is for members of a JSON object.
var membersKind = kind{
	must: "must be an object",
	flag: listFlag,
	fromFlag: func(cmd *cli.Command, name string, to reflect.Value) error {
		members, err := parseMembers(cmd.StringSlice(name))
		to.Set(reflect.ValueOf(members))
		return err
	},
	fromFile: into,
}

// into lets encoding/json do it.
func into(raw json.RawMessage, to reflect.Value) error {
	return json.Unmarshal(raw, to.Addr().Interface())
}

// beside makes a path in a file relative to the file.
func beside(file string, path Path) Path {
	if path == "" || filepath.IsAbs(string(path)) {
		return path
	}
	return Path(filepath.Join(filepath.Dir(file), string(path)))
}

// wrongValue says what a value in the file should have been, and nothing of what it is.
func (k *kind) wrongValue(err error) error {
	var (
		twice  occursTwice
		syntax *json.UnmarshalTypeError
		number *strconv.NumError
	)
	switch {
	case errors.As(err, &twice):
		return fmt.Errorf("%w: give all its values in one array", twice)
	case errors.As(err, &syntax), errors.As(err, &number), k.must == mustBeDuration, k.must == mustBeTable:
		return errors.New(k.must)
	}
	return err
}
