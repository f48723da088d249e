package sandbox

import (
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"penstock/engine/connector"
	"penstock/engine/money"
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
	unreadable := errors.New("provider's ledger can't be read")
	dec := jsontext.NewDecoder(from)
	found := false
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '{' {
		return nil, unreadable
	}
	for dec.PeekKind() == '"' {
		name, err := dec.ReadToken()
		if err != nil {
			return nil, unreadable
		}
		if name.String() != "transfers" {
			if dec.SkipValue() != nil {
				return nil, unreadable
			}
			continue
		}
		if out, err = readLines(dec, account); err != nil {
			return nil, err
		}
		found = true
	}
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '}' || !found {
		return nil, unreadable
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, unreadable
	}
	return out, nil
}

func readLines(dec *jsontext.Decoder, account string) (out []connector.Transfer, err error) {
	if t, err := dec.ReadToken(); err != nil || t.Kind() != '[' {
		return nil, errors.New("provider's ledger has no list of transfers")
	}
	for n := 1; dec.PeekKind() == '{'; n++ {
		raw, err := dec.ReadValue()
		if err != nil {
			return nil, fmt.Errorf("provider's ledger can't be read at transfer %d", n)
		}
		var line wireLine
		if len(raw) > maxLedgerLine || json.Unmarshal(raw, &line) != nil {
			return nil, fmt.Errorf("provider's ledger can't be read at transfer %d", n)
		}
		if line.Account != account {
			continue // another's, of whom we must learn nothing
		}
		t, err := line.listed()
		if err != nil {
			return nil, fmt.Errorf("provider's ledger, transfer %d: %w", n, err)
		}
		out = append(out, t)
	}
	if t, err := dec.ReadToken(); err != nil || t.Kind() != ']' {
		return nil, errors.New("provider's ledger can't be read to its end")
	}
	return out, nil
}

// listed is a line in our words.
func (l wireLine) listed() (connector.Transfer, error) {
	if !printable(l.Key) || len(l.Key) > maxKey || len(l.Service) > maxService {
		return connector.Transfer{}, errors.New("no key, or one that is none of ours")
	}
	currency, err := money.ParseCurrency(l.Currency)
	if err != nil {
		return connector.Transfer{}, errors.New("unknown currency")
	}
	amount, err := money.Parse(l.Amount, currency)
	if err != nil || !amount.IsPositive() {
		return connector.Transfer{}, errors.New("amount can't be read")
	}
	return connector.Transfer{Key: l.Key, Amount: amount, Service: l.Service}, nil
}
