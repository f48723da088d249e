package sandbox

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/connector"
)

// maxLedger bounds the answer to a question for the ledger: some three hundred
// thousand transfers.
const maxLedger = 64 << 20

// maxLedgerLine bounds one line of it.
const maxLedgerLine = 16 << 10

var errTooLong = errors.New("provider's ledger is too long to be read")

// bounded reads at most left bytes. err is why it ended, but for its true end.
type bounded struct {
	from io.Reader
	left int64
	err  error
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		b.err = errTooLong
		return 0, b.err
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		b.err = err
	}
	return n, err
}

// readLedger reads the lines of one account, strictly and line by line: a list
// of which a part can't be read is no list, for what it leaves out would be
// forgotten. Its errors quote nothing of it.
func readLedger(from io.Reader, account string) (out []connector.Transfer, err error) {
	err = readList(from, "transfers", func(raw jsontext.Value) error {
		var line wireLine
		if json.Unmarshal(raw, &line) != nil {
			return errors.New("it can't be read")
		}
		if line.Account != account {
			return nil // another's, of whom we must learn nothing
		}
		t, err := line.listed()
		if err == nil {
			out = append(out, t)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("provider's ledger: %w", err)
	}
	return out, nil
}

// readList reads an object one of whose members is a list of objects, and gives
// each of these to take as it comes. Nothing of it may be left out or follow it.
func readList(from io.Reader, member string, take func(jsontext.Value) error) error {
	unreadable := errors.New("can't be read")
	dec := jsontext.NewDecoder(from)
	found := false
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return unreadable
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return unreadable
		}
		if name.String() != member {
			if dec.SkipValue() != nil {
				return unreadable
			}
			continue
		}
		if err := readLines(dec, take); err != nil {
			return err
		}
		found = true
	}
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '}' || !found {
		return unreadable
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return unreadable
	}
	return nil
}

func readLines(dec *jsontext.Decoder, take func(jsontext.Value) error) error {
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '[' {
		return errors.New("has no list")
	}
	for n := 1; dec.PeekKind() == '{'; n++ {
		raw, err := dec.ReadValue()
		if err != nil || len(raw) > maxLedgerLine {
			return fmt.Errorf("can't be read at line %d", n)
		}
		if err := take(raw); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	if t, err := dec.ReadToken(); err != nil || t.Kind() != ']' {
		return errors.New("can't be read to its end")
	}
	return nil
}

// listed is a line in our words.
func (l wireLine) listed() (connector.Transfer, error) {
	if !printable(l.Key) || len(l.Key) > maxKey || len(l.Service) > maxService {
		return connector.Transfer{}, errors.New("no key, or one that is none of ours")
	}
	amount, err := amountOf(l.Amount, l.Currency)
	if err != nil || !amount.IsPositive() {
		return connector.Transfer{}, errors.New("amount can't be read")
	}
	return connector.Transfer{Key: l.Key, Amount: amount, Service: l.Service}, nil
}
