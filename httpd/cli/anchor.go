package cli

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"penstock/engine"
	"penstock/store"
)

// anchorFile keeps how far the store has come in a file of its own, best on
// another disk: whoever brings an older store back does not bring this back
// with it, and the store that finds itself behind is put on hold.
//
// The file has two slots in blocks of their own, overwritten in turn and in
// place. A write that a crash tears leaves the other slot, and the newest
// whole one counts; so at any time the file tells a head that was kept, or, for
// the one that was being written, is about to be acted upon. A slot is text:
//
//	penstock anchor 1
//	ring 9f..
//	epoch 12
//	journal 3456
//	sequence 78
//	sha256 ..
//
// with blanks to its end. It is safe for concurrent use.
type anchorFile struct {
	path string

	mu   sync.Mutex
	text []byte // the file as it was last seen, and
	best slot   // what it told
}

const (
	anchorSlot = 4096 // a slot's own block: a torn block damages no other
	anchorText = "penstock anchor 1\nring %s\nepoch %d\njournal %d\nsequence %d\n"
)

// slot is what one slot says.
type slot struct {
	engine.Head
	sequence uint64
}

func (k slot) encode() []byte {
	text := fmt.Sprintf(anchorText, k.Ring, k.Epoch, k.Journal, k.sequence)
	text += fmt.Sprintf("sha256 %x\n", sha256.Sum256([]byte(text)))
	return []byte(text + strings.Repeat(" ", max(anchorSlot-len(text), 0)))
}

// parseSlot takes a slot only if it is, byte for byte, what encode writes.
func parseSlot(block []byte) (k slot, ok bool) {
	_, err := fmt.Sscanf(string(block), anchorText, &k.Ring, &k.Epoch, &k.Journal, &k.sequence)
	return k, err == nil && string(k.encode()) == string(block)
}

// Load returns the newest head that was kept; the zero Head when there is no
// file. Whose it is, the engine looks at.
func (a *anchorFile) Load() (engine.Head, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	k, err := a.newest()
	if errors.Is(err, fs.ErrNotExist) {
		return engine.Head{}, nil
	}
	return k.Head, err
}

// Save keeps a head; it is on the disk when Save returns nil. A head that lies
// behind what was kept is refused: somebody put an older store in place, or two
// copies of one store run. A store that was never opened is nobody's yet, and
// nothing is kept of it.
func (a *anchorFile) Save(h engine.Head) error {
	if h.Ring == "" {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	k, err := a.newest()
	if errors.Is(err, fs.ErrNotExist) {
		return a.create(h)
	}
	switch {
	case err != nil:
		return err
	case k.Ring != h.Ring:
		return a.foreign()
	case h == k.Head:
		return nil
	case h.Epoch < k.Epoch || h.Journal < k.Journal:
		return withNext(fmt.Errorf("%s tells of epoch %d, journal %d, and the store is at epoch %d, journal %d", a.path, k.Epoch, k.Journal, h.Epoch, h.Journal),
			"see to it that no other copy of this store runs, then start this one again: it will be on hold until penstock release")
	}
	return a.write(slot{h, k.sequence + 1})
}

func (a *anchorFile) foreign() error {
	return withNext(fmt.Errorf("%s belongs to another appliance", a.path), "give each appliance a file of its own: store.anchor_path")
}

// newest reads the newest whole slot.
func (a *anchorFile) newest() (best slot, err error) {
	f, err := os.Open(a.path)
	if err != nil {
		return best, err
	}
	defer f.Close()
	text := make([]byte, 2*anchorSlot)
	n, err := io.ReadFull(f, text)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return best, fmt.Errorf("read %s: %w", a.path, err)
	}
	if text = text[:n]; n > 0 && bytes.Equal(text, a.text) {
		return a.best, nil
	}
	found := false
	for from := 0; from+anchorSlot <= len(text); from += anchorSlot {
		if k, ok := parseSlot(text[from : from+anchorSlot]); ok && (!found || k.sequence > best.sequence) {
			best, found = k, true
		}
	}
	if !found {
		return best, withNext(fmt.Errorf("%s is damaged: nobody can tell whether this store is the newest", a.path),
			"if the store was surely not brought back from an earlier state, remove that file and start again; otherwise restore a backup, which looks before it sends")
	}
	a.text, a.best = text, best
	return best, nil
}

// write overwrites the older slot.
func (a *anchorFile) write(k slot) error {
	f, err := os.OpenFile(a.path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	block, from := k.encode(), int(k.sequence%2)*anchorSlot
	_, err = f.WriteAt(block, int64(from))
	if err == nil {
		err = syncData(f)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", a.path, err)
	}
	if len(a.text) == 2*anchorSlot { // what the next look will see, unless somebody else writes
		copy(a.text[from:], block)
		a.best = k
	}
	return nil
}

// create makes the file whole under another name first: one that a crash cut
// short would count as damaged.
func (a *anchorFile) create(h engine.Head) error {
	part := a.path + ".new"
	if err := os.Remove(part); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	both := append(slot{h, 0}.encode(), slot{h, 1}.encode()...)
	if err := writeNew(part, both); err != nil {
		return err
	}
	if err := os.Rename(part, a.path); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	return store.SyncDir(filepath.Dir(a.path))
}
