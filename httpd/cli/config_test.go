package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestRefusalNamesLineAndRule(t *testing.T) {
	rows := []struct {
		name, doc string
		want      []string
	}{
		{"unknown key", "[server]\nlistn = \"x\"\n", []string{"config.toml:2:1: server.listn: unknown key; did you mean server.listen?", "2 | listn = ...", "^"}},
		{"unknown section", "[sever]\nlisten = \"x\"\n", []string{"config.toml:1:2: sever: is no section; did you mean server?", "1 | [sever]"}},
		{"key outside of a section", "listen = \"x\"\n", []string{"config.toml:1:1: listen: unknown key"}},
		{"dotted key", "server.listn = 1\n", []string{"config.toml:1:1: server.listn: unknown key"}},
		{"inline table", "server = { listn = 1 }\n", []string{"config.toml:1:12: server.listn: unknown key"}},
		{"key in capitals", "[server]\nLISTEN = \"x\"\n", []string{"server.LISTEN: unknown key; did you mean server.listen?"}},
		{"list of tables", "[[server]]\nlisten = \"x\"\n", []string{"config.toml:1:3", "is no section"}},
		{"two at once", "[server]\nlistn = 1\n[engine]\nleese = 1\n", []string{"server.listn", "engine.leese: unknown key; did you mean engine.lease?"}},
		{"number for a text", "[server]\nlisten = 8080\n", []string{"config.toml:2:1: server.listen: wants a text in quotes", "2 | listen = 8080"}},
		{"number for a span", "[engine]\nlease = 15\n", []string{`engine.lease: wants a text in quotes, a time span with a unit, like "10s"`}},
		{"number for a size", "[limits]\nbody = 65536\n", []string{`limits.body: wants a text in quotes, a size with a unit`}},
		{"text for a number", "[engine]\nworkers = \"4\"\n", []string{"engine.workers: wants a whole number, without quotes"}},
		{"fraction for a number", "[engine]\nworkers = 4.5\n", []string{"engine.workers: wants a whole number"}},
		{"text for a switch", "[engine]\nticker = \"false\"\n", []string{"engine.ticker: wants true or false, without quotes"}},
		{"text for a list", "[engine]\npolls = \"1s\"\n", []string{"engine.polls: wants a list in square brackets"}},
		{"number in a list", "[engine]\npolls = [\"1s\", # first\n 2]\n", []string{"engine.polls: each element wants a text in quotes"}},
		{"span without a unit", "[engine]\nlease = \"15\"\n", []string{"config.toml:2:9: engine.lease: wants a time span with a unit", `got "15"`}},
		{"negative span", "[engine]\nlease = \"-15s\"\n", []string{"engine.lease: wants a time span"}},
		{"size in KB", "[limits]\nbody = \"64KB\"\n", []string{"limits.body: wants a size with a unit", `got "64KB"`}},
		{"size too large", "[store]\nmax_size = \"9999999999TiB\"\n", []string{"store.max_size: wants a size"}},
		{"number too large", "[sandbox]\nseed = 99999999999999999999\n", []string{"config.toml:2:8", "too large"}},
		{"key twice", "[log]\nlevel = \"info\"\nlevel = \"warn\"\n", []string{"config.toml:3:1", "already defined"}},
		{"section twice", "[log]\n[store]\n[log]\n", []string{"config.toml:3"}},
		{"no TOML", "[server\n", []string{"config.toml:1:8", "expected ']'"}},
		{"no UTF-8", "[log]\nlevel = \"\xff\"\n", []string{"config.toml:2"}},
	}
	for _, row := range rows {
		_, err := parseText(row.doc)
		var refused *ConfigError
		if !errors.As(err, &refused) {
			t.Errorf("%s: got %v, want a ConfigError", row.name, err)
			continue
		}
		for _, want := range row.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %q, want %q in it", row.name, err, want)
			}
		}
		if strings.Contains(err.Error(), "struct") || strings.Contains(err.Error(), "cli.") {
			t.Errorf("%s: the error speaks of Go: %q", row.name, err)
		}
	}
}

