package iso20022

import (
	"bytes"
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// Line is one thing that a bank reported: about one payment, about a block of
// a file of ours, or about a file. Lines that bear none of our names are kept
// too: somebody has to explain them.
type Line struct {
	EndToEnd string // of one payment
	Message  string // of a file, where it is about a block or all of it
	Block    string // of a block
	Outcome  connector.Outcome
	Amount   money.Amount // what was booked; the zero Amount where nothing is said
	Count    int          // payments that are booked together, of a block
	Date     time.Time    // on which it was booked; zero where nothing is said
	Booked   bool         // money moved by it; false of a status report
	Account  string       // IBAN of the account that the statement is of; empty where nothing is said
	ID       string       // the bank's own name of the entry; empty where it has none
	Ref      string       // the provider's own name of the payment; empty where it has none
	Row      int          // which entry or row of its file it is, from 1
}

// maxInbound bounds a file of a bank's; a day's statement of a large account
// has a few megabytes.
const maxInbound = 32 << 20

// maxLines bounds what one file may say.
const maxLines = 200_000

var (
	errInbound = errors.New("iso20022: file can't be read")
	// ErrOther says that a file is whole and of a kind that nothing is read from.
	ErrOther = errors.New("iso20022: file of another kind")
)

// ReadXML reads a pain.002 (status report) or a camt.053 or camt.054
// (statement, notification), of any version: they are read by the names that
// all of them share. Other messages are ErrOther.
func ReadXML(text []byte) ([]Line, error) {
	doc, err := readDocument(text)
	if err != nil {
		return nil, err
	}
	return doc.lines()
}

func readDocument(text []byte) (*inDocument, error) {
	if len(text) > maxInbound {
		return nil, fmt.Errorf("%w: it has more than %d MiB", errInbound, maxInbound>>20)
	}
	if err := wellFormed(text); err != nil {
		return nil, err
	}
	var doc inDocument
	if err := xml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%w: not as its kind has it", errInbound)
	}
	return &doc, nil
}

// kind is the message that it is; "" of one that nothing is read from.
func (doc *inDocument) kind() string {
	switch {
	case doc.Status != nil:
		return "pain.002"
	case doc.Statement != nil:
		return "camt.053"
	case doc.Notification != nil:
		return "camt.054"
	}
	return ""
}

func (doc *inDocument) lines() ([]Line, error) {
	switch {
	case doc.Status != nil:
		return bounded(doc.Status.lines())
	case doc.Statement != nil:
		return statements(doc.Statement.Statements)
	case doc.Notification != nil:
		return statements(doc.Notification.Notifications)
	}
	return nil, ErrOther
}

// statements are the lines of a message, which has a statement at the least:
// what stands elsewhere in it would be passed over.
func statements(of []statement) ([]Line, error) {
	if len(of) == 0 {
		return nil, fmt.Errorf("%w: there is no statement in it", errInbound)
	}
	return bounded(entries(of))
}

func bounded(lines []Line, err error) ([]Line, error) {
	if err == nil && len(lines) > maxLines {
		return nil, fmt.Errorf("%w: it has more than %d lines", errInbound, maxLines)
	}
	return lines, err
}

// maxNesting is far above the depth of any message.
const maxNesting = 64

// wellFormed refuses what decoding would let pass: a document type, text after
// the end, elements that are nested without end.
func wellFormed(text []byte) error {
	d := xml.NewDecoder(bytes.NewReader(text))
	depth, roots := 0, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: not XML", errInbound)
		}
		switch t := token.(type) {
		case xml.Directive:
			return fmt.Errorf("%w: it has a document type", errInbound)
		case xml.StartElement:
			if depth++; depth > maxNesting {
				return fmt.Errorf("%w: nested too deep", errInbound)
			}
			if depth == 1 {
				roots++
			}
		case xml.EndElement:
			depth--
		case xml.CharData:
			if depth == 0 && len(bytes.TrimSpace(bytes.TrimPrefix(t, []byte("\ufeff")))) > 0 {
				return fmt.Errorf("%w: text outside of it", errInbound)
			}
		}
	}
	if depth != 0 || roots != 1 {
		return fmt.Errorf("%w: it is not one document", errInbound)
	}
	return nil
}

