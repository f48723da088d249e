package cli

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"penstock/httpd/offsite"
)

// place opens where the configuration wants backups; nil where it says
// nowhere.
func (c Config) place(env Env) (offsite.Place, error) {
	b := c.Backup
	if b.Target == "" {
		return nil, nil
	}
	o := offsite.Options{Target: b.Target, HostKey: b.SFTPHostKey, Endpoint: b.S3Endpoint, Region: b.S3Region, AccessKey: b.S3AccessKey, Spool: filepath.Dir(string(c.Store.Path)), Now: time.Now}
	var err error
	if strings.HasPrefix(b.Target, "s3:") {
		if o.SecretKey, err = b.S3SecretKey.Reveal(env.Environ); err != nil {
			return nil, fmt.Errorf("backup.bucket_secret_key: %w", err)
		}
	}
	if strings.HasPrefix(b.Target, "sftp:") {
		key, err := readBounded(string(b.SFTPKey), 64<<10, true)
		if err != nil {
			return nil, fmt.Errorf("backup.sftp_key: %w", err)
		}
		o.Key = string(key)
	}
	return offsite.Open(o)
}

// A backup in a place is named for its appliance and its time, so that names
// in order are backups in order, and several appliances may share a place:
// penstock-RING-20261128T021500.000Z.age, and its keyring beside it.
const keysSuffix = ".keys"

var copyName = regexp.MustCompile(`^penstock-([a-z0-9]{1,16})-[0-9]{8}T[0-9]{6}\.[0-9]{3}Z\.age$`)

// shortRing is how a name says whose it is.
func shortRing(ring string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(ring) {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			b.WriteRune(r)
		}
	}
	return b.String()[max(0, b.Len()-12):]
}

// ringOf reads whose keyring an origin has, and no more of it.
func ringOf(ctx context.Context, from origin) (string, error) {
	first := &firstLine{}
	if err := from.keys(ctx, first); err != nil && !first.done {
		return "", err
	}
	m, err := readManifest(bufio.NewReader(bytes.NewReader(first.text)), parcelKeyring)
	if err == nil && shortRing(m.Ring) == "" {
		err = errors.New("the keyring has no name")
	}
	return m.Ring, err
}

// firstLine takes the first line of what is written to it, and then no more.
type firstLine struct {
	text []byte
	done bool
}

func (f *firstLine) Write(p []byte) (int, error) {
	if f.done || len(f.text) > maxManifest {
		return 0, io.ErrShortWrite
	}
	line, _, found := bytes.Cut(p, []byte("\n"))
	f.text = append(f.text, line...)
	if found {
		f.text, f.done = append(f.text, '\n'), true
		return len(line) + 1, io.ErrShortWrite
	}
	return len(p), nil
}

// placed is what a backup in a place printed.
type placed struct {
	Place   string    `json:"place"`
	Name    string    `json:"name"`
	Bytes   int64     `json:"bytes"`
	Made    time.Time `json:"made"`
	Removed []string  `json:"removed"` // older backups, and older copies of the keyring
}

// saveTo puts a backup into a place: the store first, then the keyring, which
// has to be the newer one. Only when both are whole is anything older removed:
// all other copies of the keyring, for with an old one a customer who was
// erased since could be read again, and of the backups those beyond keep.
func saveTo(ctx context.Context, to offsite.Place, from origin, keep int, now time.Time) (out placed, err error) {
	ring, err := ringOf(ctx, from)
	if err != nil {
		return out, err
	}
	mine := shortRing(ring)
	out = placed{Place: to.String(), Name: "penstock-" + mine + "-" + now.UTC().Format("20060102T150405.000Z") + ".age", Made: now, Removed: []string{}}
	if out.Bytes, err = to.Put(ctx, out.Name, func(w io.Writer) error { return from.store(ctx, w) }); err != nil {
		return out, err
	}
	if _, err := to.Put(ctx, out.Name+keysSuffix, func(w io.Writer) error { return from.keys(ctx, w) }); err != nil {
		return out, errors.Join(err, to.Remove(ctx, out.Name)) // nobody could open it
	}
	all, err := to.List(ctx)
	if err != nil {
		return out, err
	}
	var backups []string
	for _, name := range all {
		backup := strings.TrimSuffix(name, keysSuffix)
		m := copyName.FindStringSubmatch(backup)
		switch {
		case m == nil || m[1] != mine: // not ours
		case backup == name:
			backups = append(backups, name)
		case backup != out.Name:
			if err := to.Remove(ctx, name); err != nil {
				return out, err
			}
			out.Removed = append(out.Removed, name)
		}
	}
	for len(backups) > keep {
		if err := to.Remove(ctx, backups[0]); err != nil {
			return out, err
		}
		out.Removed, backups = append(out.Removed, backups[0]), backups[1:]
	}
	return out, nil
}

// newest finds the latest backup in a place.
func newest(ctx context.Context, from offsite.Place) (string, error) {
	all, err := from.List(ctx)
	if err != nil {
		return "", err
	}
	best := ""
	for _, name := range all {
		if m := copyName.FindStringSubmatch(name); m != nil && (best == "" || stampOf(name) > stampOf(best)) {
			best = name
		}
	}
	if best == "" {
		return "", fmt.Errorf("there is no backup in %s", from)
	}
	return best, nil
}

// stampOf is the time in a name.
func stampOf(name string) string { return name[strings.LastIndexByte(name, '-')+1:] }

// bring copies a backup and its keyring out of a place into a directory.
func bring(ctx context.Context, from offsite.Place, name, dir string) (string, error) {
	file := filepath.Join(dir, name)
	if _, err := writeWhole(file, func(w io.Writer) error { return from.Get(ctx, name, w) }); err != nil {
		return "", err
	}
	keys, err := newestCopy(ctx, from, name)
	if err != nil {
		return "", err
	}
	_, err = writeWhole(file+keysSuffix, func(w io.Writer) error { return from.Get(ctx, keys, w) })
	return file, err
}

// newestCopy is the newest copy of a backup's keyring: only one is kept.
func newestCopy(ctx context.Context, from offsite.Place, backup string) (string, error) {
	all, err := from.List(ctx)
	if err != nil {
		return "", err
	}
	best, ring := "", copyName.FindStringSubmatch(backup)
	for _, name := range all {
		m := copyName.FindStringSubmatch(strings.TrimSuffix(name, keysSuffix))
		if ring != nil && m != nil && strings.HasSuffix(name, keysSuffix) && m[1] == ring[1] && name > best {
			best = name
		}
	}
	if best == "" {
		return "", fmt.Errorf("there is no copy of its keyring in %s", from)
	}
	return best, nil
}