func TestEveryRuleNamesItsKey(t *testing.T) {
	rows := []struct{ key, value, want string }{
		{"server.listen", `"8080"`, "HOST:PORT"},
		{"server.listen", `"example.org:80"`, "HOST:PORT"},
		{"server.listen", `"127.0.0.1:65536"`, "HOST:PORT"},
		{"server.public_url", `"ftp://x"`, "http:// or https://"},
		{"server.public_url", `"https://u:p@x"`, "no user"},
		{"server.public_url", `"https://x/?a"`, "no user, query"},
		{"server.tls_cert", `"a.pem"`, "both or neither"},
		{"server.trusted_proxies", `["10.0.0.0/33"]`, "element 1"},
		{"server.read_timeout", `"0s"`, "1s to 1h"},
		{"server.write_timeout", `"2h"`, "1s to 1h"},
		{"server.shutdown", `"0s"`, "1s to 1h"},
		{"store.path", `""`, "name of a file"},
		{"store.keys_path", `"./penstock.db"`, "another file"},
		{"store.anchor_path", `"./penstock.db"`, "a file of its own"},
		{"store.anchor_path", `"keyring.db"`, "a file of its own"},
		{"store.anchor_path", `""`, "name of a file"},
		{"store.archive_path", `"./penstock.db"`, "a directory of its own"},
		{"store.archive_path", `""`, "name of a directory"},
		{"store.archive_after", `"4m"`, "0s for never"},
		{"store.archive_after", `"3651d"`, "0s for never"},
		{"store.min_free", `"1KiB"`, "1MiB"},
		{"store.max_size", `"1MiB"`, "64MiB"},
		{"locker.master_key", `"hunter2"`, `"file:PATH"`},
		{"locker.master_key", `"credential:../x"`, `"credential:master.key"`},
		{"locker.master_key", `"passphrase:x"`, `"file:PATH"`},
		{"locker.one_off_retention", `"24h"`, "two days more than engine.attention_after (24h)"},
		{"engine.lease", `"10s"`, "must exceed engine.call_deadline (10s)"},
		{"engine.call_deadline", `"1ms"`, "100ms to 10m"},
		{"engine.polls", `[]`, "1 to 64"},
		{"engine.polls", `["2s", "1s"]`, "rising"},
		{"engine.polls", `["1s", "7h"]`, "element 2 exceeds engine.poll_max (6h)"},
		{"engine.polls", `["0s"]`, "at least 10ms"},
		{"engine.workers", `0`, "1 to 4096; got 0"},
		{"engine.claim_batch", `-1`, "1 to 1024"},
		{"engine.first_word", `"30s"`, "server.write_timeout (30s)"},
		{"engine.tick", `"0s"`, "10ms"},
		{"engine.cron", `"TZ="`, "@every SPAN"},
		{"engine.cron", `"@every 1ms"`, "@every SPAN"},
		{"engine.cron", `"* * * *"`, "@every SPAN"},
		{"rest.environment", `"prd"`, `"snd"`},
		{"rest.admin_api_key", `"short"`, "at least 16 characters"},
		{"rest.admin_api_key", `"0123456789 abcdef"`, "without spaces"},
		{"rest.payment_token_ttl", `"0s"`, "1s to 24h"},
		{"webhooks.timeout", `"0s"`, "100ms"},
		{"webhooks.response_keep", `"1GiB"`, "256KiB"},
		{"webhooks.workers", `0`, "1 to 4096"},
		{"egress.mode", `"open"`, `allow-only`},
		{"egress.allow", `["10.0.0.1:80", "erp.example"]`, `"erp.example": names no port`},
		{"sandbox.base_url", `"localhost:8098"`, "http:// or https://"},
		{"limits.body", `"2MiB"`, "1KiB to 1MiB"},
		{"limits.requests_per_second", `-1`, "0 to"},
		{"limits.burst", `0`, "1 to"},
		{"limits.conns_per_ip", `0`, "1 to"},
		{"limits.concurrency", `0`, "1 to"},
		{"log.level", `"loud"`, `"warn"`},
		{"log.format", `"xml"`, `"json"`},
		{"admin.socket", `"/` + strings.Repeat("s", 107) + `"`, "107 bytes"},
	}
	for _, row := range rows {
		section, name, _ := strings.Cut(row.key, ".")
		_, err := parseText(fmt.Sprintf("[%s]\n\n%s = %s\n", section, name, row.value))
		if err == nil {
			t.Errorf("%s = %s was taken", row.key, row.value)
			continue
		}
		if !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s = %s: got %q, want %q in it", row.key, row.value, err, row.want)
		}
		if !strings.Contains(err.Error(), "config.toml:3:") || !strings.Contains(err.Error(), row.key+": ") {
			t.Errorf("%s = %s: got %q, want the key and line 3 in it", row.key, row.value, err)
		}
	}
}

