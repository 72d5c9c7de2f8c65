package program

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"

	"github.com/urfave/cli/v3"

	"github.com/alf-go/alf"
	"github.com/alf-go/alf/keys"
)

// readProof reads what proves the client, and what tokens are bound to.
func (p *program) readProof(cmd *cli.Command, f *file, s *settings, problems *problems) {
	path := func(flag, file string) string { return choose(cmd, flag, cmd.String, f.beside(file)) }
	text := func(flag, file string) string { return choose(cmd, flag, cmd.String, file) }
	s.keyFile, s.keyID = path("key-file", f.KeyFile), text("key-id", f.KeyID)
	s.assertionFile = path("assertion-file", f.AssertionFile)
	s.assertion = alf.Assertion{
		Audience:  text("assertion-audience", f.AssertionAudience),
		Algorithm: text("assertion-algorithm", f.AssertionAlgorithm),
		Type:      text("assertion-typ", f.AssertionTyp),
		Lifetime:  chooseTime(cmd, "assertion-lifetime", f.AssertionLifetime),
		Format:    text("assertion-format", f.AssertionFormat),
	}
	s.certFile, s.certKey = path("cert-file", f.CertFile), path("cert-key-file", f.CertKeyFile)
	s.dpop = choose(cmd, "dpop", cmd.Bool, f.DPoP)
	s.dpopKey, s.dpopSigning = path("dpop-key-file", f.DPoPKeyFile), text("dpop-algorithm", f.DPoPAlgorithm)

	var err error
	if style := choose(cmd, "auth-style", cmd.String, f.AuthStyle); style != "" {
		if err = s.authStyle.UnmarshalText([]byte(style)); err != nil {
			err = fmt.Errorf("%s: %w", p.source(cmd, "auth-style", f, "auth_style"), err)
		}
	} else {
		s.authStyle, err = s.impliedStyle(p.hasSecret(cmd, f))
	}
	problems.note(err)
	if err == nil {
		s.checkProof(problems)
	}
	// Said off on purpose, they may stay where they are.
	if !cmd.IsSet("dpop") && !s.dpop {
		for _, unused := range []struct{ flag, value string }{
			{"--dpop-key-file", s.dpopKey}, {"--dpop-algorithm", s.dpopSigning},
		} {
			if unused.value != "" {
				problems.note(fmt.Errorf("%s: not used without --dpop: add that, or remove this", unused.flag))
			}
		}
	}
}

// impliedStyle is the one that goes with the only thing there is to prove the client by.
func (s *settings) impliedStyle(hasSecret bool) (alf.AuthStyle, error) {
	style := alf.AuthBasic
	if hasSecret {
		return style, nil
	}
	var given []string
	for _, proof := range []struct {
		flag, path string
		style      alf.AuthStyle
	}{
		{"--key-file", s.keyFile, alf.AuthPrivateKeyJWT},
		{"--assertion-file", s.assertionFile, alf.AuthExternalAssertion},
		{"--cert-file", s.certFile, alf.AuthTLS},
	} {
		if proof.path != "" {
			given, style = append(given, proof.flag), proof.style
		}
	}
	if len(given) > 1 {
		return 0, fmt.Errorf("--auth-style is missing: say which of %s proves the client", strings.Join(given, " and "))
	}
	return style, nil
}

// checkProof names what a style needs. What it has no use for, the library names.
func (s *settings) checkProof(problems *problems) {
	for _, need := range []struct {
		flag, path string
		needed     bool
	}{
		{"--key-file", s.keyFile, s.authStyle == alf.AuthPrivateKeyJWT || s.keyID != ""},
		{"--assertion-file", s.assertionFile, s.authStyle == alf.AuthExternalAssertion},
		{"--cert-file", s.certFile, s.authStyle == alf.AuthTLS || s.authStyle == alf.AuthSelfSignedTLS || s.certKey != ""},
	} {
		if need.needed && need.path == "" {
			problems.note(fmt.Errorf("%s is missing: set it, or %s, or choose another --auth-style than %s",
				need.flag, variable(strings.TrimPrefix(need.flag, "--")), s.authStyle))
		}
	}
}

