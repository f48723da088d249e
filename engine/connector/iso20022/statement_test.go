package iso20022

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"penstock/engine/connector"
	"penstock/engine/money"
)

// statementOf is a camt.053 of an account, between two balances; an empty one is
// left out.
func statementOf(iban, opening, closing string, entries ...string) string {
	balance := func(kind, value string) string {
		if value == "" {
			return ""
		}
		side := "CRDT"
		if value[0] == '-' {
			side, value = "DBIT", value[1:]
		}
		return `<Bal><Tp><CdOrPrtry><Cd>` + kind + `</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">` + value + `</Amt><CdtDbtInd>` + side + `</CdtDbtInd></Bal>`
	}
	return `<Document><BkToCstmrStmt><Stmt><Acct><Id><IBAN>` + iban + `</IBAN></Id></Acct>` + balance("OPBD", opening) + strings.Join(entries, "") + balance("CLBD", closing) + `</Stmt></BkToCstmrStmt></Document>`
}

func booked(id, amount, currency, side string) string {
	return `<Ntry><Amt Ccy="` + currency + `">` + amount + `</Amt><CdtDbtInd>` + side + `</CdtDbtInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2019-12-03</Dt></BookgDt><AcctSvcrRef>B-` + id + `</AcctSvcrRef><NtryDtls><TxDtls><Refs><EndToEndId>` + id + `</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>`
}

const ownIBAN = "DE89370400440532013000"

// TestAStatementMustBeWholeAndTheAccountsOwn: by its IBAN and by its balances; a
// statement of several accounts is read for this one alone.
func TestAStatementMustBeWholeAndTheAccountsOwn(t *testing.T) {
	one, two := booked("po-1", "12.50", "EUR", "DBIT"), booked("x", "2.50", "EUR", "CRDT")
	other := statementOf("DE02120300000000202051", "", "", booked("po-1", "99.00", "EUR", "DBIT"))
	both := strings.Replace(statementOf(ownIBAN, "", "", one), "</BkToCstmrStmt>", strings.TrimPrefix(strings.TrimSuffix(other, "</BkToCstmrStmt></Document>"), "<Document><BkToCstmrStmt>")+"</BkToCstmrStmt>", 1)
	for name, row := range map[string]struct {
		text string
		want int // lines; -1: it is refused
	}{
		"whole":                     {statementOf(ownIBAN, "100.00", "90.00", one, two), 2},
		"written with blanks":       {statementOf("DE89 3704 0044 0532 0130 00", "100.00", "90.00", one, two), 2},
		"below zero":                {statementOf(ownIBAN, "5.00", "-5.00", one, two), 2},
		"without balances":          {statementOf(ownIBAN, "", "", one), 1},
		"with one of them":          {statementOf(ownIBAN, "100.00", "", one), 1},
		"in several currencies":     {statementOf(ownIBAN, "100.00", "87.50", one, booked("x", "1", "JPY", "DBIT")), 2},
		"no account said":           {strings.Replace(statementOf("", "", "", one), "<Acct><Id><IBAN></IBAN></Id></Acct>", "", 1), 1},
		"of several accounts":       {both, 1},
		"nothing booked":            {statementOf(ownIBAN, "100.00", "100.00"), 0},
		"an entry is missing":       {statementOf(ownIBAN, "100.00", "90.00", one), -1},
		"another account's":         {other, -1},
		"cut off":                   {statementOf(ownIBAN, "100.00", "90.00", one, two)[:200], -1},
		"empty":                     {" \n", -1},
		"of another kind":           {"<Document><CstmrCdtTrfInitn/></Document>", -1},
		"an amount too fine":        {statementOf(ownIBAN, "", "", booked("po-1", "12.501", "EUR", "DBIT")), -1},
		"yen with cents":            {statementOf(ownIBAN, "", "", booked("po-1", "12.50", "JPY", "DBIT")), -1},
		"dinars with three":         {statementOf(ownIBAN, "", "", booked("po-1", "12.501", "KWD", "DBIT")), 1},
		"no currency of this world": {statementOf(ownIBAN, "", "", booked("po-1", "12.50", "ABC", "DBIT")), -1},
	} {
		b := newBank(t)
		a := b.connect()
		send(t, a, order("po_1", eur(1250)))
		list, err := a.Statement(context.Background(), connector.File{Name: "s", Text: []byte(row.text)})
		if row.want < 0 {
			if !errors.Is(err, connector.ErrStatement) || list != nil || strings.Contains(err.Error(), "DE0212") {
				t.Errorf("%s: got %v, %v", name, list, err)
			}
			continue
		}
		if err != nil || len(list) != row.want {
			t.Errorf("%s: got %v, %v, want %d lines", name, list, err, row.want)
		}
	}
}

