package iso20022

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"math/big"
	"strconv"
	"time"

	"penstock/engine/money"
)

// Version is a version of pain.001, the customer's order to pay.
type Version string

// Versions that banks take. 03 is the one of old agreements.
const (
	Version09 Version = "09"
	Version03 Version = "03"
)

// Kind is the rail of a payment.
type Kind string

// Kinds of payment. Payments of one message may be of several; each kind is a
// block of its own.
const (
	SEPA    Kind = "sepa"         // credit transfer in euro within SEPA
	Instant Kind = "sepa_instant" // the same within ten seconds
	Other   Kind = "other"        // any other credit transfer, e.g. by SWIFT
)

// Payment is one credit transfer, in text that a bank takes.
type Payment struct {
	Kind       Kind
	EndToEnd   string // ours, back on every statement; at most 35 characters
	Amount     money.Amount
	Name       string // of the beneficiary
	IBAN       string
	Account    string // in place of the IBAN
	BIC        string // of the beneficiary's bank; may be empty for SEPA
	Country    string // of the beneficiary, with Address
	Address    string
	Remittance string // for the beneficiary's statement
}

// Debtor is who pays.
type Debtor struct {
	Name, IBAN, BIC string
	Initiator       string // who sends the file; empty: Name
	Single          bool   // one line for each payment on the statement, not one for the block
}

// Message is one file of orders.
type Message struct {
	Version  Version
	ID       string // unique at the bank, at most 35 characters
	Created  time.Time
	Date     time.Time // on which SEPA and other transfers are to be carried out; a date
	Debtor   Debtor
	Payments []Payment
}

// The elements of the message, in the order of the schema.
type (
	document struct {
		XMLName xml.Name   `xml:"Document"`
		Space   string     `xml:"xmlns,attr"`
		Order   initiation `xml:"CstmrCdtTrfInitn"`
	}
	initiation struct {
		Head   groupHeader `xml:"GrpHdr"`
		Blocks []block     `xml:"PmtInf"`
	}
	groupHeader struct {
		ID      string `xml:"MsgId"`
		Created string `xml:"CreDtTm"`
		Count   string `xml:"NbOfTxs"`
		Sum     string `xml:"CtrlSum"`
		Party   party  `xml:"InitgPty"`
	}
	party struct {
		Name    string   `xml:"Nm"`
		Address *address `xml:"PstlAdr"`
	}
	address struct {
		Country string   `xml:"Ctry,omitempty"`
		Lines   []string `xml:"AdrLine"`
	}
	block struct {
		ID      string     `xml:"PmtInfId"`
		Method  string     `xml:"PmtMtd"`
		Batch   bool       `xml:"BtchBookg"`
		Count   string     `xml:"NbOfTxs"`
		Sum     string     `xml:"CtrlSum"`
		Type    paymentTyp `xml:"PmtTpInf"`
		Date    execution  `xml:"ReqdExctnDt"`
		Debtor  party      `xml:"Dbtr"`
		Account holding    `xml:"DbtrAcct"`
		Agent   agent      `xml:"DbtrAgt"`
		Charges string     `xml:"ChrgBr"`
		Orders  []transfer `xml:"CdtTrfTxInf"`
	}
	paymentTyp struct {
		Level *code `xml:"SvcLvl"`
		Local *code `xml:"LclInstrm"`
	}
	code struct {
		Code string `xml:"Cd"`
	}
	execution struct {
		Plain string `xml:",chardata"`    // 03
		Date  string `xml:"Dt,omitempty"` // 09
	}
	holding struct {
		ID holdingID `xml:"Id"`
	}
	holdingID struct {
		IBAN  string `xml:"IBAN,omitempty"`
		Other *other `xml:"Othr"`
	}
	agent struct {
		Institution institution `xml:"FinInstnId"`
	}
	institution struct {
		BICFI string `xml:"BICFI,omitempty"` // 09
		BIC   string `xml:"BIC,omitempty"`   // 03
		Other *other `xml:"Othr"`
	}
	other struct {
		ID string `xml:"Id"`
	}
	transfer struct {
		Instruction string      `xml:"PmtId>InstrId"`
		EndToEnd    string      `xml:"PmtId>EndToEndId"`
		Amount      amount      `xml:"Amt>InstdAmt"`
		Agent       *agent      `xml:"CdtrAgt"`
		Creditor    party       `xml:"Cdtr"`
		Account     holding     `xml:"CdtrAcct"`
		Remittance  *remittance `xml:"RmtInf"`
	}
	amount struct {
		Currency string `xml:"Ccy,attr"`
		Value    string `xml:",chardata"`
	}
	remittance struct {
		Text string `xml:"Ustrd"`
	}
)

