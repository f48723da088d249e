package engine

import (
	"bytes"
	"strconv"

	"github.com/go-json-experiment/json"

	"penstock/engine/money"
)

// A deposit account's balance is read and written several times for each payout,
// in the store's one writer. Its record is JSON like others, with the same names
// in the same order; it is written by hand and, where it has been written so, read
// by hand. Any other JSON of it is read as such.

// AppendBinary appends the record: what the codec makes of b, byte for byte.
func (b *balance) AppendBinary(dst []byte) ([]byte, error) {
	if dst == nil {
		dst = make([]byte, 0, 256)
	}
	is := &b.Balance
	dst = strconv.AppendUint(append(dst, `{"seq":`...), b.Seq, 10)
	dst = append(append(append(dst, `,"balance":{"currency":"`...), is.Currency.Code()...), '"')
	for _, f := range [...]struct {
		name  string
		minor int64
	}{{`,"available":`, is.Available}, {`,"held":`, is.Held}, {`,"paid":`, is.Paid}, {`,"fee":`, is.Fee}, {`,"topup":`, is.TopUp}, {`,"adjustment":`, is.Adjustment}, {`,"returned":`, is.Returned}} {
		dst = strconv.AppendInt(append(dst, f.name...), f.minor, 10)
	}
	dst = append(dst, '}')
	if b.Day != 0 {
		dst = strconv.AppendInt(append(dst, `,"day":`...), b.Day, 10)
	}
	if b.Spent != 0 {
		dst = strconv.AppendInt(append(dst, `,"spent":`...), b.Spent, 10)
	}
	if b.Before != nil {
		dst = append(dst, `,"before":[`...)
		for i, d := range b.Before {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = strconv.AppendInt(append(dst, `{"d":`...), d.Day, 10)
			dst = strconv.AppendInt(append(dst, `,"s":`...), d.Spent, 10)
			dst = append(dst, '}')
		}
		dst = append(dst, ']')
	}
	return append(dst, '}'), nil
}

// UnmarshalBinary reads a record, of whichever JSON.
func (b *balance) UnmarshalBinary(record []byte) error {
	if b.readPlain(record) {
		return nil
	}
	type plain balance // without these methods
	*b = balance{}
	return json.Unmarshal(record, (*plain)(b), codec)
}

// readPlain reads what AppendBinary has written; false of anything else, with b
// partly filled.
func (b *balance) readPlain(record []byte) bool {
	r, is := plainReader{rest: record}, &b.Balance
	seq := r.after(`{"seq":`)
	b.Seq, r.bad = uint64(seq), r.bad || seq < 0
	if !r.skip(`,"balance":{"currency":"`) {
		return false
	}
	end := bytes.IndexByte(r.rest, '"')
	if end <= 0 {
		return false
	}
	var err error
	if is.Currency, err = money.ParseCurrency(string(r.rest[:end])); err != nil {
		return false
	}
	r.rest = r.rest[end:]
	is.Available, is.Held, is.Paid, is.Fee = r.after(`","available":`), r.after(`,"held":`), r.after(`,"paid":`), r.after(`,"fee":`)
	is.TopUp, is.Adjustment, is.Returned = r.after(`,"topup":`), r.after(`,"adjustment":`), r.after(`,"returned":`)
	r.must(`}`)
	if r.at(`,"day":`) {
		b.Day = r.after(`,"day":`)
	}
	if r.at(`,"spent":`) {
		b.Spent = r.after(`,"spent":`)
	}
	if r.skip(`,"before":[`) {
		b.Before = make([]spentDay, 0, keptDays)
		for !r.bad && !r.skip(`]`) {
			if len(b.Before) > 0 {
				r.must(`,`)
			}
			b.Before = append(b.Before, spentDay{Day: r.after(`{"d":`), Spent: r.after(`,"s":`)})
			r.must(`}`)
		}
	}
	return r.skip(`}`) && len(r.rest) == 0 && !r.bad
}

// plainReader takes members off the front of a record; bad once one is missing.
type plainReader struct {
	rest []byte
	bad  bool
}

func (r *plainReader) at(text string) bool {
	return len(r.rest) >= len(text) && string(r.rest[:len(text)]) == text
}

func (r *plainReader) skip(text string) bool {
	if !r.at(text) {
		return false
	}
	r.rest = r.rest[len(text):]
	return true
}

func (r *plainReader) must(text string) { r.bad = !r.skip(text) || r.bad }

// after is the whole number behind a text, as it is written and of at most 18
// digits: longer ones are left to the codec.
func (r *plainReader) after(text string) int64 {
	r.must(text)
	minus, n, i := r.skip("-"), int64(0), 0
	for ; i < len(r.rest) && r.rest[i] >= '0' && r.rest[i] <= '9'; i++ {
		n = n*10 + int64(r.rest[i]-'0')
	}
	r.bad = r.bad || i == 0 || i > 18 || r.rest[0] == '0' && (i > 1 || minus)
	r.rest = r.rest[i:]
	if minus {
		return -n
	}
	return n
}
