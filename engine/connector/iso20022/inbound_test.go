package iso20022

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"penstock/engine/connector"
)

func show(lines []Line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%s|%s|%s|%s|%s|%s|%s;", l.EndToEnd, l.Message, l.Block, l.Outcome.Verdict, l.Outcome.Resolution, l.Amount, l.Date.Format("0102"))
	}
	return b.String()
}

func pain002(group, blocks string) string {
	return `<?xml version="1.0"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt><GrpHdr><MsgId>B</MsgId></GrpHdr><OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId>` + group + `</OrgnlGrpInfAndSts>` + blocks + `</CstmrPmtStsRpt></Document>`
}

func TestStatusReportsAreReadFromTheParticularToTheWhole(t *testing.T) {
	refused := `<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf>`
	tx := func(id, status, why string) string {
		return `<TxInfAndSts><OrgnlEndToEndId>` + id + `</OrgnlEndToEndId><TxSts>` + status + `</TxSts>` + why + `<OrgnlTxRef><Amt><InstdAmt Ccy="EUR">12.50</InstdAmt></Amt></OrgnlTxRef></TxInfAndSts>`
	}
	block := func(status, inner string) string {
		return `<OrgnlPmtInfAndSts><OrgnlPmtInfId>M1-1</OrgnlPmtInfId>` + status + inner + `</OrgnlPmtInfAndSts>`
	}
	for _, row := range []struct{ name, text, want string }{
		{"all refused", pain002(`<GrpSts>RJCT</GrpSts>`+refused, ""), "|M1||rejected|invalid_account|0|0101;"},
		{"all settled, says the group", pain002(`<GrpSts>ACSC</GrpSts>`, ""), "|M1||accepted||0|0101;"},
		{"some", pain002(`<GrpSts>PART</GrpSts>`, block("", tx("po-1", "RJCT", refused)+tx("po-2", "ACSC", ""))), "po-1|||rejected|invalid_account|EUR 12.50|0101;po-2|||paid||EUR 12.50|0101;"},
		{"a block refused", pain002("", block(`<PmtInfSts>RJCT</PmtInfSts>`+refused, "")), "|M1|M1-1|rejected|invalid_account|0|0101;"},
		{"a transaction goes before its block and the group", pain002(`<GrpSts>RJCT</GrpSts>`, block(`<PmtInfSts>RJCT</PmtInfSts>`, tx("po-1", "ACSP", ""))), "po-1|||accepted||EUR 12.50|0101;"},
		{"refused as a double: no word", pain002("", block("", tx("po-1", "RJCT", `<StsRsnInf><Rsn><Cd>AM05</Cd></Rsn></StsRsnInf>`))), ""},
		{"a file refused as a double: no word", pain002(`<GrpSts>RJCT</GrpSts><StsRsnInf><Rsn><Cd>DU01</Cd></Rsn></StsRsnInf>`, ""), ""},
		{"an unknown status", pain002(`<GrpSts>XXXX</GrpSts>`, block("", tx("po-1", "DONE", ""))), ""},
		{"an own reason", pain002("", block("", tx("po-1", "RJCT", `<StsRsnInf><Rsn><Prtry>Z9</Prtry></Rsn></StsRsnInf>`))), "po-1|||rejected|declined|EUR 12.50|0101;"},
		{"cancelled", pain002("", block("", tx("po-1", "CANC", ""))), "po-1|||rejected|cancelled|EUR 12.50|0101;"},
		{"empty", pain002("", ""), ""},
	} {
		lines, err := ReadXML([]byte(row.text))
		if got := show(lines); err != nil || got != row.want {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, err, row.want)
		}
	}
}

