package engine

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/store"
)

// Act is one line of the audit log: who did what to which object. It is
// written in the transaction of the act itself, so there is neither without
// the other. Each line bears the hash of the one before.
type Act struct {
	Seq      uint64    `json:"seq"`
	At       time.Time `json:"at"`
	Actor    string    `json:"actor"` // key id, "operator", "penstock"
	Merchant string    `json:"merchant,omitzero"`
	Mode     Mode      `json:"mode,omitzero"`
	Action   string    `json:"action"`
	Object   string    `json:"object,omitzero"`
	Note     string    `json:"note,omitzero"`
	Before   string    `json:"before"` // hash of the line before, hex
}

// AppendBinary implements encoding.BinaryAppender: it is the line's JSON. Every
// create writes one in its transaction, which others wait for, and reflection took
// longer than the rest of it.
func (a Act) AppendBinary(b []byte) ([]byte, error) {
	b = strconv.AppendUint(append(slices.Grow(b, 320), `{"seq":`...), a.Seq, 10)
	b = a.At.AppendFormat(append(b, `,"at":"`...), time.RFC3339Nano)
	b = append(b, '"')
	var err error
	for _, m := range [...]struct {
		name, text string
		always     bool
	}{{"actor", a.Actor, true}, {"merchant", a.Merchant, false}, {"mode", string(a.Mode), false}, {"action", a.Action, true},
		{"object", a.Object, false}, {"note", a.Note, false}, {"before", a.Before, true}} {
		if m.text == "" && !m.always {
			continue
		}
		b = append(append(append(b, `,"`...), m.name...), `":`...)
		if b, err = jsontext.AppendQuote(b, m.text); err != nil {
			return nil, fmt.Errorf("%s of an audit line: %w", m.name, err)
		}
	}
	return append(b, '}'), nil
}

// audit appends one line. It reads the newest line for its hash, so two acts
// in one transaction follow each other.
func audit(tx store.Tx, now time.Time, a Act) error {
	last, err := tx.Scan(bucketAudit, nil, nil, 1, true)
	if err != nil {
		return fmt.Errorf("read audit head: %w", err)
	}
	a.Seq, a.At = 1, now
	if len(last) == 1 {
		if len(last[0].Key) != 8 {
			return errors.New("audit head has a malformed key")
		}
		a.Seq = binary.BigEndian.Uint64(last[0].Key) + 1
		a.Before = actHash(last[0].Value)
	}
	return keep(tx, bucketAudit, binary.BigEndian.AppendUint64(nil, a.Seq), a)
}

func actHash(raw []byte) string {
	h := sha256.Sum256(raw)
	return hex.EncodeToString(h[:16])
}

// act audits what a caller did.
func (c Caller) act(tx store.Tx, now time.Time, action, object string) error {
	return audit(tx, now, Act{Actor: c.Actor, Merchant: c.Merchant, Mode: c.Mode, Action: action, Object: object})
}

// Acts returns the newest lines of the audit log, newest first, at most limit;
// before, unless zero, is the sequence number to start below.
func (e *Engine) Acts(ctx context.Context, before uint64, limit int) ([]Act, error) {
	var out []Act
	err := e.Store.View(ctx, func(tx store.Tx) error {
		var to []byte
		if before > 0 {
			to = binary.BigEndian.AppendUint64(nil, before)
		}
		page, err := tx.Scan(bucketAudit, nil, to, min(max(limit, 1), 1000), true)
		if err != nil {
			return fmt.Errorf("scan audit: %w", err)
		}
		for _, p := range page {
			a, err := decode[Act](bucketAudit, p.Value)
			if err != nil {
				return err
			}
			out = append(out, *a)
		}
		return nil
	})
	return out, err
}

// VerifyAudit walks the whole chain and returns how many lines it holds, or
// the first line that does not follow from the one before.
func (e *Engine) VerifyAudit(ctx context.Context) (n uint64, err error) {
	err = e.Store.View(ctx, func(tx store.Tx) error {
		n, err = verifyAudit(tx)
		return err
	})
	return n, err
}

func verifyAudit(tx store.Tx) (n uint64, err error) {
	before := ""
	err = each(tx, bucketAudit, nil, func(p store.Pair) error {
		var a Act
		if err := json.Unmarshal(p.Value, &a); err != nil {
			return fmt.Errorf("audit line after %d does not decode: %w", n, err)
		}
		if a.Seq != n+1 || len(p.Key) != 8 || binary.BigEndian.Uint64(p.Key) != a.Seq {
			return fmt.Errorf("audit line %d stands where %d belongs", a.Seq, n+1)
		}
		if a.Before != before {
			return fmt.Errorf("audit line %d does not follow from the line before", a.Seq)
		}
		n, before = a.Seq, actHash(p.Value)
		return nil
	})
	return n, err
}
