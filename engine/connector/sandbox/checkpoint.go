package sandbox

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"maps"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"penstock/engine/money"
)

// checkpointName is the file that says where all stood at a line of the
// journal, so that a start reads only what comes after. It is written like a
// line of the journal, says nothing that isn't on disk there, and is never
// needed: without one that fits, the journal is read from its beginning.
const checkpointName = "sandbox.checkpoint"

const (
	checkpointForm = 1
	// checkpointEach is how much of the journal is written between checkpoints,
	// some thirty thousand transfers: what a start has to read after a kill.
	checkpointEach = 16 << 20
	// checkpointLast is how much there must be for one at the end: less is read
	// as fast.
	checkpointLast = 1 << 20
	// markSize is how much of the journal before its end a checkpoint knows by
	// its checksum, so that another journal is not taken for its own.
	markSize = 4 << 10
)

type checkpoint struct {
	Form     int        `json:"form"`
	End      int64      `json:"end"` // of the journal that it speaks for
	Lines    int        `json:"lines"`
	Mark     uint32     `json:"mark"` // of the bytes before End
	Faults   *Faults    `json:"faults,omitzero"`
	Arrivals uint64     `json:"arrivals"`
	LastPlan uint64     `json:"last_plan"`
	Count    int        `json:"count"`
	Open     []openKey  `json:"open,omitzero"`
	Waiting  []entry    `json:"waiting,omitzero"`
	Sums     []saved    `json:"sums,omitzero"`
	Spans    []span     `json:"spans,omitzero"`
	Runs     []namedRun `json:"runs,omitzero"` // oldest first
	Next     int        `json:"next"`
	RowsSize int64      `json:"rows_size"`

	frozen []*leaves // what goes into a run for it
}

// namedRun is a run and how long it is: one that was cut between two blocks has
// no other sign of it.
type namedRun struct {
	Name   string `json:"name"`
	Blocks int    `json:"blocks"`
}

type openKey struct {
	Moved  int    `json:"moved"`
	Shared bool   `json:"shared,omitzero"`
	Rows   []held `json:"rows"`
}

// saved is a purse and what is gone from it, in the currency's smallest units.
type saved struct {
	Account  string         `json:"account"`
	Currency money.Currency `json:"currency"`
	Minor    string         `json:"minor"`
}

// freeze is where all stands now. The caller holds the lock.
func (p *Provider) freeze() *checkpoint {
	s := p.shelf
	cp := &checkpoint{Form: checkpointForm, Arrivals: p.arrivals, LastPlan: p.lastPlan, Count: s.count, Faults: p.setFaults}
	cp.End, cp.Lines = p.journal.end()
	for _, g := range s.open {
		cp.Open = append(cp.Open, openKey{g.moved, g.shared, slices.Clone(g.rows)})
	}
	cp.Waiting = slices.Collect(maps.Values(p.waiting))
	for purse, sum := range s.sums {
		cp.Sums = append(cp.Sums, saved{purse.account, purse.currency, sum.String()})
	}
	s.spans = append(s.spans, span{cp.End, s.recent.latest})
	cp.Spans = s.spans
	s.frozen = append(slices.Clip(s.frozen), s.recent)
	cp.frozen = s.frozen
	s.recent, s.begun = newLeaves(), cp.End
	return cp
}

// save writes a checkpoint, and only once the journal is on disk up to it. It
// needs no lock; one at a time.
func (s *shelf) save(cp *checkpoint) error {
	if err := s.journal.wait(); err != nil {
		return err
	}
	pairs, words := cp.left()
	runs, stay := s.runs, len(s.runs) // the first of the old runs stay, the others are merged
	if len(pairs) > 0 {
		stay = merged(s.runs, len(pairs)/blockRoom+1)
		r, err := writeRun(s.dir, runName(s.next), pairs, s.runs[stay:])
		if err != nil {
			return err
		}
		s.next++
		runs = append(slices.Clone(s.runs[:stay]), r)
	}
	if err := errors.Join(writeRows(s.rows, words), syncDir(s.dir)); err != nil {
		return s.withdraw(runs[stay:], err)
	}
	for _, r := range runs {
		cp.Runs = append(cp.Runs, namedRun{r.name, len(r.first)})
	}
	cp.Next = s.next
	info, err := s.rows.Stat()
	if err == nil {
		cp.RowsSize = info.Size()
		cp.Mark, err = s.journal.mark(cp.End)
	}
	if err == nil {
		err = writeCheckpoint(s.dir, cp)
	}
	if err != nil {
		return s.withdraw(runs[stay:], err)
	}
	s.lock.Lock()
	gone := s.runs[stay:]
	s.runs, s.frozen = runs, s.frozen[len(cp.frozen):]
	s.lock.Unlock()
	return removeRuns(s.dir, gone)
}

