package iso20022

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// What was handed to a bank in a file can't be asked for there, so it is kept
// here: for each order which file it went in, how far that file came, and what
// the bank has said since. No name and no account number is in it.
//
// It must not be put back from an older copy, as little as the keyring: an
// order that it has forgotten would be taken for one that never left.

// phase is how far an order came.
type phase string

const (
	begun   phase = "begun"   // nothing of it can have reached the bank
	placing phase = "placing" // the file may have got its name
	placed  phase = "placed"  // the file is there
)

// record is one order.
type record struct {
	Key        string            `json:"key"`
	Amount     money.Amount      `json:"amount"`
	Phase      phase             `json:"-"`       // that of its file, which stands there alone: all of a file's orders leave in one step
	Message    string            `json:"message"` // of the file
	File       string            `json:"file"`
	At         time.Time         `json:"at"`
	Verdict    connector.Verdict `json:"verdict,omitzero"` // what the bank said; empty: nothing yet
	Resolution string            `json:"resolution,omitzero"`
	Code       string            `json:"code,omitzero"`
	Said       string            `json:"said,omitzero"` // the bank's own words, safe to show
	From       *inSeen           `json:"from,omitzero"` // the file that said so; nil: nothing yet, or it isn't known
}

// inSeen is where a word of the bank's stood.
type inSeen struct {
	Kind string    `json:"kind"` // "pain.002", "camt.053", "camt.054", "csv"
	Name string    `json:"name"` // as it may be shown
	Row  int       `json:"row,omitzero"`
	Size int       `json:"size"`
	At   time.Time `json:"at"` // when it was read
}

// sent is one file, with what its blocks hold.
type sent struct {
	Message string      `json:"message"`
	Phase   phase       `json:"phase"`
	Blocks  []sentBlock `json:"blocks"`
}

type sentBlock struct {
	ID   string       `json:"id"`
	Keys []string     `json:"keys"`
	Sum  money.Amount `json:"sum"` // the zero Amount where its payments are of several currencies
}

// state is an account's directory.
type state struct {
	dir   string
	steps steps
}

// steps is asked before each change of a directory; in the product it is nil. An
// error is the end of the process there, which a test may want.
type steps func() error

func (s steps) next() error {
	if s == nil {
		return nil
	}
	return s()
}

var errState = errors.New("iso20022: the account's directory can't be used")

// open makes the directory where it isn't there, and says since when it has
// been: what was sent before, it doesn't know.
func (s state) open(now time.Time) (born time.Time, err error) {
	for _, d := range []string{s.dir, s.path("orders"), s.path("files"), s.path("out"), s.path("in")} {
		if err := os.MkdirAll(d, 0o700); err != nil {
			return born, fmt.Errorf("%w: %w", errState, quiet(err))
		}
	}
	text, err := os.ReadFile(s.path("born"))
	if errors.Is(err, fs.ErrNotExist) {
		return now, s.write("born", []byte(now.UTC().Format(time.RFC3339Nano)+"\n"))
	}
	if err == nil {
		born, err = time.Parse(time.RFC3339Nano, strings.TrimSpace(string(text)))
	}
	if err != nil {
		return born, fmt.Errorf("%w: its date of birth can't be read", errState)
	}
	return born, nil
}

func (s state) path(parts ...string) string {
	return filepath.Join(append([]string{s.dir}, parts...)...)
}

// quiet is a file's error without its path.
func quiet(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return fmt.Errorf("%s: %w", at.Op, at.Err)
	}
	return err
}

// write puts a whole file in place and on the disk.
func (s state) write(name string, text []byte) error {
	if err := s.place(name, text); err != nil {
		return err
	}
	return syncDir(filepath.Dir(s.path(name)))
}

// place is write without waiting for the directory.
func (s state) place(name string, text []byte) error {
	path := s.path(name)
	if err := s.steps.next(); err != nil {
		return err
	}
	if err := putFile(path+".new", text); err != nil {
		return err
	}
	if err := s.steps.next(); err != nil {
		return err
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("%w: %w", errState, quiet(err))
	}
	return nil
}