// The elements that are read.
type (
	inDocument struct {
		XMLName   xml.Name      `xml:"Document"`
		Status    *statusReport `xml:"CstmrPmtStsRpt"`
		Statement *struct {
			Statements []statement `xml:"Stmt"`
		} `xml:"BkToCstmrStmt"`
		Notification *struct {
			Notifications []statement `xml:"Ntfctn"`
		} `xml:"BkToCstmrDbtCdtNtfctn"`
	}
	statusReport struct {
		Group struct {
			Message string   `xml:"OrgnlMsgId"`
			Status  string   `xml:"GrpSts"`
			Reasons []reason `xml:"StsRsnInf"`
		} `xml:"OrgnlGrpInfAndSts"`
		Blocks []struct {
			ID           string   `xml:"OrgnlPmtInfId"`
			Status       string   `xml:"PmtInfSts"`
			Reasons      []reason `xml:"StsRsnInf"`
			Transactions []struct {
				EndToEnd string   `xml:"OrgnlEndToEndId"`
				Status   string   `xml:"TxSts"`
				Reasons  []reason `xml:"StsRsnInf"`
				Amount   *figure  `xml:"OrgnlTxRef>Amt>InstdAmt"`
			} `xml:"TxInfAndSts"`
		} `xml:"OrgnlPmtInfAndSts"`
	}
	reason struct {
		Code  string   `xml:"Rsn>Cd"`
		Own   string   `xml:"Rsn>Prtry"`
		Texts []string `xml:"AddtlInf"`
	}
	figure struct {
		Currency string `xml:"Ccy,attr"`
		Value    string `xml:",chardata"`
	}
	statement struct {
		IBAN     string    `xml:"Acct>Id>IBAN"`
		Balances []balance `xml:"Bal"`
		Entries  []entry   `xml:"Ntry"`
	}
	balance struct {
		Kind   string `xml:"Tp>CdOrPrtry>Cd"`
		Amount figure `xml:"Amt"`
		Side   string `xml:"CdtDbtInd"`
	}
	entry struct {
		Ref      string      `xml:"AcctSvcrRef"`
		Amount   figure      `xml:"Amt"`
		Side     string      `xml:"CdtDbtInd"`
		Reversal string      `xml:"RvslInd"`
		Status   entryStatus `xml:"Sts"`
		Date     string      `xml:"BookgDt>Dt"`
		Time     string      `xml:"BookgDt>DtTm"`
		Details  []struct {
			Batch *struct {
				Message string `xml:"MsgId"`
				Block   string `xml:"PmtInfId"`
				Count   int    `xml:"NbOfTxs"`
			} `xml:"Btch"`
			Transactions []transaction `xml:"TxDtls"`
		} `xml:"NtryDtls"`
	}
	entryStatus struct {
		Plain string `xml:",chardata"` // up to version 07
		Code  string `xml:"Cd"`        // from version 08 on
	}
	transaction struct {
		EndToEnd string  `xml:"Refs>EndToEndId"`
		Ref      string  `xml:"Refs>AcctSvcrRef"`
		Block    string  `xml:"Refs>PmtInfId"`
		Amount   *figure `xml:"Amt"`
		Detailed *figure `xml:"AmtDtls>TxAmt>Amt"`
		Side     string  `xml:"CdtDbtInd"`
		Return   *reason `xml:"RtrInf"`
	}
)

func (r reason) text() string { return strings.Join(r.Texts, " ") }

func first(all []reason) reason {
	if len(all) == 0 {
		return reason{}
	}
	r := all[0]
	if r.Code == "" {
		r.Code = r.Own
	}
	return r
}

func (f figure) amount() (money.Amount, error) {
	c, err := money.ParseCurrency(strings.TrimSpace(f.Currency))
	if err != nil {
		return money.Amount{}, fmt.Errorf("%w: an amount in no currency", errInbound)
	}
	a, err := connector.ReadDecimal(strings.TrimSpace(f.Value), c)
	if err != nil {
		return money.Amount{}, fmt.Errorf("%w: an amount that is none", errInbound)
	}
	return a, nil
}