func TestEnvironmentOverridesTheFile(t *testing.T) {
	got, err := parseText("[server]\nlisten = \"10.0.0.1:1\"\n[engine]\npolls = [\"9s\"]\n",
		"PENSTOCK_SERVER_LISTEN=127.0.0.1:9", "PENSTOCK_ENGINE_POLLS=1s, 2s,3s", "PENSTOCK_ENGINE_TICKER=false",
		"PENSTOCK_EGRESS_ALLOW=127.0.0.1/32:8099,erp.example:443", "PENSTOCK_SERVER_TRUSTED_PROXIES=", "PENSTOCK_SANDBOX_SEED=-7",
		"PENSTOCK_STORE_PATH=/var/x.db", "PENSTOCK_LIMITS_BODY=1KiB", "PATH=/bin", "PENSTOCK_TEST_LONG=1",
		"PENSTOCK_CONFIG=/x", "PENSTOCK_SERVICE_HOST=10.0.0.1", "PENSTOCK_PORT_8080_TCP_ADDR=10.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	want := defaults()
	want.Server.Listen = "127.0.0.1:9"
	want.Engine.Polls = []Duration{{time.Second}, {2 * time.Second}, {3 * time.Second}}
	want.Engine.Ticker = false
	want.Egress.Allow = []string{"127.0.0.1/32:8099", "erp.example:443"}
	want.Sandbox.Seed = -7
	want.Store.Path = "/var/x.db"
	want.Limits.Body = 1 << 10
	want.resolve("/etc/penstock")
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
}

func TestBadVariableIsNamed(t *testing.T) {
	rows := []struct {
		env  string
		want []string
	}{
		{"PENSTOCK_ENGINE_LEASE=15", []string{"PENSTOCK_ENGINE_LEASE: engine.lease: wants a time span"}},
		{"PENSTOCK_ENGINE_LEASE=5s", []string{"PENSTOCK_ENGINE_LEASE: engine.lease: must exceed engine.call_deadline"}},
		{"PENSTOCK_ENGINE_WORKERS=many", []string{"PENSTOCK_ENGINE_WORKERS: engine.workers: wants a whole number"}},
		{"PENSTOCK_ENGINE_TICKER=1", []string{"PENSTOCK_ENGINE_TICKER: engine.ticker: wants true or false"}},
		{"PENSTOCK_ENGINE_POLLS=1s,x", []string{"PENSTOCK_ENGINE_POLLS: engine.polls: element 2 wants a time span"}},
		{"PENSTOCK_SERVER_LISTN=x", []string{"PENSTOCK_SERVER_LISTN: overrides no configuration key; did you mean PENSTOCK_SERVER_LISTEN?"}},
		{"PENSTOCK_WHATEVER=x", []string{"PENSTOCK_WHATEVER: overrides no configuration key"}},
	}
	for _, row := range rows {
		_, err := parseText("", row.env)
		for _, want := range row.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: got %v, want %q in it", row.env, err, want)
			}
		}
	}
}

func TestNoWayOfPrintingShowsASecret(t *testing.T) {
	const secret = "sesame-sesame-sesame"
	cfg, err := parseText("[rest]\nadmin_api_key = \"" + secret + "\"\n")
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := json.Marshal(cfg)
	if err != nil {
		t.Fatal(err)
	}
	var logged strings.Builder
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("x", "cfg", cfg, "key", cfg.Rest.AdminAPIKey)
	slog.New(slog.NewTextHandler(&logged, nil)).Info("x", "cfg", cfg, "key", cfg.Rest.AdminAPIKey)
	shown := []string{string(asJSON), logged.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown = append(shown, fmt.Sprintf(verb, cfg), fmt.Sprintf(verb, cfg.Rest.AdminAPIKey), fmt.Sprintf(verb, &cfg.Rest))
	}
	for _, s := range shown {
		if strings.Contains(s, secret) || strings.Contains(s, fmt.Sprintf("%x", secret)) {
			t.Errorf("shows the secret: %s", s)
		}
	}
	if got, err := cfg.Rest.AdminAPIKey.Reveal(nil); got != secret || err != nil {
		t.Errorf("Reveal: got %q, %v, want %q", got, err, secret)
	}
}