// left is what goes into the run and into the rows for a checkpoint, the pairs
// in order.
func (cp *checkpoint) left() (pairs []pair, words map[int]uint64) {
	words = map[int]uint64{}
	for _, l := range cp.frozen {
		for key, leaf := range l.keys {
			pairs = append(pairs, pair{hashOf(key), leaf.word})
		}
		maps.Copy(words, l.rows)
	}
	slices.SortFunc(pairs, pair.compare)
	return pairs, words
}

// withdraw takes back the run of a checkpoint that failed; its pairs are still
// in memory.
func (s *shelf) withdraw(made []*run, err error) error {
	return errors.Join(err, removeRuns(s.dir, made))
}

func removeRuns(dir string, runs []*run) (err error) {
	for _, r := range runs {
		err = errors.Join(err, r.file.Close(), os.Remove(filepath.Join(dir, r.name)))
	}
	return err
}

// mark is the checksum of what is before an offset of the journal.
func (j *journal) mark(end int64) (uint32, error) {
	b := make([]byte, min(end, markSize))
	_, err := j.file.ReadAt(b, end-int64(len(b)))
	return crc32.Checksum(b, castagnoli), err
}

func writeCheckpoint(dir string, cp *checkpoint) error {
	text, err := json.Marshal(cp)
	if err != nil {
		return fmt.Errorf("encode checkpoint: %w", err)
	}
	name := filepath.Join(dir, checkpointName)
	file, err := os.OpenFile(name+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "%08x %s\n", crc32.Checksum(text, castagnoli), text)
	if err == nil {
		err = file.Sync()
	}
	if err = errors.Join(err, file.Close()); err != nil {
		return err
	}
	return errors.Join(os.Rename(name+".new", name), syncDir(dir))
}

// readCheckpoint is the checkpoint of this journal; the error says why there
// is none.
func readCheckpoint(dir string, j *journal) (*checkpoint, error) {
	line, err := os.ReadFile(filepath.Join(dir, checkpointName))
	if err != nil {
		return nil, err
	}
	text, whole := checked(line)
	cp := &checkpoint{}
	if !whole || json.Unmarshal(text, cp, json.RejectUnknownMembers(true)) != nil || cp.Form != checkpointForm || cp.End <= 0 {
		return nil, errors.New("it can't be read")
	}
	info, err := j.file.Stat()
	if err != nil {
		return nil, err
	}
	if cp.End > info.Size() {
		return nil, errors.New("the journal is shorter")
	}
	if mark, err := j.mark(cp.End); err != nil || mark != cp.Mark {
		return nil, errors.Join(errors.New("it is another journal's"), err)
	}
	return cp, nil
}

