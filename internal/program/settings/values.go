package settings

import (
	"crypto/sha256"
	"io"
	"strings"
	"time"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
)

// Inputs are the values that do not go into a field of alf.Config as they are.
type Inputs struct {
	ClientSecretFile  Path
	ClientSecretStdin bool
	ConfigFile        Path
	// Timeout is the longest wait for the beginning of a response. 0: none.
	Timeout time.Duration

	KeyFile               Path
	KeyID                 string
	AssertionFile         Path
	AssertionCertFile     Path
	CertFile, CertKeyFile Path

	DPoP          bool
	DPoPKeyFile   Path
	DPoPAlgorithm keys.Algorithm
	DPoPBackdate  time.Duration

	StoreAt      Location
	StoreKeyFile Path

	CAFile          Path
	TokenServerName string
}

// Path is the name of a file. In the configuration file it is relative to that.
type Path string

// Location is a Path, or a URL, which begins with a scheme and "://".
type Location string

// scheme is that of a URL; "" of a path.
func (l Location) scheme() string {
	if scheme, _, found := strings.Cut(string(l), "://"); found {
		return scheme
	}
	return ""
}

// Values are what all settings come to.
type Values struct {
	// Config is filled by [Read] from the settings that have a field of it, and by [Values.Configure] from the others.
	Config alf.Config
	Inputs

	// From says where the credentials come from. [Values.Configure] fills it.
	From Sources

	// Service says that the client serves until its process is stopped: the limits of attempts and rounds are then
	// those of the library, unless the setting "timeout" is given. Else they are those of a command, which waits as
	// long as its user does.
	Service bool

	where      map[string]Origin // of each setting that was given
	secretFrom string            // the one of them that gave the client secret
	env        *Environment
	stdin      io.Reader
	names      Names
	object     string            // where the object stands that they are from, in messages; "": they are a command's
	trusted    [sha256.Size]byte // of the authorities that are trusted as well
}

// name is what messages call a setting that may be given.
func (v *Values) name(setting string) string {
	if v.object != "" {
		return setting
	}
	s := Setting{Name: setting}
	return s.Label()
}

// at is how messages about a setting begin: what it is called and, in an object, where it stands.
func (v *Values) at(setting string) string {
	if v.object == "" {
		return v.name(setting)
	}
	if origin, given := v.where[setting]; given {
		return origin.Text
	}
	return v.object + ": " + setting
}

// Defaults are the values of settings that are not given.
func Defaults() *Values {
	return &Values{Inputs: Inputs{Timeout: 30 * time.Second}, where: make(map[string]Origin)}
}

// Origin is where the value of a setting stands.
type Origin struct {
	Place Places
	// Text names it in messages: --timeout, ALF_TIMEOUT, or the file's path and the key.
	Text string
}

// given reports whether a setting was.
func (v *Values) given(name string) bool { return v.where[name].Place != 0 }
