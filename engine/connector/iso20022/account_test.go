package iso20022

import (
	"context"
	"encoding/xml"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
	"penstock/engine/connector/connectortest"
	"penstock/engine/money"
)

// bank is one side of the two folders: it counts what was put in and answers
// with files.
type bank struct {
	t   testing.TB
	dir string
	now time.Time
	n   int
}

func newBank(t testing.TB) *bank {
	return &bank{t: t, dir: t.(interface{ TempDir() string }).TempDir(), now: time.Date(2019, 12, 2, 10, 0, 0, 0, time.UTC)}
}

const accountID = "mca_01m7yd36spsb257v8awpzx2d99"

func credentials() map[string]string {
	return map[string]string{Name: "The Shöp GmbH", IBAN: "DE89 3704 0044 0532 0130 00", BIC: "COBADEFFXXX", CutOff: "15:00", Zone: "Europe/Berlin"}
}

func (b *bank) connect(change ...string) *account {
	b.t.Helper()
	secrets := credentials()
	for i := 0; i < len(change); i += 2 {
		secrets[change[i]] = change[i+1]
	}
	c, err := New(connector.Host{Now: func() time.Time { return b.now }, Dir: b.dir})(connector.Account{ID: accountID, Provider: Provider, Secrets: secrets})
	if err != nil {
		b.t.Fatal(err)
	}
	return c.(*account)
}

func (b *bank) path(parts ...string) string {
	return filepath.Join(append([]string{b.dir, accountID}, parts...)...)
}

// got is the files that are there, by name.
func (b *bank) got() map[string]string {
	b.t.Helper()
	out := map[string]string{}
	files, err := os.ReadDir(b.path("out"))
	if err != nil && !os.IsNotExist(err) {
		b.t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasPrefix(f.Name(), ".") || strings.HasSuffix(f.Name(), partSuffix) {
			continue
		}
		text, err := os.ReadFile(b.path("out", f.Name()))
		if err != nil {
			b.t.Fatal(err)
		}
		out[f.Name()] = string(text)
	}
	return out
}

func (b *bank) movements(key string) int {
	id, _ := endToEnd(key)
	n := 0
	for _, text := range b.got() {
		n += strings.Count(text, "<EndToEndId>"+id+"</EndToEndId>")
	}
	return n
}

