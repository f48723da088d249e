// Package iso20022 pays by files: pain.001 orders go to the bank, pain.002
// reports and camt.053 statements (or a statement in CSV) come back, by two
// folders or by SFTP. It is the rail of a bank without an API.
//
// An order is with the bank once its file has its name. How far each came is
// kept in the account's directory, so that an order goes into one file only and
// can be looked up; what the bank reports of it is read there too.
package iso20022

import (
	"errors"
	"fmt"
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"time"
	_ "time/tzdata" // banks close by their own clocks, and a chroot has no zones

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Provider is the name in the catalogue.
const Provider = "iso20022"

// Credentials of an account.
const (
	Name      = "name"      // of the account's holder, as the bank has it
	IBAN      = "iban"      // of the account that is paid from
	BIC       = "bic"       // of its bank; may be left out
	Initiator = "initiator" // who sends the files, where that isn't the holder
	MsgFormat = "version"   // of pain.001: "09" (default) or "03"
	Booking   = "booking"   // "batch" (default): one line a file on the statement; or "single"
	CutOff    = "cut_off"   // "15:00": what comes later is carried out on the next business day; empty: none
	Gather    = "gather"    // with a cut-off: "cut_off" (default), one file shortly before it, or "at_once"
	Zone      = "zone"      // of the cut-off, "Europe/Berlin"; default UTC
	Calendar  = "calendar"  // "target" (default) or "weekdays"
	CSV       = "csv"       // map of the bank's statements in CSV, as JSON; empty: none come

	SFTPURL     = "sftp_url"      // "sftp://user@host:22"; empty: folders
	SFTPHostKey = "sftp_host_key" // the server's public key, "ssh-ed25519 AAAA..."; no other is spoken to
	SFTPKey     = "sftp_key"      // our private key in PEM
	SFTPPass    = "sftp_password" // or a password
	SFTPOut     = "sftp_out"      // directory that orders are put in
	SFTPIn      = "sftp_in"       // directory that the bank's files are read from
)

// config is an account's, checked.
type config struct {
	debtor  Debtor
	version Version
	clock   clock
	csv     *CSVMap
	remote  *remote // nil: folders
	atOnce  bool    // orders aren't gathered
}

// New makes the builder of accounts. It does no I/O; errors name the
// credential and the rule that it broke.
func New(host connector.Host) connector.Builder {
	return connector.Named("iso20022", func(acc connector.Account) (*account, error) { return build(host, acc) })
}

func build(host connector.Host, acc connector.Account) (*account, error) {
	if host.Now == nil || host.Dir == "" {
		return nil, errors.New("a clock and a directory are required")
	}
	if !regexp.MustCompile(`^[a-z0-9_]{1,64}$`).MatchString(acc.ID) {
		return nil, errors.New("the account's id can't name a directory")
	}
	if acc.BaseURL != "" {
		return nil, errors.New("base_url: a bank's files have none; see sftp_url")
	}
	c, err := configure(acc)
	if err != nil {
		return nil, err
	}
	if c.remote != nil && host.Dial == nil {
		return nil, errors.New("sftp_url: this process has no way out for it")
	}
	return &account{host: host, config: c, id: acc.ID, state: state{dir: filepath.Join(host.Dir, acc.ID)}, busy: make(chan struct{}, 1), secrets: acc.Secrets}, nil
}

func configure(acc connector.Account) (config, error) {
	s := acc.Secrets
	c := config{debtor: Debtor{Single: s[Booking] == "single"}, version: Version(s[MsgFormat])}
	var ok bool
	if c.debtor.Name, ok = plain(s[Name], maxName); !ok || c.debtor.Name == "" {
		return c, fmt.Errorf("credential %q must be the holder's name, in letters that a bank's file can carry", Name)
	}
	if c.debtor.IBAN, ok = iban(s[IBAN]); !ok {
		return c, fmt.Errorf("credential %q must be an IBAN", IBAN)
	}
	if s[BIC] != "" {
		if c.debtor.BIC, ok = bic(s[BIC]); !ok {
			return c, fmt.Errorf("credential %q must be a BIC", BIC)
		}
	}
	if c.debtor.Initiator, ok = plain(s[Initiator], maxName); !ok {
		return c, fmt.Errorf("credential %q must be a name, in letters that a bank's file can carry", Initiator)
	}
	switch c.version {
	case "":
		c.version = Version09
	case Version09, Version03:
	default:
		return c, fmt.Errorf("credential %q must be 09 or 03", MsgFormat)
	}
	if _, err := (Message{Version: c.version}).agent(c.debtor.BIC); err != nil {
		return c, fmt.Errorf("credential %q is a BIC that version %s doesn't have", BIC, c.version)
	}
	if b := s[Booking]; b != "" && b != "batch" && b != "single" {
		return c, fmt.Errorf("credential %q must be batch or single", Booking)
	}
	if g := s[Gather]; g != "" && g != "cut_off" && g != "at_once" {
		return c, fmt.Errorf("credential %q must be cut_off or at_once", Gather)
	}
	c.atOnce = s[Gather] == "at_once"
	if err := c.times(s); err != nil {
		return c, err
	}
	if s[CSV] != "" {
		m, err := ReadCSVMap(s[CSV])
		if err != nil {
			return c, fmt.Errorf("credential %q: %w", CSV, err)
		}
		c.csv = m
	}
	var err error
	c.remote, err = sftpOf(s)
	return c, err
}

func (c *config) times(s map[string]string) error {
	c.clock = clock{zone: time.UTC, target: s[Calendar] != "weekdays"}
	if k := s[Calendar]; k != "" && k != "target" && k != "weekdays" {
		return fmt.Errorf("credential %q must be target or weekdays", Calendar)
	}
	if z := s[Zone]; z != "" {
		zone, err := time.LoadLocation(z)
		if err != nil || z == "Local" {
			return fmt.Errorf("credential %q must be a time zone such as Europe/Berlin", Zone)
		}
		c.clock.zone = zone
	}
	if t := s[CutOff]; t != "" {
		at, err := time.Parse("15:04", t)
		if err != nil || at.Hour() == 0 && at.Minute() == 0 {
			return fmt.Errorf("credential %q must be a time of the day such as 15:00", CutOff)
		}
		c.clock.cutOff = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute
	}
	return nil
}

// sftpOf reads how the bank's server is reached; nil where it isn't.
func sftpOf(s map[string]string) (*remote, error) {
	if s[SFTPURL] == "" {
		for _, name := range []string{SFTPHostKey, SFTPKey, SFTPPass, SFTPOut, SFTPIn} {
			if s[name] != "" {
				return nil, fmt.Errorf("credential %q means nothing without %q", name, SFTPURL)
			}
		}
		return nil, nil
	}
	u, err := url.Parse(s[SFTPURL])
	if err != nil || u.Scheme != "sftp" || u.Hostname() == "" || u.User == nil || u.User.Username() == "" || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("credential %q must be sftp://user@host or sftp://user@host:port", SFTPURL)
	}
	if _, has := u.User.Password(); has {
		return nil, fmt.Errorf("credential %q must not bear the password: see %q", SFTPURL, SFTPPass)
	}
	r := &remote{user: u.User.Username(), address: u.Host, out: s[SFTPOut], in: s[SFTPIn], password: s[SFTPPass]}
	if u.Port() == "" {
		r.address += ":22"
	}
	for _, dir := range []struct{ name, path string }{{SFTPOut, r.out}, {SFTPIn, r.in}} {
		if dir.path == "" || path.Clean(dir.path) != dir.path || strings.ContainsAny(dir.path, "\x00\n\r\\") || strings.HasPrefix(dir.path, "..") {
			return nil, fmt.Errorf("credential %q must be a directory of the server, written plainly", dir.name)
		}
	}
	if r.out == r.in {
		return nil, fmt.Errorf("credential %q must be another directory than %q", SFTPIn, SFTPOut)
	}
	if (s[SFTPKey] == "") == (s[SFTPPass] == "") {
		return nil, fmt.Errorf("either credential %q or %q is needed", SFTPKey, SFTPPass)
	}
	return r, r.keys(s[SFTPHostKey], s[SFTPKey])
}

// currencyOf is the currency of a file's block; the zero Currency where its
// payments are of several.
func currencyOf(of []Payment) money.Currency {
	c := of[0].Amount.Currency()
	for _, p := range of {
		if p.Amount.Currency() != c {
			return money.Currency{}
		}
	}
	return c
}