// putFile writes a file that is the process's own, and waits for the disk.
func putFile(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", errState, quiet(err))
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%w: %w", errState, quiet(err))
	}
	return nil
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("%w: %w", errState, quiet(err))
	}
	if err := errors.Join(d.Sync(), d.Close()); err != nil {
		return fmt.Errorf("%w: %w", errState, quiet(err))
	}
	return nil
}

// order is the record of a key; false where there is none. A key that can't
// stand in a file has none.
func (s state) order(key string) (record, bool, error) {
	id, ok := endToEnd(key)
	if !ok {
		return record{}, false, nil
	}
	var r record
	found, err := s.read(filepath.Join("orders", id), &r)
	if !found || err != nil {
		return r, found, err
	}
	if r.Key != key {
		return r, false, fmt.Errorf("%w: an order under another's name", errState)
	}
	var f sent
	if found, err = s.read(filepath.Join("files", r.Message), &f); err == nil && (!found || f.Phase == "") {
		err = fmt.Errorf("%w: an order of a file that isn't known", errState)
	}
	r.Phase = f.Phase
	return r, true, err
}

// move brings a file, and with it all its orders, to a phase, in one step.
func (s state) move(message string, to phase) error {
	name := filepath.Join("files", message)
	var f sent
	found, err := s.read(name, &f)
	if err != nil || !found {
		return errors.Join(err, errState)
	}
	f.Phase = to
	return s.put(name, f)
}

func (s state) read(name string, into any) (bool, error) {
	text, err := os.ReadFile(s.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("%w: %w", errState, quiet(err))
	}
	if err := json.Unmarshal(text, into); err != nil {
		return false, fmt.Errorf("%w: %s is damaged", errState, name)
	}
	return true, nil
}

// keep writes down orders, and waits for the disk.
func (s state) keep(orders ...record) error {
	for _, r := range orders {
		id, ok := endToEnd(r.Key)
		if !ok {
			return fmt.Errorf("%w: a key that can't be kept", errState)
		}
		text, err := encode(r)
		if err != nil {
			return err
		}
		if err := s.place(filepath.Join("orders", id), text); err != nil {
			return err
		}
	}
	return syncDir(s.path("orders"))
}

func (s state) put(name string, v any) error {
	text, err := encode(v)
	if err != nil {
		return err
	}
	return s.write(name, text)
}

func encode(v any) ([]byte, error) {
	text, err := json.Marshal(v, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errState, err)
	}
	return append(text, '\n'), nil
}

// next is the next number of a file of the account. It never goes back.
func (s state) next() (uint64, error) {
	text, err := os.ReadFile(s.path("sequence"))
	n := uint64(0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return 0, fmt.Errorf("%w: %w", errState, quiet(err))
	default:
		if n, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 63); err != nil {
			return 0, fmt.Errorf("%w: its sequence can't be read", errState)
		}
	}
	n++
	return n, s.write("sequence", []byte(strconv.FormatUint(n, 10)+"\n"))
}

// seen are the names of the bank's files that were read, with their sizes: a
// file that was changed is read again.
func (s state) seen() (map[string]bool, error) {
	out := map[string]bool{}
	f, err := os.Open(s.path("seen"))
	if errors.Is(err, fs.ErrNotExist) {
		return out, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errState, quiet(err))
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		out[lines.Text()] = true
	}
	return out, nil
}

// saw notes a file of the bank's. One that was read and not noted is read
// again, which does no harm.
func (s state) saw(name string) error {
	f, err := os.OpenFile(s.path("seen"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("%w: %w", errState, quiet(err))
	}
	_, err = f.WriteString(name + "\n")
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("%w: %w", errState, quiet(err))
	}
	return nil
}

// orders calls f for every record.
func (s state) orders(f func(record) error) error {
	files, err := os.ReadDir(s.path("orders"))
	if err != nil {
		return fmt.Errorf("%w: %w", errState, quiet(err))
	}
	for _, file := range files {
		if strings.HasSuffix(file.Name(), ".new") {
			continue
		}
		r, found, err := s.order(keyOf(file.Name()))
		if err != nil {
			return err
		}
		if found {
			if err := f(r); err != nil {
				return err
			}
		}
	}
	return nil
}
