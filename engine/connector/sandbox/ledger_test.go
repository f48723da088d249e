package sandbox

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"penstock/engine/connector"
)

// TestListIsOfOneAccount: two accounts at one provider learn nothing of each
// other, over the wire and within the process, and after a restart.
func TestListIsOfOneAccount(t *testing.T) {
	dir := t.TempDir()
	s, base := serve(t, Options{Dir: dir})
	connect := func(id string) map[string]connector.Connector {
		out := map[string]connector.Connector{}
		for name, build := range map[string]connector.Builder{"http": HTTP(&http.Transport{DisableKeepAlives: true}), "inside": InProcess(s.provider)} {
			c, err := build(connector.Account{ID: id, BaseURL: base})
			if err != nil {
				t.Fatal(err)
			}
			out[name] = c
		}
		return out
	}
	a, b := connect("mca_a"), connect("mca_b")
	for name := range a {
		for id, c := range map[string]connector.Connector{"a": a[name], "b": b[name]} {
			in := connector.Instruction{Key: id + "_" + name, Amount: eur(1250), Service: "sepa_eur", Details: connector.Details{"iban": "NL46TEST0136169112"}}
			if _, err := c.Send(t.Context(), in); err != nil {
				t.Fatal(err)
			}
		}
	}
	for name, c := range a {
		list, err := c.(connector.Lister).Transfers(t.Context(), time.Time{})
		if err != nil || len(list) != 2 {
			t.Errorf("%s: got %+v, %v, want two transfers", name, list, err)
		}
		for _, l := range list {
			if !strings.HasPrefix(l.Key, "a_") || l.Amount != eur(1250) || l.Service != "sepa_eur" || !l.At.IsZero() {
				t.Errorf("%s: got %+v, want a transfer of account a over EUR 12.50", name, l)
			}
		}
	}
}

// TestUnreadableListIsNoList: what a list leaves out would stay forgotten, so
// one of which any part can't be read is refused whole.
func TestUnreadableListIsNoList(t *testing.T) {
	line := func(key, amount, currency string) string {
		return fmt.Sprintf(`{"id":"tr_1","key":%q,"amount":%q,"currency":%q,"status":"paid","resolution":"","paid_amount":"1.00","account":"mca_1","movements":1}`, key, amount, currency)
	}
	good := line("po_1", "1.00", "EUR")
	for name, row := range map[string]struct {
		body string
		want int // transfers; -1 for an error
	}{
		"good":            {`{"totals":{"EUR":{"count":1,"amount":"1.00"}},"transfers":[` + good + `,` + line("po_2", "5", "JPY") + `]}`, 2},
		"empty":           {`{"transfers":[],"totals":{}}`, 0},
		"another's":       {`{"transfers":[{"key":"x","account":"mca_2"}]}`, 0},
		"nobody's":        {`{"transfers":[{"key":"x"}]}`, 0},
		"inexact":         {`{"transfers":[` + line("po_1", "1.001", "EUR") + `]}`, -1},
		"negative":        {`{"transfers":[` + line("po_1", "-1.00", "EUR") + `]}`, -1},
		"zero":            {`{"transfers":[` + line("po_1", "0.00", "EUR") + `]}`, -1},
		"no currency":     {`{"transfers":[` + line("po_1", "1.00", "") + `]}`, -1},
		"no key":          {`{"transfers":[` + good + `,` + line("", "1.00", "EUR") + `]}`, -1},
		"amount a number": {`{"transfers":[` + strings.Replace(good, `"1.00"`, `1.00`, 1) + `]}`, -1},
		"member twice":    {`{"transfers":[` + strings.Replace(good, `{`, `{"key":"po_9",`, 1) + `]}`, -1},
		"list twice":      {`{"transfers":[` + good + `],"transfers":[]}`, -1},
		"no list":         {`{"totals":{}}`, -1},
		"list a text":     {`{"transfers":"none"}`, -1},
		"null in it":      {`{"transfers":[` + good + `,null]}`, -1},
		"cut in a line":   {`{"transfers":[` + good[:40], -1},
		"cut after one":   {`{"transfers":[` + good + `,`, -1},
		"cut at the end":  {`{"transfers":[` + good + `]`, -1},
		"something after": {`{"transfers":[` + good + `]}{}`, -1},
		"a page":          {`<html>`, -1},
		"nothing":         {``, -1},
	} {
		got, err := readLedger(strings.NewReader(row.body), "mca_1")
		if (err != nil) != (row.want < 0) || err == nil && len(got) != row.want {
			t.Errorf("%s: got %+v, %v, want %d", name, got, err, row.want)
		}
		if err != nil && strings.Contains(err.Error(), "po_") {
			t.Errorf("%s: the error quotes the list: %v", name, err)
		}
	}
}

// TestListIsBounded: a list without end is left, and one that breaks off, or
// comes with another status, is no list.
func TestListIsBounded(t *testing.T) {
	var answer func(http.ResponseWriter)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answer(w) }))
	defer s.Close()
	c, err := HTTP(&http.Transport{DisableKeepAlives: true})(connector.Account{ID: "mca_1", BaseURL: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		answer func(http.ResponseWriter)
		want   error
	}{
		"endless": {func(w http.ResponseWriter) {
			_, err := io.WriteString(w, `{"transfers":[`)
			for chunk := strings.Repeat(`{"account":"mca_2"},`, 4096); err == nil; {
				_, err = io.WriteString(w, chunk)
			}
		}, errTooLong},
		"breaks off": {func(w http.ResponseWriter) {
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, `{"transfers":[]}`)
		}, io.ErrUnexpectedEOF},
		"an error": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) }, nil},
	} {
		answer = row.answer
		list, err := c.(connector.Lister).Transfers(t.Context(), time.Time{})
		if err == nil || len(list) != 0 || row.want != nil && !errors.Is(err, row.want) {
			t.Errorf("%s: got %d transfers, %v, want error %v", name, len(list), err, row.want)
		}
	}
}
