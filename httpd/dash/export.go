package dash

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"path"
	"strings"
	"time"

	"penstock/engine"
	"penstock/engine/money"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// exportPage is how many entries are read at a time for a file: a long list
// never lies in memory whole.
const exportPage = 500

// sheet is a page of a list on its way into a file instead of onto a page.
type sheet struct {
	query url.Values // in place of the address's
	table ui.Table
	older string // address of the next page; "" is the end
}

// Query is the address's, or that of the page of a file which is being made.
func (v *visit) Query(name string) string {
	if v.sheet != nil {
		return v.sheet.query.Get(name)
	}
	return v.Call.Query(name)
}

// size is how many entries one page of a list has.
func (v *visit) size() int {
	if v.sheet != nil {
		return exportPage
	}
	return pageSize
}

// exports are the lists that can be had as a file, by the address of their
// page below the merchant's.
func (d *Dash) exports() map[string]handler {
	return map[string]handler{
		"/requests": d.listRequests, "/payouts": d.listPayouts, "/links": d.listLinks, "/customers": d.listCustomers, "/points": d.listPoints, "/routes": d.listRoutes, "/schemes": d.listSchemes,
		"/deposits": d.listDeposits, "/deposits/{deposit}": d.showLedger, "/accounts": d.listAccounts, "/directory": d.listProviders, "/directory/services": d.listServices,
		"/webhooks": d.listWebhooks, "/webhooks/endpoints": d.listEndpoints, "/people": d.listPeople, "/activity": d.showActivity, "/sheets/{source}": d.showSheet,
		"/reconcile": d.listBooks, booksPath: d.showBooks, booksPath + "/runs": d.listRuns,
	}
}

func (d *Dash) exportRoutes(voice *wire.Dialect) [][]wire.Route {
	var out [][]wire.Route
	for at, list := range d.exports() {
		file := d.export(list)
		if at == booksPath {
			file = d.exportBooks
		}
		out = append(out, d.shop(voice, "GET", "/export"+at, "", file))
	}
	return out
}

// export makes a file of a list: what the filter in the address leaves of it,
// all pages. The first page is read before the answer begins, so that a list
// that isn't there is a page that says so; a later failure cuts the download.
func (d *Dash) export(list handler) handler {
	return func(ctx context.Context, v *visit) (wire.Reply, error) {
		query := url.Values(cloneValues(v.QueryValues()))
		query.Del("before")
		query.Del("after")
		v.sheet = &sheet{query: query}
		if _, err := list(ctx, v); err != nil {
			v.sheet = nil // the page that says what is wrong is a page
			return wire.Reply{}, err
		}
		name := strings.ReplaceAll(strings.Trim(strings.TrimPrefix(v.here(), "/export"), "/"), "/", "-")
		file := fmt.Sprintf("%s-%s-%s-%s.csv", v.scope.Merchant, v.scope.Mode, name, d.Now().UTC().Format("20060102-150405"))
		return wire.Reply{Header: [][2]string{{"Content-Type", "text/csv; charset=utf-8; header=present"}, {"Content-Disposition", `attachment; filename="` + file + `"`}},
			Stream: func(ctx context.Context, w io.Writer) error { return v.writeSheets(ctx, w, list) }}, nil
	}
}

// writeSheets writes the page that was read and all that follow.
func (v *visit) writeSheets(ctx context.Context, w io.Writer, list handler) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180
	if err := out.Write(sheetHead(&v.sheet.table)); err != nil {
		return err
	}
	for {
		for i := range v.sheet.table.Rows {
			if err := out.Write(sheetRow(&v.sheet.table, &v.sheet.table.Rows[i])); err != nil {
				return err
			}
		}
		if out.Flush(); out.Error() != nil || v.sheet.older == "" {
			return out.Error()
		}
		next, err := url.Parse(v.sheet.older)
		if err != nil {
			return err
		}
		v.sheet = &sheet{query: next.Query()}
		if _, err := list(ctx, v); err != nil {
			return err
		}
	}
}

// take is what a page gives a file.
func (s *sheet) take(data any) {
	var pager *ui.Pager
	switch page := data.(type) {
	case ui.List:
		s.table, pager = page.Table, page.Pager
	case ui.Ledger:
		s.table, pager = page.Table, page.Pager
	}
	if pager != nil {
		s.older = pager.Older
	}
}

