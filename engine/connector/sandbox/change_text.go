package sandbox

import (
	"encoding/hex"
	"hash/crc32"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// appendLine appends the line of the file that holds a change.
func (c change) appendLine(dst []byte) ([]byte, error) {
	begin := len(dst)
	line, err := c.appendJSON(append(dst, "00000000 "...))
	if err != nil {
		return dst, err
	}
	text := begin + len("00000000 ")
	sum := crc32.Checksum(line[text:], castagnoli)
	hex.Encode(line[begin:], []byte{byte(sum >> 24), byte(sum >> 16), byte(sum >> 8), byte(sum)})
	return append(line, '\n'), nil
}

// appendJSON appends what the encoder writes of a change. That of an order which
// is paid at once, as most are, is put together without it:
// TestChangesAreWrittenAsTheyAreEncoded.
func (c change) appendJSON(dst []byte) ([]byte, error) {
	if c.Faults != nil || c.Arrivals == nil || len(c.Rows) != 1 || len(c.Plan)+len(c.Done) > 0 {
		text, err := json.Marshal(c)
		return append(dst, text...), err
	}
	dst = strconv.AppendUint(append(dst, `{"arrivals":`...), *c.Arrivals, 10)
	dst, err := c.Rows[0].appendJSON(append(dst, `,"rows":[`...))
	return append(dst, "]}"...), err
}

func (t *Transfer) appendJSON(dst []byte) ([]byte, error) {
	m := members{text: append(dst, '{')}
	m.string(`"id":`, t.ID)
	m.string(`,"key":`, t.Key)
	m.text = t.Amount.AppendJSON(append(m.text, `,"amount":`...))
	m.given(`,"service":`, t.Service)
	m.string(`,"status":`, string(t.Status))
	m.given(`,"resolution":`, t.Resolution)
	m.text = t.Paid.AppendJSON(append(m.text, `,"paid":`...))
	m.time(`,"moved":`, t.Moved)
	m.time(`,"back":`, t.Back)
	m.given(`,"notify_url":`, t.NotifyURL)
	m.given(`,"account":`, t.Account)
	m.text = strconv.AppendInt(append(m.text, `,"dice":{"seed":`...), t.Dice.Seed, 10)
	m.text = strconv.AppendUint(append(m.text, `,"arrival":`...), t.Dice.Arrival, 10)
	return append(m.text, "}}"...), m.err
}

// members writes members of an object; err is of the first that could not be
// written.
type members struct {
	text []byte
	err  error
}

func (m *members) string(name, value string) {
	text, err := jsontext.AppendQuote(append(m.text, name...), value)
	m.text = text
	if m.err == nil {
		m.err = err
	}
}

// given writes a text unless it is empty.
func (m *members) given(name, value string) {
	if value != "" {
		m.string(name, value)
	}
}

// time writes a time unless it is zero. Those of transfers are to the second, in UTC.
func (m *members) time(name string, at time.Time) {
	if !at.IsZero() {
		m.text = append(at.AppendFormat(append(append(m.text, name...), '"'), time.RFC3339Nano), '"')
	}
}