// TestNoRefusalShowsASecret breaks the file around a credential.
func TestNoRefusalShowsASecret(t *testing.T) {
	const secret = "sesame-sesame-sesame"
	for _, doc := range []string{
		"[rest]\nadmin_apikey = \"" + secret + "\"\n",
		"[rest]\nadmin_api_key = [\"" + secret + "\"]\n",
		"[rest]\nadmin_api_key = \"" + secret + "\n",
		"[rest]\nadmin_api_key = \"" + secret + "\" x\n",
		"[rest]\nadmin_api_key = " + secret + "\n",
		"[rest]\nadmin_api_key = \"\"\"\n" + secret + "=\x00\"\"\"\n",
		"[rest]\nadmin_api_key = \"short\"\nadmin_api_key = \"" + secret + "\"\n",
		"rest = { admin_api_key = \"" + secret + "\", x = 1 }\n",
		"[locker]\nmaster_key = \"" + secret + "\"\n",
		"[rest]\nadmin_api_key = \"" + secret + " \"\n",
	} {
		_, err := parseText(doc)
		if err == nil {
			t.Errorf("%q was taken", doc)
		} else if strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: the error shows the secret: %s", doc, err)
		}
	}
	for _, env := range []string{"PENSTOCK_REST_ADMIN_API_KEY= " + secret, "PENSTOCK_REST_ADMIN_APIKEY=" + secret} {
		if _, err := parseText("", env); err == nil || strings.Contains(err.Error(), "sesame") {
			t.Errorf("%q: got %v, want an error without the secret", env, err)
		}
	}
}

func TestPathsAreRelativeToTheFile(t *testing.T) {
	cfg, err := parseText("[store]\npath = \"data/p.db\"\n[locker]\nmaster_key = \"file:keys/m\"\n[rest]\nadmin_api_key = \"file:admin\"\n",
		"PENSTOCK_STORE_KEYS_PATH=/abs/k.db")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ name, got, want string }{
		{"store.path", string(cfg.Store.Path), "/etc/penstock/data/p.db"},
		{"store.keys_path", string(cfg.Store.KeysPath), "/abs/k.db"},
		{"locker.master_key", cfg.Locker.MasterKey.String(), "file:/etc/penstock/keys/m"},
		{"rest.admin_api_key", cfg.Rest.AdminAPIKey.text, "file:/etc/penstock/admin"},
		{"socket", cfg.SocketPath(), "/etc/penstock/data/penstock.sock"},
		{"tls_cert", string(cfg.Server.TLSCert), ""},
	} {
		if row.got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, row.got, row.want)
		}
	}
}

func TestSecretIsReadFromAPrivateFile(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string, mode os.FileMode) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
	}
	write("good", "0123456789abcdef\n", 0o600)
	write("open", "0123456789abcdef\n", 0o644)
	write("weak", "0123\n", 0o600)
	write("huge", strings.Repeat("x", maxSecret+1), 0o600)
	environ := []string{"CREDENTIALS_DIRECTORY=" + dir}
	for _, row := range []struct {
		text, want, fault string
		environ           []string
	}{
		{"file:" + dir + "/good", "0123456789abcdef", "", nil},
		{"credential:good", "0123456789abcdef", "", environ},
		{"credential:good", "", "LoadCredential", nil},
		{"credential:open", "0123456789abcdef", "", environ}, // systemd guards the directory
		{"file:" + dir + "/open", "", "chmod 600", nil},
		{"file:" + dir + "/weak", "", "at least 16", nil},
		{"file:" + dir + "/huge", "", "larger than 4KiB", nil},
		{"file:" + dir + "/none", "", "no such file", nil},
		{"file:" + dir, "", "not a regular file", nil},
		{"", "", "", nil},
	} {
		got, err := Secret{row.text}.Reveal(row.environ)
		if got != row.want || (err != nil) != (row.fault != "") || err != nil && !strings.Contains(err.Error(), row.fault) {
			t.Errorf("%s: got %q, %v, want %q, an error with %q", row.text, got, err, row.want, row.fault)
		}
	}
}

func TestLoadConfigFindsTheFile(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, "config.toml")
	doc := "[rest]\nadmin_api_key = \"0123456789abcdef\"\n"
	if err := os.WriteFile(name, []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		flag    string
		environ []string
	}{{name, nil}, {"", []string{"PENSTOCK_CONFIG=" + name}}, {name, []string{"PENSTOCK_CONFIG=/nowhere"}}} {
		cfg, warnings, err := LoadConfig(row.flag, row.environ)
		if err != nil {
			t.Fatalf("%q %q: %v", row.flag, row.environ, err)
		}
		if got, want := string(cfg.Store.Path), filepath.Join(dir, "penstock.db"); got != want {
			t.Errorf("%q %q: store.path %q, want %q", row.flag, row.environ, got, want)
		}
		if len(warnings) != 1 || !strings.Contains(warnings[0], "chmod 600") {
			t.Errorf("%q %q: warnings %q, want one about the file's mode", row.flag, row.environ, warnings)
		}
	}
	if _, _, err := LoadConfig("", nil); !errors.Is(err, errNoConfig) || exitCode(err) != ExitUsage {
		t.Errorf("without a file: got %v, want errNoConfig as wrong usage", err)
	}
	if _, _, err := LoadConfig(filepath.Join(dir, "none"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent file: got %v, want os.ErrNotExist", err)
	}
}