// sheetHead names the columns; money has a second one for its currency.
func sheetHead(t *ui.Table) (out []string) {
	for _, c := range t.Cols {
		out = append(out, harmless(c.Name))
		if c.Right {
			out = append(out, harmless(c.Name+" currency"))
		}
	}
	return out
}

func sheetRow(t *ui.Table, r *ui.Row) (out []string) {
	for i, c := range r.Cells {
		text, currency := cellText(&c)
		out = append(out, harmless(text))
		if t.Cols[i].Right {
			out = append(out, harmless(currency))
		}
	}
	return out
}

// cellText is a cell as a file has it: whole ids, times in UTC, amounts
// without separators.
func cellText(c *ui.Cell) (text, currency string) {
	switch {
	case c.Money != nil:
		return strings.ReplaceAll(strings.ReplaceAll(c.Money.Text, ",", ""), "\u2212", "-"), c.Money.Currency
	case c.Badge != nil:
		return c.Badge.Text, ""
	case !c.At.IsZero():
		return c.At.UTC().Format(time.RFC3339), ""
	case c.Whole != "":
		return c.Whole, ""
	case c.Link != nil:
		if strings.Contains(c.Link.Text, "\u2026") { // shortened: the address has it whole
			return path.Base(c.Link.Href), ""
		}
		return c.Link.Text, ""
	}
	return c.Text, ""
}

// harmless keeps a spreadsheet from taking a text for a formula: merchants and
// their customers choose texts, and finance people open them. Numbers stay
// numbers.
func harmless(text string) string {
	if text == "" || !strings.ContainsRune("=+-@\t\r\n|%", rune(text[0])) || plainNumber(text) {
		return text
	}
	return "'" + text
}

func plainNumber(text string) bool {
	digits := strings.TrimLeft(text, "+-")
	return len(text)-len(digits) == 1 && digits != "" && strings.Trim(digits, "0123456789.") == "" && strings.Count(digits, ".") <= 1
}

// requestSheet are requests in the columns that files of the payout gateway
// have.
func requestSheet(list []engine.View) ui.Table {
	t := ui.Table{}
	for _, name := range []string{"created", "updated", "id", "reference_id", "amount", "currency", "fee", "status", "resolution", "description", "payee", "processed_amount", "processed_fee", "processed_writeoff", "provider", "customer", "moderation_required"} {
		t.Cols = append(t.Cols, ui.Col{Name: name})
	}
	for i := range list {
		r := &list[i].Request
		paid, fee, writeoff := settled(r)
		masked, err := json.Marshal(r.Masked)
		if err != nil || len(r.Masked) == 0 {
			masked = nil
		}
		t.Rows = append(t.Rows, ui.Row{Cells: []ui.Cell{
			{At: r.Created}, {At: r.Changed}, {Text: idOfRequest(r)}, {Text: r.Ref}, {Text: amountText(r.Amount)}, {Text: r.Amount.Currency().Code()}, {Text: fee}, {Text: string(r.Stage)}, {Text: resolutionOf(r)}, {Text: r.Memo},
			{Text: string(masked)}, {Text: paid}, {Text: fee}, {Text: writeoff}, {Text: r.Provider}, {Text: r.Customer}, {Text: yesNo(r.Moderation != "")},
		}})
	}
	return t
}

// settled is what has been paid of a request, what the providers took for it,
// and both together; "" where it is in another currency than the request, or
// nothing.
func settled(r *engine.Request) (paid, fee, writeoff string) {
	p, f := money.New(0, r.Amount.Currency()), money.New(0, r.Amount.Currency())
	feeKnown := true
	for _, one := range r.Payouts {
		more, err := p.Add(one.Covers())
		if err != nil {
			return "", "", ""
		}
		p = more
		if one.Fee.IsSet() && !one.Fee.IsZero() {
			if more, err = f.Add(one.Fee); err != nil {
				feeKnown = false
				continue
			}
			f = more
		}
	}
	paid = amountText(p)
	if !feeKnown {
		return paid, "", ""
	}
	all, err := p.Add(f)
	if err != nil {
		return paid, amountText(f), ""
	}
	return paid, amountText(f), amountText(all)
}

// resolutionOf says why a request stands as it does.
func resolutionOf(r *engine.Request) string {
	if r.Resolution != "" || len(r.Payouts) == 0 {
		return string(r.Resolution)
	}
	return r.Payouts[len(r.Payouts)-1].Resolution
}