// TestAFoldersForeignStatementSettlesNothing: a bank may put the statements of
// all accounts into one folder.
func TestAFoldersForeignStatementSettlesNothing(t *testing.T) {
	b := newBank(t)
	a := b.connect()
	in := order("po_1", eur(1250))
	send(t, a, in)
	b.say("other.xml", statementOf("DE02120300000000202051", "", "", booked("po-1", "12.50", "EUR", "DBIT")))
	wantVerdict(t, "booked on another account", a, in, connector.Accepted)
	b.say("own.xml", statementOf(ownIBAN, "", "", booked("po-1", "12.50", "EUR", "DBIT")))
	wantVerdict(t, "booked on this one", a, in, connector.Paid)
}

// TestAnyAccountsStatementIsReadByThePayoutsIds, in XML, in CSV of the plain
// form, and by a map.
func TestAnyAccountsStatementIsReadByThePayoutsIds(t *testing.T) {
	const id = "po_01m7yd36spsb257v8awpzx2d01"
	xml := statementOf("", "", "", booked(strings.Replace(id, "_", "-", 1), "12.50", "EUR", "DBIT"))
	for name, f := range map[string]connector.File{
		"xml": {Text: []byte(xml)}, "csv": {Text: []byte("reference,amount,currency,kind,date\nfor " + id + " with thanks,12.50,EUR,paid,2019-12-03\n")},
		"csv and a map": {Text: []byte("\ufeffRef;Betrag\n" + id + ";-12,50\n"), Map: `{"separator":";","decimal":",","reference":"Ref","amount":"Betrag","currency":"EUR"}`},
	} {
		f.Name = "s"
		list, err := Reader{}.Statement(context.Background(), f)
		if err != nil || len(list) != 1 || list[0].Key != id || list[0].Amount != eur(1250) || list[0].Outcome.Verdict != connector.Paid || !list[0].Booked || list[0].Row == 0 {
			t.Errorf("%s: got %+v, %v", name, list, err)
		}
	}
	list, err := Reader{}.Statement(context.Background(), connector.File{Name: "s", Text: []byte("reference,provider_reference,amount,currency,kind,date\nx,tr_1,7.001,KWD,returned,2019-12-03\n")})
	if err != nil || len(list) != 1 || list[0].Outcome.Ref != "tr_1" || list[0].Outcome.Verdict != connector.Returned || list[0].Amount != money.New(7001, money.MustCurrency("KWD")) {
		t.Errorf("by the provider's name: got %+v, %v", list, err)
	}
	for _, bad := range []connector.File{{Text: []byte("reference,amount\nx,1\n")}, {Text: []byte("x"), Map: "{"}, {Text: []byte("x"), Map: `{"reference":"r"}`}, {Text: []byte("reference,amount,currency,kind,date\nx,1,EUR,lost,2019-12-03\n")},
		{Text: []byte("reference,amount,currency,kind,date\nx,1,EUR,paid,03.12.2019\n")}, {Text: fmt.Append(nil, "reference,amount,currency,kind,date\nx,1,EUR,paid\n")}} {
		if list, err := (Reader{}).Statement(context.Background(), bad); !errors.Is(err, connector.ErrStatement) {
			t.Errorf("%q: got %v, %v", bad.Text, list, err)
		}
	}
}
