package sandbox

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"time"
)

// rowsName is the file in which a transfer's last line is found by its number:
// eight bytes each, zero for one that has not left memory. A place is written
// again only with the same or when the transfer has changed, so that one who
// goes by an older checkpoint may read it too.
const rowsName = "sandbox.rows"

const (
	wordSize  = 8
	sharedBit = 1 << 63
)

// A rowWord is where a row's last line begins, and whether its key has more
// rows than this. It is never zero.
func rowWord(at int64, shared bool) uint64 {
	w := uint64(at) + 1
	if shared {
		w |= sharedBit
	}
	return w
}

func readRowWord(w uint64) (at int64, shared bool) {
	return int64(w&^sharedBit) - 1, w&sharedBit != 0
}

var errRows = errors.New(rowsName + " is damaged; without it the provider reads its journal anew")

func readRow(file *os.File, n int) (uint64, error) {
	var b [wordSize]byte
	if file == nil {
		return 0, errRows
	}
	if _, err := file.ReadAt(b[:], int64(n)*wordSize); err != nil {
		return 0, errors.Join(errRows, err)
	}
	w := binary.BigEndian.Uint64(b[:])
	if w == 0 {
		return 0, errRows
	}
	return w, nil
}

// writeRows writes words to their places, those of neighbours at once, and
// returns when they are on disk.
func writeRows(file *os.File, words map[int]uint64) error {
	var stretch []byte
	start := 0
	flush := func() error {
		_, err := file.WriteAt(stretch, int64(start)*wordSize)
		stretch = stretch[:0]
		return err
	}
	for _, n := range slices.Sorted(maps.Keys(words)) {
		if n != start+len(stretch)/wordSize || len(stretch) >= 1<<16 {
			if err := flush(); err != nil {
				return err
			}
			start = n
		}
		stretch = binary.BigEndian.AppendUint64(stretch, words[n])
	}
	if err := flush(); err != nil {
		return err
	}
	return file.Sync()
}

// span is the lines of the journal up to an offset, from the end of the span
// before it, and when money last moved in them.
type span struct {
	End    int64     `json:"end"`
	Latest time.Time `json:"latest,omitzero"`
}

// listed is a listing at work: what was in memory when it was begun, and where
// the rest is.
type listed struct {
	shelf *shelf
	since time.Time
	count int
	kept  map[int]Line
	words map[int]uint64
	spans []span
	page  []byte // words of the rows file, from row from on
	from  int
	lines window
}

// pageRows is how many words of the rows file are read at once.
const pageRows = 1 << 13

func (s *shelf) lines(since time.Time) listing {
	l := &listed{shelf: s, since: since, count: s.count, kept: map[int]Line{}, words: map[int]uint64{}, spans: s.spans, from: -pageRows}
	for _, leaves := range append(slices.Clip(s.frozen), s.recent) {
		maps.Copy(l.words, leaves.rows)
	}
	for _, g := range s.open {
		for _, h := range g.rows {
			l.kept[h.Number] = Line{h.Transfer, g.moved}
		}
	}
	l.lines = window{file: s.journal.file, ahead: 1 << 18}
	return l.each
}

func (l *listed) each(take func(Line) error) error {
	for n := range l.count {
		line, ok := l.kept[n]
		if !ok {
			word, err := l.word(n)
			if err != nil {
				return err
			}
			if l.tooOld(word) {
				continue
			}
			if line, err = l.read(n, word); err != nil {
				return err
			}
		}
		if err := take(line); err != nil {
			return err
		}
	}
	return nil
}

func (l *listed) word(n int) (uint64, error) {
	if w, ok := l.words[n]; ok {
		return w, nil
	}
	if n >= l.from+pageRows {
		l.from = n / pageRows * pageRows
		page := make([]byte, pageRows*wordSize)
		got, err := l.shelf.rows.ReadAt(page, int64(l.from)*wordSize)
		if err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
		l.page = page[:got/wordSize*wordSize]
	}
	i := (n - l.from) * wordSize
	if i+wordSize > len(l.page) {
		return 0, errRows
	}
	w := binary.BigEndian.Uint64(l.page[i:])
	if w == 0 {
		return 0, errRows
	}
	return w, nil
}

// tooOld says that nothing in all of the row's span, and so nothing of the row,
// moved since the time that is asked for.
func (l *listed) tooOld(word uint64) bool {
	at, _ := readRowWord(word)
	i, _ := slices.BinarySearchFunc(l.spans, at+1, func(s span, end int64) int { return int(min(max(s.End-end, -1), 1)) })
	return i < len(l.spans) && l.spans[i].Latest.Before(l.since)
}

func (l *listed) read(n int, word uint64) (Line, error) {
	at, shared := readRowWord(word)
	c, err := l.lines.read(at)
	if err != nil {
		return Line{}, err
	}
	t, err := c.row(n)
	if err != nil {
		return Line{}, err
	}
	line := Line{Transfer: t}
	if !t.Paid.IsZero() {
		line.Movements = 1
	}
	if shared {
		line.Movements, err = l.shelf.movements(t.Key)
	}
	return line, err
}

// movements is how often money moved for a key.
func (s *shelf) movements(key string) (int, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if g := s.open[key]; g != nil {
		return g.moved, nil
	}
	a, err := s.find(key)
	if err == nil && !a.found {
		err = fmt.Errorf("%s: a key is not where it was written", fileName)
	}
	return a.moved, err
}