func (b *bank) say(name, text string) {
	b.t.Helper()
	if err := os.WriteFile(b.path("in", name), []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// settle books all that is there, by a report and by a statement.
func (b *bank) settle() {
	b.t.Helper()
	for name, text := range b.got() {
		b.n++
		m := readOrders(b.t, text)
		b.say(fmt.Sprintf("%03d-pain002-%s", b.n, name), m.report("ACSC", ""))
		b.n++
		b.say(fmt.Sprintf("%03d-camt053-%s", b.n, name), m.statement())
	}
}

// orders is a file as the bank reads it.
type orders struct {
	ID     string `xml:"CstmrCdtTrfInitn>GrpHdr>MsgId"`
	Blocks []struct {
		ID     string `xml:"PmtInfId"`
		Date   string `xml:"ReqdExctnDt>Dt"`
		Orders []struct {
			EndToEnd string `xml:"PmtId>EndToEndId"`
			Amount   struct {
				Currency string `xml:"Ccy,attr"`
				Value    string `xml:",chardata"`
			} `xml:"Amt>InstdAmt"`
			Name string `xml:"Cdtr>Nm"`
		} `xml:"CdtTrfTxInf"`
	} `xml:"CstmrCdtTrfInitn>PmtInf"`
}

func readOrders(t testing.TB, text string) orders {
	t.Helper()
	var m orders
	if err := xml.Unmarshal([]byte(text), &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// report is a pain.002 that says one status of every transaction.
func (m orders) report(status, reason string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.10"><CstmrPmtStsRpt><GrpHdr><MsgId>B1</MsgId><CreDtTm>2019-12-02T12:00:00</CreDtTm></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>%s</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId></OrgnlGrpInfAndSts>`, m.ID)
	for _, block := range m.Blocks {
		fmt.Fprintf(&b, `<OrgnlPmtInfAndSts><OrgnlPmtInfId>%s</OrgnlPmtInfId>`, block.ID)
		for _, o := range block.Orders {
			why := ""
			if reason != "" {
				why = `<StsRsnInf><Rsn><Cd>` + reason + `</Cd></Rsn><AddtlInf>see the letter</AddtlInf></StsRsnInf>`
			}
			fmt.Fprintf(&b, `<TxInfAndSts><OrgnlInstrId>%[1]s</OrgnlInstrId><OrgnlEndToEndId>%[1]s</OrgnlEndToEndId><TxSts>%[2]s</TxSts>%[3]s</TxInfAndSts>`, o.EndToEnd, status, why)
		}
		b.WriteString(`</OrgnlPmtInfAndSts>`)
	}
	return b.String() + `</CstmrPmtStsRpt></Document>`
}

// statement is a camt.053 that books every transaction by itself.
func (m orders) statement() string {
	var b strings.Builder
	for _, block := range m.Blocks {
		for _, o := range block.Orders {
			fmt.Fprintf(&b, `<Ntry><Amt Ccy=%[1]q>%[2]s</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2019-12-03</Dt></BookgDt><NtryDtls><TxDtls><Refs><MsgId>%[3]s</MsgId><EndToEndId>%[4]s</EndToEndId></Refs><Amt Ccy=%[1]q>%[2]s</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls></Ntry>`,
				o.Amount.Currency, o.Amount.Value, m.ID, o.EndToEnd)
		}
	}
	return camt053(b.String())
}

func camt053(entries string) string {
	return `<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt><GrpHdr><MsgId>S1</MsgId><CreDtTm>2019-12-03T06:00:00</CreDtTm></GrpHdr><Stmt><Id>1</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>` + entries + `</Stmt></BkToCstmrStmt></Document>`
}

func order(key string, a money.Amount) connector.Instruction {
	in := connector.Instruction{Key: key, Amount: a, Service: "sepa_eur", Memo: "October", Details: connector.Details{"account_holder_name": "Ada Example", "iban": "NL46TEST0136169112"}}
	if a.IsSet() && a.Currency().Code() != "EUR" {
		in.Service = "swift_" + strings.ToLower(a.Currency().Code())
		in.Details = connector.Details{"account_holder_name": "Ada Example", "bank_account_number": "0012345678", "bic": "NBOKKWKW", "country_code": "KW", "address": "1 Street"}
	}
	return in
}

func TestKeepsTheContract(t *testing.T) {
	connectortest.Test(t, connectortest.Harness{
		Secrets: credentials(), Public: []string{Name, Zone, BIC}, Instruction: order,
		Live: func(t testing.TB) connectortest.Live {
			b := newBank(t)
			return connectortest.Live{Connector: b.connect(), Movements: b.movements, Settle: b.settle, Advance: func(d time.Duration) { b.now = b.now.Add(min(d, 300*24*time.Hour)) }}
		},
	})
}

func question(in connector.Instruction) connector.Question {
	return connector.Question{Key: in.Key, Amount: in.Amount, Service: in.Service, Sent: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
}

func wantVerdict(t testing.TB, what string, a *account, in connector.Instruction, want connector.Verdict) connector.Outcome {
	t.Helper()
	out, err := a.Seek(context.Background(), question(in))
	if out.Verdict != want || (err != nil) != (want == connector.Unknown) {
		t.Errorf("%s: got %+v, %v, want %s", what, out, err, want)
	}
	return out
}

func send(t testing.TB, a *account, in connector.Instruction) connector.Outcome {
	t.Helper()
	out, err := a.Send(context.Background(), in)
	if err != nil {
		t.Fatalf("send: %v", err)
	}
	return out
}

func eur(minor int64) money.Amount { return money.New(minor, money.MustCurrency("EUR")) }

func TestAReportAndAStatementSettleThePayoutsThatTheyName(t *testing.T) {
	b := newBank(t)
	a := b.connect()
	one, two, three := order("po_1", eur(1250)), order("po_2", eur(700)), order("po_3", eur(5))
	for _, in := range []connector.Instruction{one, two, three} {
		if out := send(t, a, in); out.Verdict != connector.Accepted || out.Ref == "" {
			t.Fatalf("got %+v", out)
		}
	}
	var files []orders
	for _, text := range b.got() {
		files = append(files, readOrders(t, text))
	}
	if len(files) != 3 {
		t.Fatalf("got %d files, want three", len(files))
	}
	of := func(id string) orders {
		for _, m := range files {
			if m.Blocks[0].Orders[0].EndToEnd == id {
				return m
			}
		}
		t.Fatalf("no file has %s", id)
		return orders{}
	}
	b.say("1.xml", of("po-1").report("ACSP", ""))
	wantVerdict(t, "in process", a, one, connector.Accepted)
	b.say("2.xml", of("po-2").report("RJCT", "AC04"))
	if out := wantVerdict(t, "refused", a, two, connector.Rejected); out.Resolution != connector.AccountClosed || out.Code != "AC04" || out.Message != "see the letter" {
		t.Errorf("refused: got %+v", out)
	}
	b.say("3.xml", of("po-1").statement())
	wantVerdict(t, "booked", a, one, connector.Paid)
	wantVerdict(t, "nothing said", a, three, connector.Accepted)
	back := strings.NewReplacer("DBIT", "CRDT", "</Refs>", `</Refs><RtrInf><Rsn><Cd>AC06</Cd></Rsn></RtrInf>`).Replace(of("po-1").statement())
	b.say("4.xml", back)
	if out := wantVerdict(t, "came back", a, one, connector.Returned); out.Resolution != connector.AccountClosed {
		t.Errorf("came back: got %+v", out)
	}
	b.say("5.xml", of("po-1").statement()) // told again, late
	wantVerdict(t, "told again", a, one, connector.Returned)
	b.say("6.xml", of("po-2").statement())
	wantVerdict(t, "refused stays refused", a, two, connector.Rejected)
}

func TestABlockThatIsBookedWholeIsPaid(t *testing.T) {
	for _, row := range []struct {
		name, block, amount, count string
		want                       connector.Verdict
	}{
		{"to the cent", "-1", "19.50", "2", connector.Paid}, {"another sum", "-1", "19.51", "2", connector.Accepted}, {"another count", "-1", "19.50", "3", connector.Accepted}, {"another block", "-9", "19.50", "2", connector.Accepted},
	} {
		b := newBank(t)
		a := b.connect()
		one, two := order("po_1", eur(1250)), order("po_2", eur(700))
		outs, errs := a.SendAll(context.Background(), []connector.Instruction{one, two})
		if errs[0] != nil || errs[1] != nil || outs[0].Ref != outs[1].Ref {
			t.Fatalf("got %v, %v", outs, errs)
		}
		b.say("1.xml", camt053(`<Ntry><Amt Ccy="EUR">`+row.amount+`</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls><Btch><PmtInfId>`+outs[0].Ref+row.block+`</PmtInfId><NbOfTxs>`+row.count+`</NbOfTxs></Btch></NtryDtls></Ntry>`))
		wantVerdict(t, row.name, a, one, row.want)
		wantVerdict(t, row.name, a, two, row.want)
	}
}

func TestABatchIsOneFileAndEachOrderHasItsOwnOutcome(t *testing.T) {
	b := newBank(t)
	a := b.connect()
	bad, card := order("po_3", eur(1)), order("po_4", eur(1))
	bad.Details["iban"], card.Service = "NL47TEST0136169112", "payment_card_eur"
	in := []connector.Instruction{order("po_1", eur(1250)), bad, order("po_2", money.New(1005, money.MustCurrency("KWD"))), card, order("po_1", eur(1250)), order("po_5", eur(0))}
	outs, errs := a.SendAll(context.Background(), in)
	want := []connector.Verdict{connector.Accepted, connector.Rejected, connector.Accepted, connector.Rejected, connector.Unknown, connector.Rejected}
	for i := range in {
		if outs[i].Verdict != want[i] || (errs[i] != nil) != (want[i] == connector.Unknown) {
			t.Errorf("order %d: got %+v, %v, want %s", i, outs[i], errs[i], want[i])
		}
	}
	if len(b.got()) != 1 {
		t.Fatalf("got %d files, want one", len(b.got()))
	}
	for name, text := range b.got() {
		m := readOrders(t, text)
		if len(m.Blocks) != 2 || m.Blocks[0].Date != "2019-12-02" || m.ID+".xml" != name {
			t.Errorf("got %+v in %s", m, name)
		}
		if err := valid(t, Version09, map[string][]byte{name: []byte(text)}); err != nil {
			t.Error(err)
		}
	}
	// Sent again, nothing leaves; what is new leaves alone.
	outs, _ = a.SendAll(context.Background(), append(in[:1:1], order("po_6", eur(3))))
	if outs[0].Verdict != connector.Accepted || outs[1].Verdict != connector.Accepted || b.movements("po_1") != 1 || b.movements("po_6") != 1 {
		t.Errorf("again: got %+v", outs)
	}
	for _, row := range []struct {
		at, service string
		want        string
	}{{"10:00", "sepa_eur", "13:55"}, {"13:55", "sepa_eur", "13:55"}, {"13:59", "sepa_eur", "13:59"}, {"10:00", "sepa_instant_eur", "10:00"}, {"14:00", "sepa_eur", "37:55"}} {
		of := func(clock string) time.Time {
			var h, m int
			if _, err := fmt.Sscanf(clock, "%d:%d", &h, &m); err != nil {
				t.Fatal(err)
			}
			return time.Date(2019, 12, 2, h, m, 0, 0, time.UTC)
		}
		if until, most := a.Batch(of(row.at), row.service); !until.Equal(of(row.want)) || most != maxPayments {
			t.Errorf("%s at %s: until %v, most %d", row.service, row.at, until, most)
		}
	}
}

// TestACrashAnywhereIsSeen cuts the work off after each step, begins anew in
// another process, and wants that the order is paid once and known.
func TestACrashAnywhereIsSeen(t *testing.T) {
	in := order("po_1", eur(1250))
	for name, row := range map[string]struct {
		phase       phase
		part, final bool
		fetched     bool
		want        connector.Verdict
	}{
		"before anything was made":               {phase: begun, want: connector.Absent},
		"the file was made and has no name":      {phase: begun, part: true, want: connector.Absent},
		"just before it got its name":            {phase: placing, part: true, want: connector.Absent},
		"just after":                             {phase: placing, part: true, final: true, want: connector.Accepted},
		"after the other name was taken away":    {phase: placing, final: true, want: connector.Accepted},
		"the bank fetched it before it was seen": {phase: placing, fetched: true, want: connector.Unknown},
		"all was done":                           {phase: placed, final: true, want: connector.Accepted},
		"all was done and the bank fetched it":   {phase: placed, fetched: true, want: connector.Accepted},
	} {
		b := newBank(t)
		a := b.connect()
		ref := send(t, a, in).Ref
		final, part := b.path("out", ref+".xml"), b.path("out", "."+ref+".xml"+partSuffix)
		if row.part {
			text, err := os.ReadFile(final)
			if err == nil {
				err = os.WriteFile(part, text, 0o600)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if !row.final {
			if err := os.Remove(final); err != nil {
				t.Fatal(err)
			}
		}
		r, _, err := a.state.order("po_1")
		if err != nil {
			t.Fatal(err)
		}
		if err := a.state.move(r.Message, row.phase); err != nil {
			t.Fatal(err)
		}
		a = b.connect() // another process
		wantVerdict(t, name, a, in, row.want)
		out, err := a.Send(context.Background(), in)
		switch row.want {
		case connector.Absent:
			if err != nil || out.Verdict != connector.Accepted || b.movements("po_1") != 1 {
				t.Errorf("%s, sent again: got %+v, %v and %d movements", name, out, err, b.movements("po_1"))
			}
		case connector.Unknown:
			if err == nil || b.movements("po_1") != 0 {
				t.Errorf("%s, sent again: got %+v and %d movements", name, out, b.movements("po_1"))
			}
			b.say("1.xml", orders{ID: ref}.oneReport("po-1", "ACSC"))
			wantVerdict(t, name+", then the bank reports", a, in, connector.Paid)
		case connector.Accepted:
			if err != nil || out.Verdict != connector.Accepted || b.movements("po_1") > 1 {
				t.Errorf("%s, sent again: got %+v, %v and %d movements", name, out, err, b.movements("po_1"))
			}
		}
	}
}

func (m orders) oneReport(id, status string) string {
	return `<Document><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>` + m.ID + `</OrgnlMsgId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><TxInfAndSts><OrgnlEndToEndId>` + id + `</OrgnlEndToEndId><TxSts>` + status + `</TxSts></TxInfAndSts></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>`
}

// TestAYoungerDirectoryProvesNothing: what was sent before the directory was
// made isn't in it.
func TestAYoungerDirectoryProvesNothing(t *testing.T) {
	b := newBank(t)
	a := b.connect()
	in := order("po_1", eur(1250))
	send(t, a, order("po_other", eur(1)))
	q := question(in)
	for sent, want := range map[time.Time]connector.Verdict{{}: connector.Unknown, b.now.Add(-time.Second): connector.Unknown, b.now.Add(time.Second): connector.Absent} {
		q.Sent = sent
		if out, err := a.Seek(context.Background(), q); out.Verdict != want {
			t.Errorf("sent %v, directory of %v: got %s, %v, want %s", sent, b.now, out.Verdict, err, want)
		}
	}
	if out, err := a.Lookup(context.Background(), "po_1"); out.Verdict != connector.Unknown || err == nil {
		t.Errorf("by key alone: got %+v, %v", out, err)
	}
	q.Sent, q.Key, q.Amount = b.now, "po_other", eur(2)
	if out, _ := a.Seek(context.Background(), q); out.Verdict != connector.Unknown {
		t.Errorf("another amount: got %+v", out)
	}
}

func TestTheListIsWhatLeft(t *testing.T) {
	b := newBank(t)
	a := b.connect()
	send(t, a, order("po_1", eur(1250)))
	b.now = b.now.Add(time.Hour)
	send(t, a, order("po_2", money.New(1005, money.MustCurrency("KWD"))))
	for since, want := range map[time.Time]string{{}: "[{po_1 EUR 12.50} {po_2 KWD 1.005}]", b.now: "[{po_2 KWD 1.005}]", b.now.Add(1): "[]"} {
		list, err := a.Transfers(context.Background(), since)
		got := []struct{ k, a string }{}
		for _, l := range list {
			got = append(got, struct{ k, a string }{l.Key, l.Amount.String()})
		}
		if err != nil || fmt.Sprint(got) != want {
			t.Errorf("since %v: got %v, %v, want %s", since, got, err, want)
		}
	}
}

func TestNoAccountIsKeptButInTheFileForTheBank(t *testing.T) {
	b := newBank(t)
	a := b.connect()
	send(t, a, order("po_1", eur(1250)))
	b.settle()
	wantVerdict(t, "settled", a, order("po_1", eur(1250)), connector.Paid)
	err := filepath.Walk(b.dir, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		if perm := info.Mode().Perm(); perm&0o077 != 0 && !strings.Contains(path, "/in/") {
			t.Errorf("%s may be read by others: %v", path, perm)
		}
		text, err := os.ReadFile(path)
		if strings.Contains(string(text), "NL46TEST0136169112") && !strings.Contains(path, "/out/") {
			t.Errorf("%s holds an account number", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestCredentialsAreChecked(t *testing.T) {
	for _, row := range []struct{ name, value string }{
		{Name, ""}, {Name, "王"}, {IBAN, ""}, {IBAN, "DE88370400440532013000"}, {BIC, "x"}, {MsgFormat, "10"}, {Booking, "never"}, {CutOff, "25:00"}, {CutOff, "0:00"}, {CutOff, "15"}, {Zone, "Mars/Base"}, {Zone, "Local"}, {Calendar, "lunar"},
		{CSV, "{"}, {CSV, `{"reference":"r"}`}, {SFTPURL, "http://x"}, {SFTPURL, "sftp://host"}, {SFTPURL, "sftp://u:p@host"}, {SFTPOut, "out"}, {SFTPHostKey, "ssh-ed25519 AAAA"},
	} {
		secrets := credentials()
		secrets[row.name] = row.value
		_, err := New(connector.Host{Now: time.Now, Dir: "/nowhere"})(connector.Account{ID: accountID, Secrets: secrets})
		if err == nil || !strings.Contains(err.Error(), row.name) {
			t.Errorf("%s %q: got %v", row.name, row.value, err)
		}
	}
	for _, id := range []string{"", "../x", "a/b", "a b"} {
		if _, err := New(connector.Host{Now: time.Now, Dir: "/nowhere"})(connector.Account{ID: id, Secrets: credentials()}); err == nil {
			t.Errorf("account %q names a directory", id)
		}
	}
	secrets := credentials()
	secrets[BIC], secrets[MsgFormat] = "1234DEFFXXX", "03"
	if _, err := New(connector.Host{Now: time.Now, Dir: "/nowhere"})(connector.Account{ID: accountID, Secrets: secrets}); err == nil {
		t.Error("a BIC that version 03 doesn't have was taken")
	}
}

func TestReportsAreAllThatTheBankHasSaid(t *testing.T) {
	b := newBank(t)
	a := b.connect()
	one, two := order("po_1", eur(1250)), order("po_2", eur(700))
	outs, _ := a.SendAll(context.Background(), []connector.Instruction{one, two})
	entry := func(day, amount, side, inner string) string {
		return `<Ntry><Amt Ccy="EUR">` + amount + `</Amt><CdtDbtInd>` + side + `</CdtDbtInd><Sts>BOOK</Sts><BookgDt><Dt>` + day + `</Dt></BookgDt><NtryDtls>` + inner + `</NtryDtls></Ntry>`
	}
	b.say("1.xml", camt053(entry("2019-12-03", "19.50", "DBIT", `<Btch><PmtInfId>`+outs[0].Ref+`-1</PmtInfId></Btch>`)+entry("2019-12-03", "99.00", "DBIT", "")))
	b.say("2.xml", camt053(entry("2019-12-09", "7.00", "CRDT", `<TxDtls><Refs><EndToEndId>po-2</EndToEndId></Refs></TxDtls>`)+entry("2019-12-09", "1.00", "DBIT", `<TxDtls><Refs><EndToEndId>po-9</EndToEndId></Refs></TxDtls>`)))
	b.say("3.xml", `<Document><CstmrCdtTrfInitn/></Document>`)
	show := func(since time.Time) string {
		list, err := a.Reports(context.Background(), since)
		text := fmt.Sprint(err)
		for _, r := range list {
			text += fmt.Sprintf(" %s:%s:%s:%s:%s", r.Source, r.Key, r.Outcome.Verdict, r.Amount.Decimal(), r.At.Format("0102"))
		}
		return text
	}
	late := " 2.xml:po_2:returned:7.00:1209 2.xml::paid:1.00:1209"
	if got, want := show(time.Time{}), "<nil> 1.xml:po_1:paid:12.50:1203 1.xml:po_2:paid:7.00:1203 1.xml::paid:99.00:1203"+late; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got, want := show(time.Date(2019, 12, 9, 15, 0, 0, 0, time.UTC)), "<nil>"+late; got != want {
		t.Errorf("since a day: got %s, want %s", got, want)
	}
	b.say("4.xml", "half a file")
	if got := show(time.Time{}); !strings.Contains(got, "4.xml") || strings.Contains(got, "po_1") {
		t.Errorf("with a file that can't be read: got %s", got)
	}
	wantVerdict(t, "what ended is known too", a, two, connector.Returned)
}
