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
	mu       sync.Mutex
	synced   sync.Cond
	file     *os.File
	buf      []byte // appended, not yet written
	spare    []byte
	appended uint64 // changes, ever
	durable  uint64
	syncing  bool
	err      error // once a write or sync fails nobody knows what is on disk: nothing goes on
}

// openJournal reads the file in dir, applying each change, and cuts a last
// line that was torn by a crash. Damage anywhere else is an error: cutting
// there would forget what was answered. The file is locked; a second provider
// on it fails at once.
func openJournal(dir string, apply func(change)) (*journal, error) {
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
	if err := replay(file, apply); err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
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

// replay leaves the file cut after its last whole line, ready to append.
func replay(file *os.File, apply func(change)) error {
	in := bufio.NewReaderSize(file, 1<<16)
	var good int64
	for number := 1; ; number++ {
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
		apply(c)
		good += int64(len(line))
	}
	if err := file.Truncate(good); err != nil {
		return err
	}
	if _, err := file.Seek(good, io.SeekStart); err != nil {
		return err
	}
	return file.Sync()
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
	line, ended := bytes.CutSuffix(line, []byte("\n"))
	sum, text, ok := bytes.Cut(line, []byte(" "))
	if !ended || !ok {
		return c, false, nil
	}
	want, err := strconv.ParseUint(string(sum), 16, 32)
	if err != nil || len(sum) != 8 || crc32.Checksum(text, castagnoli) != uint32(want) {
		return c, false, nil
	}
	if json.Unmarshal(text, &c, json.RejectUnknownMembers(true)) != nil {
		return c, true, errForeign
	}
	return c, true, nil
}

func (j *journal) append(c change) {
	text, err := json.Marshal(c)
	j.mu.Lock()
	defer j.mu.Unlock()
	if err != nil {
		j.err = errors.Join(j.err, fmt.Errorf("encode change: %w", err))
		return
	}
	j.buf = fmt.Appendf(j.buf, "%08x %s\n", crc32.Checksum(text, castagnoli), text)
	j.appended++
}

// wait returns when all that was appended before it is on disk.
func (j *journal) wait() error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for want := j.appended; j.err == nil && j.durable < want; {
		if j.syncing {
			j.synced.Wait()
		} else {
			j.sync()
		}
	}
	return j.err
}

// sync writes and syncs what is there. It gives the lock up meanwhile.
func (j *journal) sync() {
	batch, upto := j.buf, j.appended
	j.buf, j.syncing = j.spare[:0], true
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

func (j *journal) close() error {
	err := j.wait()
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.err == nil {
		j.err = errors.New("sandbox: closed")
	}
	return errors.Join(err, j.file.Close())
}
