package bolt

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"go.etcd.io/bbolt"

	"penstock/store"
)

// journal makes the rows of the log. A row is entries in the order of writing,
// packed as in a block, with a checksum. Rows are numbered from 1 in each
// generation, and the bucket's own sequence says how many there must be.
//
// The bytes of a row stay as they are for as long as a table refers to them.
type journal struct {
	generation uint64
	name       string
	room       []byte // rows are laid behind one another here
	open       int    // where the row begins that is being made
	rows       [][]byte
}

const (
	// rowSize is when a row is closed: four of them fill a page.
	rowSize = 3800
	// roomSize is allocated for rows at once.
	roomSize = 64 << 10
)

func logName(generation uint64) string {
	return logPrefix + hex.EncodeToString(binary.BigEndian.AppendUint64(nil, generation))
}

func (j *journal) start(generation uint64) { j.generation, j.name = generation, logName(generation) }

// add notes an entry of the bucket with a number, and returns it as it is to
// be kept.
func (j *journal) add(number byte, e entry) entry {
	need := 3*binary.MaxVarintLen32 + 1 + len(e.key) + len(e.stored) + sumSize
	if len(j.room)-j.open >= rowSize || cap(j.room)-len(j.room) < need {
		j.close()
	}
	if cap(j.room)-len(j.room) < need {
		j.room, j.open = make([]byte, 0, max(roomSize, need)), 0
	}
	// Not by appendEntry: the key must lie there as a whole.
	b := binary.AppendUvarint(j.room, 0)
	b = binary.AppendUvarint(b, uint64(1+len(e.key)))
	b = binary.AppendUvarint(b, uint64(len(e.stored)))
	k := len(b)
	b = append(append(b, number), e.key...)
	v := len(b)
	j.room = append(b, e.stored...)
	kept := entry{key: j.room[k:v:v]}
	if e.stored != nil {
		kept.stored = j.room[v:len(j.room):len(j.room)]
	}
	return kept
}

// close ends the row that is being made, with room for its checksum.
func (j *journal) close() {
	if len(j.room) == j.open {
		return
	}
	j.room = j.room[:len(j.room)+sumSize]
	j.rows = append(j.rows, j.room[j.open:])
	j.open = len(j.room)
}

// put writes the rows to the file. It counts the bytes.
func (j *journal) put(tx *bbolt.Tx) (n int, err error) {
	j.close()
	if len(j.rows) == 0 {
		return 0, nil
	}
	b, err := tx.CreateBucketIfNotExists([]byte(j.name))
	if err != nil {
		return 0, err
	}
	b.FillPercent = orderedFill
	for _, row := range j.rows {
		number, err := b.NextSequence()
		if err != nil {
			return 0, err
		}
		key := binary.BigEndian.AppendUint64(nil, number)
		text := row[:len(row)-sumSize]
		binary.BigEndian.PutUint32(row[len(text):], sum(j.name, key, text))
		if err := b.Put(key, row); err != nil {
			return 0, err
		}
		n += len(key) + len(row)
	}
	return n, nil
}

// reset forgets the rows: they are in the file, or their batch was given up.
func (j *journal) reset() {
	clear(j.rows)
	j.rows, j.open = j.rows[:0], len(j.room)
}

// replay gives the entries of one generation to note, in the order of writing.
// They refer to copies.
func replay(tx *bbolt.Tx, name string, fault Fault, note func(entry) error) error {
	b := tx.Bucket([]byte(name))
	if b == nil {
		return fmt.Errorf("%w: %s is lost", store.ErrCorrupt, name)
	}
	var rows uint64
	cursor := b.Cursor()
	for key, stored := cursor.First(); key != nil; key, stored = cursor.Next() {
		if rows++; len(key) != 8 || binary.BigEndian.Uint64(key) != rows {
			return fmt.Errorf("%w: a row of %s is lost", store.ErrCorrupt, name)
		}
		if fault == LoseLogTail && rows == b.Sequence() {
			return nil
		}
		text, err := verify(name, key, stored)
		if err != nil {
			return err
		}
		if err := unpackRow(text, note); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if rows != b.Sequence() {
		return fmt.Errorf("%w: the last rows of %s are lost: there are %d of %d", store.ErrCorrupt, name, rows, b.Sequence())
	}
	return nil
}

func unpackRow(text []byte, note func(entry) error) error {
	for b := (blockReader{rest: append([]byte(nil), text...)}); ; {
		b.key = nil // whoever keeps the entry keeps its key
		e, ok, err := b.next()
		if !ok || err != nil {
			return err
		}
		if err := note(e); err != nil {
			return err
		}
	}
}
