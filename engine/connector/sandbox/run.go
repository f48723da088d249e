package sandbox

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// A run is a file of pairs, sorted, in blocks that each have their checksum. It
// is never changed. Memory has the first hash of each block, so that a key is
// found by reading one of them.
const (
	runPrefix = "sandbox.run."
	blockSize = 4096
	pairSize  = 16
	blockRoom = blockSize/pairSize - 1 // the last sixteen bytes are the count and the checksum
)

// pair says that a key of this hash is where the word says. Of one hash the
// newer word comes first.
type pair struct{ hash, word uint64 }

func (a pair) compare(b pair) int {
	return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(b.word, a.word))
}

func hashOf(key string) uint64 {
	sum := sha256.Sum256([]byte(key))
	return binary.BigEndian.Uint64(sum[:])
}

type run struct {
	name  string
	file  *os.File
	first []uint64 // the first hash of each block
}

func runName(number int) string { return runPrefix + strconv.Itoa(number) }

// openRun reads all of a run, and fails where any of it is damaged.
func openRun(dir, name string) (*run, error) {
	if !strings.HasPrefix(name, runPrefix) || filepath.Base(name) != name {
		return nil, errors.New("no name of a run")
	}
	file, err := os.Open(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	r := &run{name: name, file: file}
	in, block := bufio.NewReaderSize(file, 1<<18), make([]byte, blockSize)
	for {
		_, err := io.ReadFull(in, block)
		if err == io.EOF {
			return r, nil
		}
		var pairs []byte
		if err == nil {
			pairs, err = r.check(block)
		}
		if err != nil {
			file.Close()
			return nil, err
		}
		r.first = append(r.first, binary.BigEndian.Uint64(pairs))
	}
}

// check is a block's pairs.
func (r *run) check(block []byte) ([]byte, error) {
	n, sum := binary.BigEndian.Uint32(block[blockSize-8:]), binary.BigEndian.Uint32(block[blockSize-4:])
	if crc32.Checksum(block[:blockSize-4], castagnoli) != sum || n == 0 || n > blockRoom {
		return nil, fmt.Errorf("%s is damaged; without it and %s the provider reads its journal anew", r.name, checkpointName)
	}
	return block[:n*pairSize], nil
}

func readPair(b []byte) pair {
	return pair{binary.BigEndian.Uint64(b), binary.BigEndian.Uint64(b[8:])}
}

// find is the words of a hash, the newest first.
func (r *run) find(hash uint64) (words []uint64, err error) {
	at, _ := slices.BinarySearch(r.first, hash)
	var block [blockSize]byte
	for i := max(at-1, 0); i < len(r.first) && r.first[i] <= hash; i++ {
		if _, err := r.file.ReadAt(block[:], int64(i)*blockSize); err != nil {
			return nil, err
		}
		pairs, err := r.check(block[:])
		if err != nil {
			return nil, err
		}
		for ; len(pairs) > 0; pairs = pairs[pairSize:] {
			if p := readPair(pairs); p.hash == hash {
				words = append(words, p.word)
			}
		}
	}
	return words, nil
}

// all gives the run's pairs in their order, until one is not taken.
func (r *run) all(take func(pair) bool) error {
	block := make([]byte, blockSize)
	in := bufio.NewReaderSize(io.NewSectionReader(r.file, 0, int64(len(r.first))*blockSize), 1<<16)
	for range r.first {
		if _, err := io.ReadFull(in, block); err != nil {
			return err
		}
		pairs, err := r.check(block)
		if err != nil {
			return err
		}
		for ; len(pairs) > 0; pairs = pairs[pairSize:] {
			if !take(readPair(pairs)) {
				return nil
			}
		}
	}
	return nil
}

// runWriter writes a run's pairs as they come in order.
type runWriter struct {
	file  *os.File
	out   *bufio.Writer
	block []byte // pairs of the block that isn't full
	first []uint64
	last  pair
	err   error
}

func (w *runWriter) add(p pair) bool {
	if p == w.last || w.err != nil {
		return w.err == nil
	}
	w.last = p
	if len(w.block) == 0 {
		w.first = append(w.first, p.hash)
	}
	w.block = binary.BigEndian.AppendUint64(w.block, p.hash)
	w.block = binary.BigEndian.AppendUint64(w.block, p.word)
	if len(w.block) == blockRoom*pairSize {
		w.flush()
	}
	return w.err == nil
}

// syncEach is how many blocks are written between syncs, so that a long run
// holds up nobody who syncs the journal meanwhile.
const syncEach = 1024

func (w *runWriter) flush() {
	block := make([]byte, blockSize)
	n := copy(block, w.block)
	binary.BigEndian.PutUint32(block[blockSize-8:], uint32(n/pairSize))
	binary.BigEndian.PutUint32(block[blockSize-4:], crc32.Checksum(block[:blockSize-4], castagnoli))
	w.block = w.block[:0]
	if _, err := w.out.Write(block); err != nil {
		w.err = err
	}
	if w.err == nil && len(w.first)%syncEach == 0 {
		w.err = errors.Join(w.out.Flush(), w.file.Sync())
	}
}

// writeRun makes a run of sorted pairs and of older runs. It is on disk, but
// for its name, when writeRun returns.
func writeRun(dir, name string, pairs []pair, older []*run) (*run, error) {
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	w := &runWriter{file: file, out: bufio.NewWriterSize(file, 1<<16), block: make([]byte, 0, blockSize)}
	err = merge(pairs, older, w.add)
	if len(w.block) > 0 && w.err == nil {
		w.flush()
	}
	if err = errors.Join(err, w.err); err == nil {
		err = errors.Join(w.out.Flush(), file.Sync())
	}
	if err != nil {
		file.Close()
		return nil, errors.Join(err, os.Remove(file.Name()))
	}
	return &run{name: name, file: file, first: w.first}, nil
}