// lines of a status report. What is said of a transaction goes before what is
// said of its block, and that before the group. Of a block or a group only a
// refusal is taken as meant for each payment: "settled" of a file has been seen
// to mean that the file arrived.
func (s *statusReport) lines() ([]Line, error) {
	var out []Line
	said := false
	for _, b := range s.Blocks {
		for _, t := range b.Transactions {
			why := first(t.Reasons)
			o, ok := outcomeOf(t.Status, why.Code, why.text())
			if said = said || ok; !ok {
				continue
			}
			l := Line{EndToEnd: t.EndToEnd, Outcome: o}
			if t.Amount != nil {
				a, err := t.Amount.amount()
				if err != nil {
					return nil, err
				}
				l.Amount = a
			}
			out = append(out, l)
		}
		why := first(b.Reasons)
		if o, ok := outcomeOf(b.Status, why.Code, why.text()); ok && len(b.Transactions) == 0 {
			said = true
			out = append(out, Line{Message: s.Group.Message, Block: b.ID, Outcome: whole(o)})
		}
	}
	why := first(s.Group.Reasons)
	if o, ok := outcomeOf(s.Group.Status, why.Code, why.text()); ok && !said {
		out = append(out, Line{Message: s.Group.Message, Outcome: whole(o)})
	}
	return out, nil
}

// whole is what a word about many payments is worth for each.
func whole(o connector.Outcome) connector.Outcome {
	if o.Verdict == connector.Paid {
		o.Verdict = connector.Accepted
	}
	return o
}

// entries are the lines of statements.
func entries(of []statement) ([]Line, error) {
	var out []Line
	row := 0
	for _, s := range of {
		account := strings.ToUpper(strings.Join(strings.Fields(s.IBAN), ""))
		for _, e := range s.Entries {
			row++
			lines, err := e.lines()
			if err != nil {
				return nil, fmt.Errorf("entry %d: %w", row, err)
			}
			for _, l := range lines {
				l.Booked, l.Account, l.Row, l.ID = true, account, row, cmp.Or(l.ID, e.Ref)
				out = append(out, l)
			}
		}
	}
	return out, nil
}

func (e entry) booked() bool {
	return cmp.Or(strings.TrimSpace(e.Status.Code), strings.TrimSpace(e.Status.Plain)) == "BOOK"
}

// lines of an entry: one for each transaction that it names, or one for a
// batch, or one for itself.
func (e entry) lines() ([]Line, error) {
	if !e.booked() {
		return nil, nil // what is pending isn't money yet
	}
	total, err := e.Amount.amount()
	if err != nil {
		return nil, err
	}
	at, _ := time.Parse(time.DateOnly, e.Date)
	if at.IsZero() && len(e.Time) >= len(time.DateOnly) {
		at, _ = time.Parse(time.DateOnly, e.Time[:len(time.DateOnly)])
	}
	var out []Line
	named := 0
	for _, d := range e.Details {
		named += len(d.Transactions)
	}
	for _, d := range e.Details {
		for _, t := range d.Transactions {
			l := Line{EndToEnd: t.EndToEnd, Date: at, ID: t.Ref}
			l.Outcome = booking(cmp.Or(t.Side, e.Side), e.Reversal == "true" || e.Reversal == "1", t.Return)
			switch {
			case t.Amount != nil:
				l.Amount, err = t.Amount.amount()
			case t.Detailed != nil:
				l.Amount, err = t.Detailed.amount()
			case named == 1:
				l.Amount = total
			}
			if err != nil {
				return nil, err
			}
			out = append(out, l)
		}
		if named == 0 && d.Batch != nil {
			out = append(out, Line{Message: d.Batch.Message, Block: d.Batch.Block, Count: d.Batch.Count, Amount: total, Date: at, Outcome: booking(e.Side, e.Reversal == "true" || e.Reversal == "1", nil)})
		}
	}
	if len(out) == 0 {
		out = append(out, Line{Amount: total, Date: at, Outcome: booking(e.Side, e.Reversal == "true" || e.Reversal == "1", nil)})
	}
	return out, nil
}

// booking is what an entry means for a payment of ours that it names: money
// that left was paid, money that came under its name came back. Money that left
// as a return of somebody else's is no word.
func booking(side string, reversal bool, back *reason) connector.Outcome {
	switch {
	case side == "CRDT":
		out := connector.Outcome{Verdict: connector.Returned, Resolution: connector.ReturnedByBank, Code: "returned"}
		if back != nil {
			why := first([]reason{*back})
			if r := resolutions[why.Code]; r != "" {
				out.Resolution = r
			}
			if w := connector.Word(why.Code); w != "" {
				out.Code = w
			}
			out.Message = connector.Text(why.text())
		}
		return out
	case side == "DBIT" && back == nil && !reversal:
		return connector.Outcome{Verdict: connector.Paid, Code: "booked"}
	}
	return connector.Outcome{Verdict: connector.Unknown}
}
