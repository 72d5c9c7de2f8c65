package ambiguous

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
)

// Alf is "alf proxy" with its defaults. binary is the path of the command alf.
func Alf(binary string) *Program {
	return &Program{
		Name:    "alf proxy",
		Missing: func() string { return "" },
		Version: func() string { return "alf proxy" },
		conf:    "alf.json",
		onePort: true,
		command: func(_, conf string) []string { return []string{binary, "proxy", "--config", conf} },
		configure: func(p *Proxy, dir string, values map[string]any) error {
			endpoint := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				_, _ = w.Write([]byte(`{"access_token":"` + Token + `","token_type":"Bearer","expires_in":3600}`))
			}))
			p.closers = append(p.closers, endpoint.Close)
			secret := filepath.Join(dir, "client.secret")
			values["TokenURL"], values["SecretFile"] = endpoint.URL, secret
			return os.WriteFile(secret, []byte("secret"), 0o600)
		},
	}
}
