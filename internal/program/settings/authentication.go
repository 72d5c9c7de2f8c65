package settings

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/fetcher"
	"github.com/alf-go/alf/internal/program/exit"
	"github.com/alf-go/alf/keys"
)

// chooseStyle completes the authentication style, and names what is missing for it. The library names what a style does
// not use.
func (v *Values) chooseStyle(problems *exit.Problems) {
	if !v.given("auth_style") {
		style, err := v.impliedStyle()
		if err != nil {
			problems.Note(err)
			return
		}
		v.Config.AuthStyle = style
	}
	style := v.Config.AuthStyle
	for _, need := range []struct {
		name   string
		path   Path
		needed bool
	}{
		{"key_file", v.KeyFile, style == alf.AuthPrivateKeyJWT || v.KeyID != ""},
		{"assertion_file", v.AssertionFile, style == alf.AuthExternalAssertion},
		{"cert_file", v.CertFile, style == alf.AuthTLS || style == alf.AuthSelfSignedTLS || v.CertKeyFile != ""},
	} {
		switch s := (Setting{Name: need.name}); {
		case !need.needed || need.path != "":
		case v.object != "":
			problems.Note(fmt.Errorf("%s: %s is missing: set it, or choose another auth_style than %s", v.object, need.name, style))
		default:
			problems.Note(fmt.Errorf("%s is missing: set it, or %s, or choose another --auth-style than %s", s.Label(), s.VariableName(), style))
		}
	}
	if v.DPoP && v.DPoPKeyFile == "" && v.StoreAt != "" {
		missing := v.name("dpop_key_file")
		if v.object != "" {
			missing = v.at("dpop_key_file")
		}
		problems.Note(fmt.Errorf("%s is missing: with a key of its own, each process would share its tokens with no other: set it, or remove %s", missing, v.name("store")))
	}
	// With DPoP off on purpose, they may stay where they are.
	if v.DPoP || v.where["dpop"].Place == Flag || v.where["dpop"].Place == Variable {
		return
	}
	for _, name := range []string{"dpop_key_file", "dpop_algorithm", "dpop_backdate"} {
		if v.given(name) {
			problems.Note(fmt.Errorf("%s: not used without %s: add that, or remove this", v.at(name), v.name("dpop")))
		}
	}
}

// impliedStyle is the one that goes with the only credentials there are.
func (v *Values) impliedStyle() (alf.AuthStyle, error) {
	style := alf.AuthBasic
	if v.hasSecret() {
		return style, nil
	}
	var found []string
	for _, credentials := range []struct {
		setting string
		path    Path
		style   alf.AuthStyle
	}{
		{"key_file", v.KeyFile, alf.AuthPrivateKeyJWT},
		{"assertion_file", v.AssertionFile, alf.AuthExternalAssertion},
		{"cert_file", v.CertFile, alf.AuthTLS},
	} {
		if credentials.path != "" {
			found, style = append(found, v.name(credentials.setting)), credentials.style
		}
	}
	if len(found) > 1 {
		where := v.name("auth_style")
		if v.object != "" {
			where = v.at("auth_style")
		}
		return 0, fmt.Errorf("%s is missing: say which of %s authenticates the client", where, strings.Join(found, " and "))
	}
	return style, nil
}

// configureCredentials sets what authenticates the client beside a secret, and what tokens are bound to. Each is read
// once, so that what is missing or does not fit is an error of the configuration and not of the token request.
func (v *Values) configureCredentials(ctx context.Context) error {
	c := &v.Config
	if v.KeyFile != "" {
		c.Assertion.Key = keyIn(string(v.KeyFile), v.KeyID)
	}
	if v.AssertionCertFile != "" {
		c.Assertion.Certificate = fetcher.CertificateFile(string(v.AssertionCertFile))
	}
	if v.AssertionFile != "" {
		c.Assertion.Source = alf.SecretFile(string(v.AssertionFile))
	}
	if v.CertFile != "" {
		key := v.CertKeyFile
		if key == "" {
			key = v.CertFile
		}
		c.Certificate = alf.CertificateFiles(string(v.CertFile), string(key))
	}
	var problems exit.Problems
	for _, try := range []func(context.Context) error{v.tryKey, v.tryAssertion, v.tryAssertionCertificate, v.tryCertificate, v.configureDPoP} {
		problems.Note(try(ctx))
	}
	return problems.Err()
}

// keyIn reads a key, under another ID than the file's if there is one.
func keyIn(path, id string) alf.KeyFunc {
	if id == "" {
		return alf.KeyFile(path)
	}
	return alf.KeyFileWithID(path, id)
}

func (v *Values) tryKey(ctx context.Context) error {
	a := &v.Config.Assertion
	if a.Key == nil {
		return nil
	}
	key, err := a.Key(ctx)
	if algorithm := keys.Algorithm(a.Algorithm); err == nil && algorithm != "" && algorithm.Validate() == nil {
		err = key.CanSign(algorithm)
	}
	v.From.Key = string(v.KeyFile)
	return v.about(v.at("key_file"), v.From.Key, err)
}

func (v *Values) tryAssertion(ctx context.Context) error {
	if v.Config.Assertion.Source == nil {
		return nil
	}
	_, err := v.Config.Assertion.Source(ctx)
	v.From.Assertion = string(v.AssertionFile)
	return v.about(v.at("assertion_file"), v.From.Assertion, err)
}

func (v *Values) tryAssertionCertificate(ctx context.Context) error {
	if v.Config.Assertion.Certificate == nil {
		return nil
	}
	_, err := v.Config.Assertion.Certificate(ctx)
	return v.about(v.at("assertion_cert_file"), string(v.AssertionCertFile), err)
}

func (v *Values) tryCertificate(ctx context.Context) error {
	if v.Config.Certificate == nil {
		return nil
	}
	_, err := v.Config.Certificate(ctx)
	if err != nil && strings.HasSuffix(err.Error(), "private key does not match public key") {
		err = fmt.Errorf("%w: name the key that the certificate was made with by %s", err, v.name("cert_key_file"))
	}
	v.From.Certificate = string(v.CertFile)
	return v.about(v.at("cert_file"), v.From.Certificate, err)
}

// configureDPoP generates the key that tokens are bound to where none is given, so that everything that needs it gets
// the same.
func (v *Values) configureDPoP(ctx context.Context) error {
	if !v.DPoP {
		return nil
	}
	d := &alf.DPoP{Algorithm: v.DPoPAlgorithm, Backdate: v.DPoPBackdate}
	v.Config.DPoP = d
	v.From.DPoPKey = string(v.DPoPKeyFile)
	if v.DPoPKeyFile == "" {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		d.Key = alf.KeySigner(private, "")
	} else {
		d.Key = alf.KeyFile(v.From.DPoPKey)
	}
	if d.Algorithm.Validate() != nil {
		return nil // the library reports it
	}
	_, err := d.Read(ctx)
	if v.DPoPKeyFile == "" {
		return v.about(v.at("dpop_algorithm"), "", err)
	}
	return v.about(v.at("dpop_key_file"), v.From.DPoPKey, err)
}

// about names the setting that an error of the library comes from. The path in it is the user's own, word for word.
func (v *Values) about(setting, path string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, prefix := range []string{"key file: ", "secret file: ", "certificate file: ", "certificate's key file: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	before, after, found := strings.Cut(text, path)
	if !found {
		return fmt.Errorf("%s: %s", setting, v.names.In(text))
	}
	return fmt.Errorf("%s: %s%s%s", setting, before, path, v.names.In(after))
}