// restore brings back where all stood, or changes nothing.
func (p *Provider) restore(cp *checkpoint) (err error) {
	s := p.shelf
	info, err := s.rows.Stat()
	if err != nil || info.Size() < cp.RowsSize {
		return errors.Join(errRows, err)
	}
	var runs []*run
	defer func() {
		if err != nil {
			for _, r := range runs {
				err = errors.Join(err, r.file.Close())
			}
		}
	}()
	for _, named := range cp.Runs {
		r, err := openRun(s.dir, named.Name)
		if err != nil {
			return err
		}
		runs = append(runs, r)
		if len(r.first) != named.Blocks {
			return errors.New(named.Name + " is not whole")
		}
	}
	sums := map[purse]*big.Int{}
	for _, saved := range cp.Sums {
		sum, ok := new(big.Int).SetString(saved.Minor, 10)
		if !ok {
			return errors.New("a sum can't be read")
		}
		sums[purse{saved.Account, saved.Currency}] = sum
	}
	s.sums, s.runs, s.next, s.spans, s.count = sums, runs, cp.Next, cp.Spans, cp.Count
	for _, o := range cp.Open {
		g := &group{o.Rows, o.Moved, o.Shared}
		s.open[g.rows[0].Transfer.Key] = g
		for _, h := range g.rows {
			s.planned[h.Number] = g
		}
	}
	if cp.Faults != nil {
		p.faults, p.setFaults = *cp.Faults, cp.Faults
	}
	p.arrivals, p.lastPlan = cp.Arrivals, cp.LastPlan
	for _, e := range cp.Waiting {
		p.waiting[e.ID] = e
	}
	s.begun, s.journal.size, s.journal.durable, s.journal.lines = cp.End, cp.End, cp.End, cp.Lines
	return nil
}

// tidy removes the runs that no checkpoint names.
func tidy(dir string, named []namedRun) error {
	list, err := os.ReadDir(dir)
	for _, f := range list {
		if strings.HasPrefix(f.Name(), runPrefix) && !slices.ContainsFunc(named, func(r namedRun) bool { return r.Name == f.Name() }) {
			err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
		}
	}
	return err
}

// openShelf opens the files in dir and goes on from them.
func (p *Provider) openShelf(dir string) (err error) {
	j, err := openJournal(dir)
	if err != nil {
		return err
	}
	p.journal, p.shelf = j, newShelf(&p.mu, j, dir)
	p.book = p.shelf
	defer func() {
		if err != nil {
			err = errors.Join(err, p.shelf.close(), j.file.Close())
		}
	}()
	if p.shelf.rows, err = os.OpenFile(filepath.Join(dir, rowsName), os.O_RDWR|os.O_CREATE, 0o600); err != nil {
		return err
	}
	cp, why := readCheckpoint(dir, j)
	if why == nil {
		why = p.restore(cp)
	}
	if why != nil {
		if !errors.Is(why, fs.ErrNotExist) {
			p.log.Warn("test provider reads its journal from the beginning", "why", why)
		}
		cp = &checkpoint{}
		if err = p.shelf.forget(); err != nil {
			return err
		}
	}
	if err = tidy(dir, cp.Runs); err != nil {
		return err
	}
	if err = j.replay(p.reread); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, fileName), err)
	}
	return nil
}

// forget removes a checkpoint that does not fit, before the journal grows into
// what it might seem to speak for.
func (s *shelf) forget() error {
	err := os.Remove(filepath.Join(s.dir, checkpointName))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return errors.Join(err, s.rows.Truncate(0), syncDir(s.dir))
}

// reread applies a change that the journal has. Long before all of a long
// journal is read there are checkpoints, since memory is bounded then too.
func (p *Provider) reread(c change, at int64) error {
	if err := p.apply(c, at); err != nil {
		return err
	}
	p.shelf.written(p.journal.durable)
	if p.journal.size-p.shelf.begun < p.each {
		return nil
	}
	if err := p.journal.file.Sync(); err != nil {
		return err
	}
	return p.shelf.save(p.freeze())
}

// mayCheckpoint begins a checkpoint where one is due, beside what goes on. The
// caller holds the lock.
func (p *Provider) mayCheckpoint() {
	end, _ := p.journal.end()
	if p.saving != nil || p.closing || end-p.shelf.begun < p.each {
		return
	}
	cp, done := p.freeze(), make(chan struct{})
	p.saving = done
	go func() {
		err := p.shelf.save(cp)
		if err != nil {
			p.log.Error("test provider can't write a checkpoint; its journal is whole", "err", err)
		}
		p.mu.Lock()
		p.saving = nil
		p.mu.Unlock()
		close(done)
	}()
}

// close lets the shelf's files go.
func (s *shelf) close() (err error) {
	for _, r := range s.runs {
		err = errors.Join(err, r.file.Close())
	}
	if s.rows != nil {
		err = errors.Join(err, s.rows.Close())
	}
	return err
}
