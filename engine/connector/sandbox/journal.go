package sandbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"

	"github.com/go-json-experiment/json"
)

// fileName is the provider's file: one change a line, each behind its
// CRC-32C in eight hexadecimal digits and a blank.
const fileName = "sandbox.journal"

// maxLine bounds a line; a change holds one order at most.
const maxLine = 1 << 20

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// journal appends changes and syncs them in groups: whoever waits first
// writes and syncs for all that were appended until then, and the others wait
// for that. There is no goroutine and no timer.
type journal struct {
	mu      sync.Mutex
	synced  sync.Cond
	file    *os.File
	buf     []byte // appended, not yet written
	spare   []byte
	size    int64 // bytes that were appended, ever: where the next line begins
	durable int64 // of these, on disk
	lines   int   // how many that are
	syncing bool
	err     error // once a write or sync fails nobody knows what is on disk: nothing goes on
}

// openJournal opens the file in dir; before anything is appended it is to be
// replayed. The file is locked; a second provider on it fails at once.
func openJournal(dir string) (*journal, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, fileName)
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	j := &journal{file: file}
	j.synced.L = &j.mu
	if err := errors.Join(lock(file), syncDir(dir)); err != nil {
		file.Close()
		return nil, err
	}
	return j, nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// replay applies each change from a line on, and leaves the file cut after its
// last whole line, ready to append. Only a last line may be cut, which a crash
// tore. Damage anywhere else is an error: cutting there would forget what was
// answered. apply gets each change with where its line begins.
func (j *journal) replay(apply func(c change, at int64) error) error {
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return err
	}
	in := bufio.NewReaderSize(j.file, 1<<16)
	for {
		number := j.lines + 1
		line, err := readLine(in)
		if err == io.EOF && len(line) == 0 {
			break
		}
		if err != nil && err != io.EOF {
			return fmt.Errorf("line %d: %w", number, err)
		}
		c, whole, bad := decodeLine(line)
		if bad != nil {
			return fmt.Errorf("line %d: %w", number, bad)
		}
		if !whole {
			if err == nil { // the line has its end
				if _, peek := in.Peek(1); peek != io.EOF {
					return fmt.Errorf("line %d is damaged and not the last", number)
				}
			}
			break
		}
		at := j.size
		j.size, j.durable, j.lines = at+int64(len(line)), at+int64(len(line)), number
		if err := apply(c, at); err != nil {
			return fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := j.file.Truncate(j.size); err != nil {
		return err
	}
	if _, err := j.file.Seek(j.size, io.SeekStart); err != nil {
		return err
	}
	return j.file.Sync()
}

// readLine is the next line with its end, or io.EOF with what there was.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		if err != bufio.ErrBufferFull {
			return line, err
		}
		if len(line) > maxLine {
			return nil, errors.New("line is too long")
		}
	}
}

var errForeign = errors.New("a newer version wrote it, or a currency that an operator's file adds is not known here")

// decodeLine reads a line; whole is false for one that is torn or damaged. One
// that is whole and can't be read must not be taken for torn, and cut.
func decodeLine(line []byte) (c change, whole bool, err error) {
	text, whole := checked(line)
	if !whole {
		return c, false, nil
	}
	if json.Unmarshal(text, &c, json.RejectUnknownMembers(true)) != nil {
		return c, true, errForeign
	}
	return c, true, nil
}

// checked is the text of a line that is whole.
func checked(line []byte) ([]byte, bool) {
	line, ended := bytes.CutSuffix(line, []byte("\n"))
	sum, text, ok := bytes.Cut(line, []byte(" "))
	if !ended || !ok {
		return nil, false
	}
	want, err := strconv.ParseUint(string(sum), 16, 32)
	return text, err == nil && len(sum) == 8 && crc32.Checksum(text, castagnoli) == uint32(want)
}

// append returns where the change's line begins, and how much is on disk by now.
func (j *journal) append(c change) (at, durable int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	before := len(j.buf)
	buf, err := c.appendLine(j.buf)
	if err != nil {
		j.err = errors.Join(j.err, fmt.Errorf("encode change: %w", err))
		return j.size, j.durable
	}
	j.buf = buf
	at = j.size
	j.size += int64(len(j.buf) - before)
	j.lines++
	return at, j.durable
}

// fail ends everything: what was asked for can't be known, so nothing is
// answered any more.
func (j *journal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.err = errors.Join(j.err, err)
}

// end is where the next line begins, and how many there are before it.
func (j *journal) end() (size int64, lines int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.size, j.lines
}

// wait returns when all that was appended before it is on disk.
func (j *journal) wait() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for want := j.size; j.err == nil && j.durable < want; {
		if j.syncing {
			j.synced.Wait()
		} else {
			j.sync()
		}
	}
	return j.err
}

// yields is how often a sync lets others run first, whose orders then come
// along. It costs a lone order nothing, and most orders come many at once: a
// claim of the engine sends all that it has claimed.
const yields = 3

// sync writes and syncs what is there. It gives the lock up meanwhile.
func (j *journal) sync() {
	j.syncing = true
	j.mu.Unlock()
	for range yields {
		runtime.Gosched()
	}
	j.mu.Lock()
	batch, upto := j.buf, j.size
	j.buf = j.spare[:0]
	j.mu.Unlock()
	_, err := j.file.Write(batch)
	if err == nil {
		err = j.file.Sync()
	}
	j.mu.Lock()
	j.spare, j.syncing = batch[:0], false
	if err != nil {
		j.err = errors.Join(j.err, fmt.Errorf("write journal: %w", err))
	} else {
		j.durable = upto
	}
	j.synced.Broadcast()
}

// read is the change whose line begins at an offset. It must be on disk.
func (j *journal) read(at int64) (change, error) {
	w := window{file: j.file, ahead: 1 << 10}
	return w.read(at)
}

// window reads lines of the file by where they begin. Those that stand near
// each other cost it one reading.
type window struct {
	file  *os.File
	ahead int // bytes to read at least
	at    int64
	text  []byte
}

func (w *window) read(at int64) (change, error) {
	line, err := w.line(at)
	if err != nil {
		return change{}, fmt.Errorf("%s: %w", w.file.Name(), err)
	}
	c, whole, err := decodeLine(line)
	if err == nil && !whole {
		err = errors.New("line is damaged")
	}
	if err != nil {
		return c, fmt.Errorf("%s: at byte %d: %w", w.file.Name(), at, err)
	}
	return c, nil
}

// line is the line that begins at an offset, with its end if it has one.
func (w *window) line(at int64) ([]byte, error) {
	for size := w.ahead; ; size *= 4 {
		if i := at - w.at; i >= 0 && i < int64(len(w.text)) {
			if n := bytes.IndexByte(w.text[i:], '\n'); n >= 0 {
				return w.text[i : i+int64(n)+1], nil
			}
		}
		if size > 4*maxLine {
			return nil, errors.New("line is too long")
		}
		text := make([]byte, size)
		n, err := w.file.ReadAt(text, at)
		if err != nil && err != io.EOF {
			return nil, err
		}
		w.at, w.text = at, text[:n]
		if err == io.EOF && bytes.IndexByte(w.text, '\n') < 0 {
			return w.text, nil
		}
	}
}

func (j *journal) close() error {
	err := j.wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = errors.New("sandbox: closed")
	}
	return errors.Join(err, j.file.Close())
}
