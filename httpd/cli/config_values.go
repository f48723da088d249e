package cli

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"penstock/httpd/hosted"
	"penstock/locker"
)

// Kinds of a MasterKey.
const (
	KeyFile       = "file"       // a file of mode 0600
	KeyCredential = "credential" // a systemd credential
	KeyPassphrase = "passphrase" // typed by an operator at the start
	KeyShares     = "shares"     // held by custodians, who open the appliance after its start
)

// Duration is a time span that a person writes as "10s", "15m", "24h" or
// "30d". It is never negative; the zero value is no time at all.
type Duration struct{ d time.Duration }

// D is the span as the standard library knows it.
func (d Duration) D() time.Duration { return d.d }

// String is the shortest way of writing the span.
func (d Duration) String() string {
	s := d.d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a number with a unit; a bare number has no meaning here.
func (d *Duration) UnmarshalText(text []byte) error {
	s := string(text)
	rule := fmt.Errorf(`wants a time span with a unit, like "10s", "15m", "24h" or "30d"; got %q`, clip(s))
	if s == "" || s[0] < '0' || s[0] > '9' {
		return rule
	}
	if days, ok := strings.CutSuffix(s, "d"); ok {
		n, err := strconv.ParseInt(days, 10, 32)
		if err != nil || n > math.MaxInt64/int64(24*time.Hour) {
			return rule
		}
		d.d = time.Duration(n) * 24 * time.Hour
		return nil
	}
	v, err := time.ParseDuration(s)
	if err != nil || v < 0 {
		return rule
	}
	d.d = v
	return nil
}

// Size is a number of bytes that a person writes as "64KiB" or "1GiB".
type Size int64

// Bytes is the size as a number.
func (s Size) Bytes() int64 { return int64(s) }

// sizeUnits are the powers of 1024 (IEC 80000-13), the largest first.
func sizeUnits() []string { return []string{"TiB", "GiB", "MiB", "KiB", "B"} }

// String is the size in the largest unit that divides it.
func (s Size) String() string {
	units := sizeUnits()
	for i, unit := range units {
		scale := int64(1) << (10 * (len(units) - 1 - i))
		if int64(s) >= scale && int64(s)%scale == 0 {
			return strconv.FormatInt(int64(s)/scale, 10) + unit
		}
	}
	return "0B"
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads a whole number and a unit. "KB" is refused, because
// half of its readers take it for 1000 and the other half for 1024.
func (s *Size) UnmarshalText(text []byte) error {
	units := sizeUnits()
	for i, unit := range units {
		digits, ok := strings.CutSuffix(string(text), unit)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(digits, 10, 63)
		shift := 10 * (len(units) - 1 - i)
		if err != nil || n > math.MaxInt64>>shift {
			break
		}
		*s = Size(n << shift)
		return nil
	}
	return fmt.Errorf(`wants a size with a unit, like "16KiB", "256MiB" or "1GiB"; got %q`, clip(string(text)))
}

// Path is the name of a file; empty means none.
type Path string

// MasterKey says where the locker's master key comes from. It holds no key.
type MasterKey struct {
	Kind string // one of the Key constants
	Name string // the file's path or the credential's name; empty for the others
}

// String is the form that UnmarshalText reads.
func (m MasterKey) String() string {
	if m.Name == "" {
		return m.Kind
	}
	return m.Kind + ":" + m.Name
}

// MarshalText writes what UnmarshalText reads.
func (m MasterKey) MarshalText() ([]byte, error) { return []byte(m.String()), nil }

// UnmarshalText reads file:PATH, credential:master.key, passphrase or shares.
// What was given is not repeated in the error: it may be a key put here by mistake.
func (m *MasterKey) UnmarshalText(text []byte) error {
	kind, name, _ := strings.Cut(string(text), ":")
	switch {
	case kind == KeyFile && name != "", kind == KeyCredential && name == locker.CredentialName:
		*m = MasterKey{Kind: kind, Name: name}
	case string(text) == KeyPassphrase, string(text) == KeyShares:
		*m = MasterKey{Kind: kind}
	default:
		return fmt.Errorf(`wants "file:PATH", "credential:%s", "passphrase" or "shares"`, locker.CredentialName)
	}
	return nil
}

// Secret is a credential in the configuration: the text itself, or
// "file:PATH" or "credential:NAME" where it is to be read from. No way of
// printing shows it. The zero value is "none".
type Secret struct{ text string }

const redacted = "[redacted]"

func (s Secret) String() string {
	if s.text == "" {
		return "[none]"
	}
	return redacted
}

func (s Secret) GoString() string             { return s.String() }
func (s Secret) Format(f fmt.State, _ rune)   { _, _ = f.Write([]byte(s.String())) }
func (s Secret) LogValue() slog.Value         { return slog.StringValue(s.String()) }
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText takes the text as it is.
func (s *Secret) UnmarshalText(text []byte) error { s.text = string(text); return nil }

// Empty reports whether no secret was configured.
func (s Secret) Empty() bool { return s.text == "" }

// inline returns the secret where it stands in the configuration itself.
func (s Secret) inline() (string, bool) {
	if s.text == "" || strings.HasPrefix(s.text, "file:") || strings.HasPrefix(s.text, "credential:") {
		return "", false
	}
	return s.text, true
}

// maxSecret bounds what is read as a secret, in bytes.
const maxSecret = 4 << 10

// Reveal returns the secret, reading its file or credential where it names
// one; a line end at the file's end is dropped. Empty and nil when there is
// none. environ tells where systemd put the credentials.
func (s Secret) Reveal(environ []string) (string, error) {
	if text, ok := s.inline(); ok || s.text == "" {
		return text, nil
	}
	path, isFile := strings.CutPrefix(s.text, "file:")
	if !isFile {
		dir := lookup(environ, "CREDENTIALS_DIRECTORY")
		if dir == "" {
			return "", errors.New("read credential: CREDENTIALS_DIRECTORY is not set; the unit needs LoadCredential=")
		}
		path = filepath.Join(dir, strings.TrimPrefix(s.text, "credential:"))
	}
	text, err := readBounded(path, maxSecret, isFile)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	secret := strings.TrimRight(string(text), "\r\n")
	if err := goodSecret(secret); err != nil {
		return "", fmt.Errorf("read secret from %s: %w", path, err)
	}
	return secret, nil
}

// goodSecret is the rule for every secret that travels in a header.
func goodSecret(s string) error {
	if len(s) < 16 {
		return errors.New("wants at least 16 characters, since whoever guesses it owns every merchant")
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return errors.New("wants printable ASCII without spaces, since it travels in a header")
		}
	}
	return nil
}

// clip keeps an error message short whatever was given.
func clip(s string) string {
	const most = 64
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}

// BodyWindow is how long a body alone is known again: a time span, "forever",
// or "0s" for not at all.
type BodyWindow struct {
	D       Duration
	Forever bool
}

// String is what UnmarshalText reads.
func (w BodyWindow) String() string {
	if w.Forever {
		return "forever"
	}
	return w.D.String()
}

// MarshalText writes what UnmarshalText reads.
func (w BodyWindow) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText reads a time span or "forever".
func (w *BodyWindow) UnmarshalText(text []byte) error {
	if *w = (BodyWindow{Forever: string(text) == "forever"}); w.Forever {
		return nil
	}
	return w.D.UnmarshalText(text)
}

// Window is the span as the dialect takes it.
func (w BodyWindow) Window() time.Duration {
	if w.Forever {
		return hosted.Forever
	}
	return w.D.D()
}