const (
	maxID        = 35
	maxName      = 70  // EPC; the schema would take 140
	maxRemitted  = 140 // one line of it
	maxPayments  = 10_000
	maxSumDigits = 18
)

var errMessage = errors.New("iso20022: message can't be written")

// Write writes the message. Its sums and counts are those of its payments,
// and nothing is in it that the character set doesn't have; a payment that
// can't be written makes an error, never a file without it.
func (m Message) Write() ([]byte, error) {
	if len(m.Payments) == 0 || len(m.Payments) > maxPayments || m.ID == "" || len(m.ID) > maxID || !inSet(m.ID) {
		return nil, fmt.Errorf("%w: it has an id of 1 to %d characters and 1 to %d payments", errMessage, maxID, maxPayments)
	}
	space := map[Version]string{Version09: "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09", Version03: "urn:iso:std:iso:20022:tech:xsd:pain.001.001.03"}[m.Version]
	if space == "" {
		return nil, fmt.Errorf("%w: version %q", errMessage, m.Version)
	}
	initiator := m.Debtor.Initiator
	if initiator == "" {
		initiator = m.Debtor.Name
	}
	doc := document{Space: space, Order: initiation{Head: groupHeader{ID: m.ID, Created: m.Created.UTC().Format("2006-01-02T15:04:05Z"), Party: party{Name: initiator}}}}
	all := []Payment{}
	for _, kind := range []Kind{SEPA, Instant, Other} {
		var of []Payment
		for _, p := range m.Payments {
			if p.Kind == kind {
				of = append(of, p)
			}
		}
		if len(of) == 0 {
			continue
		}
		b, err := m.block(kind, len(doc.Order.Blocks)+1, of)
		if err != nil {
			return nil, err
		}
		doc.Order.Blocks = append(doc.Order.Blocks, b)
		all = append(all, of...)
	}
	if len(all) != len(m.Payments) {
		return nil, fmt.Errorf("%w: a payment of no kind", errMessage)
	}
	var err error
	if doc.Order.Head.Count, doc.Order.Head.Sum, err = total(all); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.WriteString(xml.Header)
	enc := xml.NewEncoder(&out)
	enc.Indent("", " ")
	if err := enc.Encode(doc); err != nil {
		return nil, fmt.Errorf("%w: %w", errMessage, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// total is the number of payments and the sum of their figures, which the
// schema has without a currency.
func total(of []Payment) (count, sum string, err error) {
	units, decimals := new(big.Int), 0
	for _, p := range of {
		decimals = max(decimals, p.Amount.Currency().Exponent())
	}
	for _, p := range of {
		n := big.NewInt(p.Amount.Minor())
		n.Mul(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(decimals-p.Amount.Currency().Exponent())), nil))
		units.Add(units, n)
	}
	text := units.String()
	for len(text) <= decimals {
		text = "0" + text
	}
	if len(text) > maxSumDigits {
		return "", "", fmt.Errorf("%w: the sum has more than %d digits", errMessage, maxSumDigits)
	}
	if decimals > 0 {
		text = text[:len(text)-decimals] + "." + text[len(text)-decimals:]
	}
	return strconv.Itoa(len(of)), text, nil
}

func (m Message) block(kind Kind, n int, of []Payment) (block, error) {
	count, sum, err := total(of)
	if err != nil {
		return block{}, err
	}
	id := m.ID + "-" + strconv.Itoa(n)
	if len(id) > maxID {
		return block{}, fmt.Errorf("%w: the id leaves no room for the number of a block", errMessage)
	}
	b := block{ID: id, Method: "TRF", Batch: !m.Debtor.Single, Count: count, Sum: sum, Debtor: party{Name: m.Debtor.Name}, Account: holding{holdingID{IBAN: m.Debtor.IBAN}}, Charges: "SLEV"}
	switch kind {
	case SEPA:
		b.Type.Level = &code{"SEPA"}
	case Instant:
		b.Type.Level, b.Type.Local = &code{"SEPA"}, &code{"INST"}
	case Other:
		b.Type.Level, b.Charges = &code{"NURG"}, "SHAR"
	}
	if b.Agent, err = m.agent(m.Debtor.BIC); err != nil {
		return block{}, err
	}
	if m.Version == Version09 {
		b.Date.Date = m.Date.Format(time.DateOnly)
	} else {
		b.Date.Plain = m.Date.Format(time.DateOnly)
	}
	for _, p := range of {
		t, err := m.transfer(p)
		if err != nil {
			return block{}, err
		}
		b.Orders = append(b.Orders, t)
	}
	return b, nil
}

// agent names a bank; one that isn't named is found by the IBAN.
func (m Message) agent(name string) (agent, error) {
	if name == "" {
		return agent{institution{Other: &other{"NOTPROVIDED"}}}, nil
	}
	name, ok := bic(name)
	if !ok || m.Version == Version03 && (digit(name[0]) || digit(name[1]) || digit(name[2]) || digit(name[3]) || name[6] == '0' || name[6] == '1' || name[7] == 'O') {
		return agent{}, fmt.Errorf("%w: a BIC that its version doesn't have", errMessage)
	}
	if m.Version == Version03 {
		return agent{institution{BIC: name}}, nil
	}
	return agent{institution{BICFI: name}}, nil
}

func (m Message) transfer(p Payment) (transfer, error) {
	value := p.Amount.Decimal()
	switch {
	case p.EndToEnd == "" || len(p.EndToEnd) > maxID || !inSet(p.EndToEnd):
		return transfer{}, fmt.Errorf("%w: an end-to-end id has 1 to %d characters of the set", errMessage, maxID)
	case !p.Amount.IsPositive() || p.Amount.Currency().Exponent() > 5 || len(strconv.FormatInt(p.Amount.Minor(), 10)) > 18:
		return transfer{}, fmt.Errorf("%w: an amount has up to 18 digits, of which five may be decimals", errMessage)
	case p.Name == "" || len(p.Name) > maxName || !inSet(p.Name), len(p.Remittance) > maxRemitted, !inSet(p.Remittance), !inSet(p.Address), !inSet(p.Account):
		return transfer{}, fmt.Errorf("%w: a text that the character set doesn't have", errMessage)
	case p.Kind != Other && (p.Amount.Currency().Code() != "EUR" || p.IBAN == ""):
		return transfer{}, fmt.Errorf("%w: SEPA pays euro to an IBAN", errMessage)
	}
	t := transfer{Instruction: p.EndToEnd, EndToEnd: p.EndToEnd, Amount: amount{p.Amount.Currency().Code(), value}, Creditor: party{Name: p.Name}, Account: holding{holdingID{IBAN: p.IBAN}}}
	if p.IBAN == "" {
		if p.Account == "" || len(p.Account) > 34 {
			return transfer{}, fmt.Errorf("%w: an account has 1 to 34 characters", errMessage)
		}
		t.Account.ID.Other = &other{p.Account}
	}
	if p.BIC != "" {
		a, err := m.agent(p.BIC)
		if err != nil {
			return transfer{}, err
		}
		t.Agent = &a
	}
	if p.Country != "" || p.Address != "" {
		t.Creditor.Address = &address{Country: p.Country}
		for rest := p.Address; rest != "" && len(t.Creditor.Address.Lines) < 2; {
			n := min(len(rest), 70)
			t.Creditor.Address.Lines = append(t.Creditor.Address.Lines, rest[:n])
			rest = rest[n:]
		}
	}
	if p.Remittance != "" {
		t.Remittance = &remittance{p.Remittance}
	}
	return t, nil
}
