package cli

import (
	"errors"
	"strings"
	"testing"
)

// FuzzConfig gives any document and any variable: the answer is either a
// configuration that keeps every rule or an error that says where, and no
// credential that was put in is ever in the error.
func FuzzConfig(f *testing.F) {
	f.Add("[server]\n#listen = \"x\"\ntrusted_proxies = [\"::1\"]\n", "PENSTOCK_ENGINE_POLLS=1s,2s")
	f.Add("[engine]\npolls = [\"1s\",\n2]\n", "PENSTOCK_X=1")
	f.Add("server = { listen = \"127.0.0.1:1\" }\n[store]\nx", "PENSTOCK_LIMITS_BODY=1KiB")
	f.Add("[\"rest\"]\nadmin_api_key = '''a\nb'''\r\n", "PENSTOCK_SANDBOX_SEED=x")
	f.Fuzz(func(t *testing.T, doc, env string) {
		const secret = "do-not-show-this-key"
		if strings.Contains(doc, secret) || strings.Contains(env, secret) {
			return
		}
		for _, text := range []string{doc, "[rest]\nadmin_api_key = \"" + secret + "\"\n" + doc, doc + "\nadmin_api_key = \"" + secret + "\"\n"} {
			cfg, err := parseText(text, env)
			if err == nil {
				if problems := cfg.check(source{}); len(problems) > 0 {
					t.Fatalf("accepted, and breaks %v", problems)
				}
				continue
			}
			var refused *ConfigError
			if !errors.As(err, &refused) || len(refused.Problems) == 0 {
				t.Fatalf("got %v, want a ConfigError", err)
			}
			for _, p := range refused.Problems {
				if p.Where == "" && p.Key == "" || p.Rule == "" {
					t.Fatalf("problem %+v says neither where nor what", p)
				}
			}
			if strings.Contains(err.Error(), secret) {
				t.Fatalf("the error shows the credential: %v", err)
			}
		}
	})
}