func TestStatementsAreReadByEntry(t *testing.T) {
	entry := func(side, status, inner string) string {
		return `<Ntry><Amt Ccy="EUR">12.50</Amt><CdtDbtInd>` + side + `</CdtDbtInd>` + status + `<BookgDt><Dt>2026-03-03</Dt></BookgDt>` + inner + `</Ntry>`
	}
	booked, old := `<Sts><Cd>BOOK</Cd></Sts>`, `<Sts>BOOK</Sts>`
	tx := func(id, more string) string {
		return `<TxDtls><Refs><EndToEndId>` + id + `</EndToEndId></Refs>` + more + `</TxDtls>`
	}
	for _, row := range []struct{ name, text, want string }{
		{"paid", camt053(entry("DBIT", booked, `<NtryDtls>`+tx("po-1", "")+`</NtryDtls>`)), "po-1|||paid||EUR 12.50|0303;"},
		{"paid, as of old", camt053(entry("DBIT", old, `<NtryDtls>`+tx("po-1", `<AmtDtls><TxAmt><Amt Ccy="EUR">12.50</Amt></TxAmt></AmtDtls>`)+`</NtryDtls>`)), "po-1|||paid||EUR 12.50|0303;"},
		{"pending isn't money", camt053(entry("DBIT", `<Sts><Cd>PDNG</Cd></Sts>`, `<NtryDtls>`+tx("po-1", "")+`</NtryDtls>`)), ""},
		{"several, each with its amount", camt053(entry("DBIT", booked, `<NtryDtls>`+tx("po-1", `<Amt Ccy="EUR">5.00</Amt>`)+tx("po-2", `<Amt Ccy="EUR">7.50</Amt>`)+`</NtryDtls>`)), "po-1|||paid||EUR 5.00|0303;po-2|||paid||EUR 7.50|0303;"},
		{"several without amounts", camt053(entry("DBIT", booked, `<NtryDtls>`+tx("po-1", "")+tx("po-2", "")+`</NtryDtls>`)), "po-1|||paid||0|0303;po-2|||paid||0|0303;"},
		{"came back", camt053(entry("CRDT", booked, `<NtryDtls>`+tx("po-1", `<RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>`)+`</NtryDtls>`)), "po-1|||returned|account_closed|EUR 12.50|0303;"},
		{"a reversal of a debit", camt053(strings.Replace(entry("DBIT", booked, `<NtryDtls>`+tx("po-1", "")+`</NtryDtls>`), "<Sts>", "<RvslInd>true</RvslInd><Sts>", 1)), "po-1|||unknown||EUR 12.50|0303;"},
		{"of nobody we know", camt053(entry("DBIT", booked, "")), "|||paid||EUR 12.50|0303;"},
		{"of a block", camt053(entry("DBIT", booked, `<NtryDtls><Btch><MsgId>M1</MsgId><PmtInfId>M1-1</PmtInfId><NbOfTxs>2</NbOfTxs></Btch></NtryDtls>`)), "|M1|M1-1|paid||EUR 12.50|0303;"},
		{"a notification", strings.NewReplacer("BkToCstmrStmt", "BkToCstmrDbtCdtNtfctn", "<Stmt>", "<Ntfctn>", "</Stmt>", "</Ntfctn>").Replace(camt053(entry("DBIT", booked, `<NtryDtls>`+tx("po-1", "")+`</NtryDtls>`))), "po-1|||paid||EUR 12.50|0303;"},
	} {
		lines, err := ReadXML([]byte(row.text))
		if got := show(lines); err != nil || got != row.want {
			t.Errorf("%s: got %q, %v, want %q", row.name, got, err, row.want)
		}
	}
}

func TestWhatIsNoFileOfTheBanksIsRefused(t *testing.T) {
	sound := camt053(`<Ntry><Amt Ccy="EUR">12.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts></Ntry>`)
	for name, text := range map[string]string{
		"nothing": "", "text": "paid", "half": sound[:len(sound)/2], "two": sound + sound, "text after": sound + "x", "document type": `<!DOCTYPE Document [<!ENTITY e "x">]>` + sound, "entity": strings.Replace(sound, "12.50", "&e;", 1),
		"deep": strings.Repeat("<a>", 100) + strings.Repeat("</a>", 100), "amount": strings.Replace(sound, "12.50", "12,50", 1), "finer than cents": strings.Replace(sound, "12.50", "12.505", 1), "negative": strings.Replace(sound, "12.50", "-12.50", 1),
		"currency": strings.Replace(sound, "EUR", "XXX", 1), "unclosed": strings.TrimSuffix(sound, "</Document>"),
		"entries outside of a statement": strings.NewReplacer("<Stmt>", "", "</Stmt>", "").Replace(sound), "no statement": "<Document><BkToCstmrStmt/></Document>", "no notification": "<Document><BkToCstmrDbtCdtNtfctn/></Document>",
	} {
		if lines, err := ReadXML([]byte(text)); err == nil {
			t.Errorf("%s: got %v", name, lines)
		}
	}
	if _, err := ReadXML([]byte(`<Document><CstmrCdtTrfInitn/></Document>`)); !errors.Is(err, ErrOther) {
		t.Errorf("an order: got %v, want ErrOther", err)
	}
}