func TestWarnings(t *testing.T) {
	for _, row := range []struct {
		environ []string
		want    string
	}{
		{nil, ""},
		{[]string{"PENSTOCK_SERVER_LISTEN=:8080"}, "without TLS"},
		{[]string{"PENSTOCK_SERVER_LISTEN=:8080", "PENSTOCK_SERVER_TRUSTED_PROXIES=10.0.0.1", "PENSTOCK_SERVER_PUBLIC_URL=https://pay.example"}, ""},
		{[]string{"PENSTOCK_SERVER_PUBLIC_URL=http://pay.example"}, "not https"},
		{[]string{"PENSTOCK_EGRESS_MODE=allow-only"}, "no webhook"},
		{[]string{"PENSTOCK_SERVER_SHUTDOWN=5s"}, "cut off"},
	} {
		cfg, err := parseText("", row.environ...)
		if err != nil {
			t.Fatalf("%q: %v", row.environ, err)
		}
		got := strings.Join(cfg.warnings(), "\n")
		if row.want == "" && got != "" || !strings.Contains(got, row.want) {
			t.Errorf("%q: got %q, want %q", row.environ, got, row.want)
		}
	}
}

func TestDerivedValues(t *testing.T) {
	for _, row := range []struct {
		environ   []string
		url, test string
	}{
		{nil, "http://127.0.0.1:8080", "dev"},
		{[]string{"PENSTOCK_SERVER_LISTEN=:81"}, "http://localhost:81", "snd"},
		{[]string{"PENSTOCK_SERVER_LISTEN=[::]:81"}, "http://localhost:81", "snd"},
		{[]string{"PENSTOCK_SERVER_LISTEN=[::1]:81"}, "http://[::1]:81", "dev"},
		{[]string{"PENSTOCK_SERVER_TLS_CERT=c", "PENSTOCK_SERVER_TLS_KEY=k"}, "https://127.0.0.1:8080", "dev"},
		{[]string{"PENSTOCK_SERVER_PUBLIC_URL=https://pay.example/x/", "PENSTOCK_REST_ENVIRONMENT=integ"}, "https://pay.example/x", "integ"},
	} {
		cfg, err := parseText("", row.environ...)
		if err != nil {
			t.Fatalf("%q: %v", row.environ, err)
		}
		if got := cfg.PublicURL(); got != row.url {
			t.Errorf("%q: PublicURL %q, want %q", row.environ, got, row.url)
		}
		if got := cfg.KeyPrefix(false); got != row.test {
			t.Errorf("%q: test prefix %q, want %q", row.environ, got, row.test)
		}
		if got := cfg.KeyPrefix(true); got != "prd" {
			t.Errorf("%q: live prefix %q, want prd", row.environ, got)
		}
	}
}

func TestSpansAndSizesReadWhatTheyWrite(t *testing.T) {
	for text, want := range map[string]time.Duration{"0s": 0, "250ms": 250e6, "10s": 10e9, "15m": 15 * 60e9, "24h": 24 * 3600e9,
		"30d": 720 * 3600e9, "1h30m": 90 * 60e9, "1.5s": 1500e6} {
		var d, again Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.D() != want {
			t.Errorf("%q: got %v, %v, want %v", text, d.D(), err, want)
		}
		if err := again.UnmarshalText([]byte(d.String())); err != nil || again != d {
			t.Errorf("%q was written as %q and read as %v, %v", text, d, again, err)
		}
	}
	for text, want := range map[string]Size{"0B": 0, "1B": 1, "1023B": 1023, "1KiB": 1024, "3MiB": 3 << 20, "64GiB": 64 << 30, "1TiB": 1 << 40} {
		var s Size
		if err := s.UnmarshalText([]byte(text)); err != nil || s != want {
			t.Errorf("%q: got %d, %v, want %d", text, s, err, want)
		}
		if s.String() != text {
			t.Errorf("%q is written as %q", text, s)
		}
	}
	for _, bad := range []string{"", "d", "s", "1", "-1s", "+1s", ".5s", "1d1h", "200000d", "9223372036854775808ns", "1 s"} {
		if err := new(Duration).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("span %q was taken", bad)
		}
	}
	for _, bad := range []string{"", "B", "1", "-1B", "+1B", "1KB", "1.5KiB", "8388608TiB", "1 KiB"} {
		if err := new(Size).UnmarshalText([]byte(bad)); err == nil {
			t.Errorf("size %q was taken", bad)
		}
	}
}
