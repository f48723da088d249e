package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// ConfigVariable names the configuration file where --config is not given.
const ConfigVariable = "PENSTOCK_CONFIG"

// maxConfig bounds the configuration file, in bytes.
const maxConfig = 1 << 20

// errNoConfig says that nobody named a configuration file.
var errNoConfig = errors.New("no configuration file is named")

// LoadConfig reads the configuration: the file that flag names, or else
// PENSTOCK_CONFIG; then what the environment overrides; then every rule. All
// that is wrong comes back at once, as a *ConfigError. warnings are what an
// operator should be told though it is allowed. No secret is read yet, so
// that a verb which needs only the socket's path runs without the right to
// read them.
func LoadConfig(flag string, environ []string) (cfg Config, warnings []string, err error) {
	name := flag
	if name == "" {
		name = lookup(environ, ConfigVariable)
	}
	if name == "" {
		return Config{}, nil, withNext(errNoConfig,
			"give --config FILE or set "+ConfigVariable+"; penstock init DIR makes one")
	}
	doc, err := readBounded(name, maxConfig, false)
	if err != nil {
		return Config{}, nil, withNext(fmt.Errorf("read configuration: %w", err), "penstock init DIR makes one")
	}
	abs, err := filepath.Abs(name)
	if err != nil {
		return Config{}, nil, fmt.Errorf("find configuration: %w", err)
	}
	cfg, err = parseConfig(doc, name, filepath.Dir(abs), environ)
	if err != nil {
		return Config{}, nil, err
	}
	warnings = cfg.warnings()
	if _, inline := cfg.Rest.AdminAPIKey.inline(); inline && lookup(environ, "PENSTOCK_REST_ADMIN_API_KEY") == "" {
		if info, err := os.Stat(name); err == nil && info.Mode().Perm()&0o077 != 0 {
			warnings = append(warnings, fmt.Sprintf("%s holds rest.admin_api_key and is open to others (mode %04o); run: chmod 600 %s",
				name, info.Mode().Perm(), name))
		}
	}
	return cfg, warnings, nil
}

// parseConfig is LoadConfig without the disk: doc is the file's text, name
// what to call it in errors, dir what its relative paths are relative to.
func parseConfig(doc []byte, name, dir string, environ []string) (Config, error) {
	cfg := defaults()
	src, err := decodeFile(doc, name, &cfg)
	if err != nil {
		return Config{}, err
	}
	if problems := override(&cfg, environ, src); len(problems) > 0 {
		return Config{}, &ConfigError{problems}
	}
	cfg.resolve(dir)
	if problems := cfg.check(src); len(problems) > 0 {
		return Config{}, &ConfigError{problems}
	}
	return cfg, nil
}

// resolve makes every path absolute.
func (c *Config) resolve(dir string) {
	abs := func(p string) string {
		if p == "" || filepath.IsAbs(p) {
			return p
		}
		return filepath.Join(dir, p)
	}
	for _, f := range fields(c) {
		switch v := f.value.Addr().Interface().(type) {
		case *Path:
			*v = Path(abs(string(*v)))
		case *[]Path:
			for i := range *v {
				(*v)[i] = Path(abs(string((*v)[i])))
			}
		case *MasterKey:
			if v.Kind == KeyFile {
				v.Name = abs(v.Name)
			}
		case *Secret:
			if p, ok := strings.CutPrefix(v.text, "file:"); ok {
				v.text = "file:" + abs(p)
			}
		}
	}
}

// readBounded reads a regular file of at most limit bytes. A private one must
// be closed to everybody but its owner.
func readBounded(name string, limit int64, private bool) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if mode := info.Mode(); !mode.IsRegular() {
		return nil, fmt.Errorf("%s is not a regular file", name)
	} else if private && mode.Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s is open to others (mode %04o); run: chmod 600 %s", name, mode.Perm(), name)
	}
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s is larger than %s", name, Size(limit))
	}
	return b, nil
}

// lookup finds a variable; the last one of a name wins, as in os/exec.
func lookup(environ []string, name string) string {
	value := ""
	for _, e := range environ {
		if k, v, ok := strings.Cut(e, "="); ok && k == name {
			value = v
		}
	}
	return value
}