func TestCSVIsReadByItsMap(t *testing.T) {
	const german = `{"separator":";","skip":2,"encoding":"latin1","reference":"Verwendungszweck","amount":"Betrag","currency":"Währung","decimal":",","date":"Buchungstag","layout":"02.01.2006"}`
	text := "Konto 1\r\nZeitraum\r\nBuchungstag;Verwendungszweck;Betrag;W\xe4hrung\r\n03.03.2026;\"SEPA EndToEnd po-01m7yd36spsb257v8awpzx2d01 Invoice\";-1.234,56;EUR\r\n04.03.2026;PO-01M7YD36SPSB257V8AWP ZX2D02;7,00;EUR\r\n04.03.2026;Miete;-500;EUR\r\n"
	m, err := ReadCSVMap(german)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := m.Read([]byte(text))
	if got, want := show(lines), "po-01m7yd36spsb257v8awpzx2d01|||paid||EUR 1234.56|0303;po-01m7yd36spsb257v8awpzx2d02|||returned|returned|EUR 7.00|0304;|||paid||EUR 500.00|0304;"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	const sides = `{"no_heading":true,"reference":"#1","amount":"#2","currency":"JPY","side":"#3","debit":"D","credit":"C","status":"#4","booked":"B"}`
	if m, err = ReadCSVMap(sides); err != nil {
		t.Fatal(err)
	}
	lines, err = m.Read([]byte("po-01m7yd36spsb257v8awpzx2d01,1'250,D,B\npo-01m7yd36spsb257v8awpzx2d02,50,C,B\npo-01m7yd36spsb257v8awpzx2d03,50,D,P\npo-01m7yd36spsb257v8awpzx2d04 or po-01m7yd36spsb257v8awpzx2d05,1,D,B\n"))
	if got, want := show(lines), "po-01m7yd36spsb257v8awpzx2d01|||paid||JPY 1250|0101;po-01m7yd36spsb257v8awpzx2d02|||returned|returned|JPY 50|0101;|||paid||JPY 1|0101;"; err != nil || got != want {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
	for name, bad := range map[string]string{"amount": "r,x,D,B\n", "thousands": "r,12'50,D,B\n", "finer": "r,1.5,D,B\n", "side": "r,1,X,B\n", "fields": "r,1,D,B\nr,1\n", "quotes": "\"r,1,D,B\n"} {
		if lines, err := m.Read([]byte(bad)); err == nil {
			t.Errorf("%s: got %v", name, lines)
		}
	}
	for _, bad := range []string{"", "[]", `{}`, `{"reference":"a","amount":"b"}`, `{"reference":"a","amount":"b","currency":"c","separator":";;"}`, `{"reference":"a","amount":"b","currency":"c","side":"d"}`, `{"reference":"a","amount":"b","currency":"c","decimal":";"}`, `{"reference":"a","amount":"b","currency":"c","odd":1}`} {
		if _, err := ReadCSVMap(bad); err == nil || strings.Contains(bad, "odd") && !strings.Contains(err.Error(), ": odd: ") {
			t.Errorf("%s: got %v", bad, err)
		}
	}
}

func TestAStatementInCSVSettles(t *testing.T) {
	b := newBank(t)
	a := b.connect(CSV, `{"reference":"text","amount":"amount","currency":"EUR"}`)
	in := order("po_01m7yd36spsb257v8awpzx2d01", eur(1250))
	send(t, a, in)
	b.say("1.csv", "text,amount\nour po-01m7yd36spsb257v8awpzx2d01,-12.51\n")
	wantVerdict(t, "another amount", a, in, connector.Accepted)
	b.say("2.csv", "text,amount\nour po-01m7yd36spsb257v8awpzx2d01,odd\n")
	wantVerdict(t, "a statement that can't be read", a, in, connector.Accepted)
	b.say("3.csv", "text,amount\nour po-01m7yd36spsb257v8awpzx2d01,-12.50\n")
	wantVerdict(t, "booked", a, in, connector.Paid)
}

func FuzzReadXML(f *testing.F) {
	f.Add([]byte(camt053(`<Ntry><Amt Ccy="EUR">12.50</Amt><CdtDbtInd>DBIT</CdtDbtInd><Sts>BOOK</Sts><NtryDtls><TxDtls><Refs><EndToEndId>po-1</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>`)))
	f.Add([]byte(pain002(`<GrpSts>RJCT</GrpSts>`, "")))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines, err := ReadXML(text)
		for _, l := range lines {
			if err != nil || l.Amount.IsNegative() {
				t.Errorf("got %+v, %v", l, err)
			}
		}
	})
}

func FuzzReadCSV(f *testing.F) {
	f.Add("text,amount\npo-01m7yd36spsb257v8awpzx2d01,-12.50\n", `{"reference":"text","amount":"amount","currency":"EUR"}`)
	f.Fuzz(func(t *testing.T, text, how string) {
		m, err := ReadCSVMap(how)
		if err != nil {
			return
		}
		lines, err := m.Read([]byte(text))
		for _, l := range lines {
			if err != nil || l.Amount.IsNegative() || l.EndToEnd != "" && len(l.EndToEnd) != idLength {
				t.Errorf("got %+v, %v", l, err)
			}
		}
	})
}