// prove puts into the configuration what proves the client. Each thing is asked for once here, so that what is missing or
// does not fit is an error of the configuration and not of the token request.
func (s *settings) prove(ctx context.Context, cfg *alf.Config) error {
	cfg.AuthStyle, cfg.Assertion = s.authStyle, s.assertion
	if s.keyFile != "" {
		cfg.Assertion.Key = keyIn(s.keyFile, s.keyID)
	}
	if s.assertionFile != "" {
		cfg.Assertion.Source = alf.SecretFile(s.assertionFile)
	}
	if s.certFile != "" {
		key := s.certKey
		if key == "" {
			key = s.certFile
		}
		cfg.Certificate = alf.CertificateFiles(s.certFile, key)
	}
	var problems problems
	for _, try := range []func(context.Context, *alf.Config) error{s.tryKey, s.tryAssertion, s.tryCertificate, s.bind} {
		problems.note(try(ctx, cfg))
	}
	if len(problems) > 0 {
		return &failure{exitUsage, errors.Join(problems...)}
	}
	return nil
}

// keyIn reads a key, under another ID than the file's if there is one.
func keyIn(path, id string) alf.KeyFunc {
	if id == "" {
		return alf.KeyFile(path)
	}
	return keys.FileWithID(path, id)
}

func (s *settings) tryKey(ctx context.Context, cfg *alf.Config) error {
	if cfg.Assertion.Key == nil {
		return nil
	}
	key, err := cfg.Assertion.Key(ctx)
	if algorithm := keys.Algorithm(s.assertion.Algorithm); err == nil && algorithm != "" && algorithm.Validate() == nil {
		err = key.CanSign(algorithm)
	}
	return about("--key-file", s.keyFile, err)
}

func (s *settings) tryAssertion(ctx context.Context, cfg *alf.Config) error {
	if cfg.Assertion.Source == nil {
		return nil
	}
	_, err := cfg.Assertion.Source(ctx)
	return about("--assertion-file", s.assertionFile, err)
}

func (s *settings) tryCertificate(ctx context.Context, cfg *alf.Config) error {
	if cfg.Certificate == nil {
		return nil
	}
	_, err := cfg.Certificate(ctx)
	if err != nil && strings.HasSuffix(err.Error(), "private key does not match public key") {
		err = fmt.Errorf("%w: name the key that the certificate was made with by --cert-key-file", err)
	}
	return about("--cert-file", s.certFile, err)
}

// bind makes the key that tokens are bound to where none is given, so that whoever needs it is given the same.
func (s *settings) bind(ctx context.Context, cfg *alf.Config) error {
	if !s.dpop {
		return nil
	}
	cfg.DPoP = &alf.DPoP{Algorithm: keys.Algorithm(s.dpopSigning)}
	if s.dpopKey == "" {
		private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			return err
		}
		cfg.DPoP.Key = alf.KeySigner(private, "")
	} else {
		cfg.DPoP.Key = alf.KeyFile(s.dpopKey)
	}
	if cfg.DPoP.Algorithm.Validate() != nil {
		return nil // the library says it
	}
	_, err := cfg.DPoP.Read(ctx)
	if s.dpopKey == "" {
		return about("--dpop-algorithm", "", err)
	}
	return about("--dpop-key-file", s.dpopKey, err)
}

// about names the flag that an error of the library comes from. The path in it is the user's own, word for word.
func about(flag, path string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, prefix := range []string{"key file: ", "secret file: ", "certificate file: ", "certificate's key file: "} {
		text = strings.TrimPrefix(text, prefix)
	}
	before, after, found := strings.Cut(text, path)
	if !found {
		return fmt.Errorf("%s: %s", flag, inFlags(text))
	}
	return fmt.Errorf("%s: %s%s%s", flag, before, path, inFlags(after))
}
