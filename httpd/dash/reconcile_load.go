package dash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"penstock/engine"
	"penstock/engine/connector"
	"penstock/httpd/ui"
	"penstock/httpd/wire"
)

// loadTime is how long one statement may take; loaded again it goes on.
const loadTime = 2 * time.Minute

// csvMap is how a statement in CSV is read, in the words of the connectors.
type csvMap struct {
	Separator string `json:"separator,omitzero"`
	Encoding  string `json:"encoding,omitzero"`
	Skip      int    `json:"skip,omitzero"`
	NoHeading bool   `json:"no_heading,omitzero"`
	Reference string `json:"reference"`
	Provider  string `json:"provider_reference,omitzero"`
	Amount    string `json:"amount"`
	Currency  string `json:"currency"`
	Decimal   string `json:"decimal,omitzero"`
	Side      string `json:"side,omitzero"`
	Debit     string `json:"debit,omitzero"`
	Credit    string `json:"credit,omitzero"`
	Status    string `json:"status,omitzero"`
	Booked    string `json:"booked,omitzero"`
	Date      string `json:"date,omitzero"`
	Layout    string `json:"layout,omitzero"`
}

// dateLayouts are the forms of a date that the form offers.
var dateLayouts = [...][2]string{{"2006-01-02", "2026-01-31"}, {"02.01.2006", "31.01.2026"}, {"02/01/2006", "31/01/2026"}, {"01/02/2006", "01/31/2026"}, {"20060102", "20260131"}}

// mapFields ask for the columns of a CSV file. old is a value that was typed, or
// stands in the address.
func mapFields(old func(string) string) []ui.Field {
	choice := func(name, label, hint string, options ...[2]string) ui.Field {
		f := ui.Field{Name: name, Label: label, Type: "select", Hint: hint, Required: true}
		for _, o := range options {
			f.Options = append(f.Options, ui.Option{Value: o[0], Text: o[1], On: o[0] == old(name)})
		}
		return f
	}
	column := func(name, label, hint string) ui.Field {
		return ui.Field{Name: name, Label: label, Hint: hint, Type: "text", Auto: "off", Max: 128, Value: old(name)}
	}
	return []ui.Field{
		choice("separator", "Separator", "", [2]string{",", "Comma"}, [2]string{";", "Semicolon"}, [2]string{"\t", "Tab"}, [2]string{"|", "Bar"}),
		choice("decimal", "Decimal sign", "", [2]string{".", "Point: 1,250.00"}, [2]string{",", "Comma: 1.250,00"}),
		choice("encoding", "Encoding", "", [2]string{"utf-8", "UTF-8"}, [2]string{"latin1", "Latin 1 (Windows)"}),
		{Name: "skip", Label: "Lines before the heading", Type: "text", Mode: "numeric", Auto: "off", Max: 3, Value: old("skip")},
		choice("no_heading", "Heading", "", [2]string{"no", "The first line names the columns"}, [2]string{"yes", "There is none: columns are #1, #2, \u2026"}),
		column("reference", "Column of the reference", "The text that has the id of the payout."),
		column("provider_reference", "Column of the provider's reference", ""),
		column("amount", "Column of the amount", ""),
		column("currency", "Column of the currency", "Or a code such as EUR, where there is none."),
		column("side", "Column that says paid or returned", "Left out, a minus before the amount says that it left."),
		column("debit", "Its word for paid", ""), column("credit", "Its word for returned", ""),
		column("status", "Column of the status", ""), column("booked", "Its word for booked", "Other lines are left out."),
		column("date", "Column of the date", ""), choice("layout", "Form of a date", "", dateLayouts[:]...),
	}
}

// readMap is the map that was filled in; "" where no column is named. problem
// is about field.
func readMap(f form) (text, field, problem string) {
	m := csvMap{Separator: f.Get("separator"), Encoding: f.text("encoding"), NoHeading: f.yes("no_heading"), Reference: f.text("reference"), Provider: f.text("provider_reference"),
		Amount: f.text("amount"), Currency: f.text("currency"), Decimal: f.text("decimal"), Side: f.text("side"), Debit: f.text("debit"), Credit: f.text("credit"),
		Status: f.text("status"), Booked: f.text("booked"), Date: f.text("date"), Layout: f.text("layout")}
	if !mapped(f.Values) {
		return "", "", ""
	}
	if skip := f.text("skip"); skip != "" {
		n, err := strconv.ParseUint(skip, 10, 8)
		if err != nil || n > 100 {
			return "", "skip", "0 to 100 lines."
		}
		m.Skip = int(n)
	}
	for _, need := range [][2]string{{"reference", m.Reference}, {"amount", m.Amount}, {"currency", m.Currency}} {
		if need[1] == "" {
			return "", need[0], "Name the column, as the file does; or # and its number."
		}
	}
	if m.Layout == dateLayouts[0][0] {
		m.Layout = ""
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return "", "reference", "This can't be read."
	}
	return string(raw), "", ""
}

// mapped says that columns of a CSV file are named.
func mapped(f url.Values) bool {
	for _, name := range []string{"reference", "amount", "currency", "provider_reference", "side", "status", "date"} {
		if f.Get(name) != "" {
			return true
		}
	}
	return false
}

// loadPage is where a statement is handed over. What stands in the address, or
// was typed, fills the columns in.
func loadPage(v *visit, a *engine.ProviderAccount, f form, field, problem string) (ui.Head, ui.Act) {
	at := v.at("/reconcile/" + a.ID)
	from := f.Values
	if from == nil {
		from = v.QueryValues()
	}
	more := mark(mapFields(from.Get), field, problem)
	fields := mark([]ui.Field{{Name: "file", Label: "Statement", Type: "file", Required: true, Focus: true, Accept: ".xml,.csv,.txt,text/csv,text/xml,application/xml",
		Hint: "camt.053, camt.054 or pain.002 (XML), or CSV; at most 16 MiB. A longer one: penstock reconcile, on the server."}}, field, problem)
	return ui.Head{Title: "Load a statement", Crumbs: []ui.Link{{Text: "Reconciliation", Href: v.at("/reconcile")}, {Text: a.Label, Href: at}}},
		ui.Act{Text: "You see what was understood before anything is loaded. Then its lines are kept, and the payouts that they name are settled by them, like by any other word of the provider's. Account numbers and texts are not kept. A file that isn't whole changes nothing; the same file again changes nothing either.",
			Form: ui.Form{Action: at + "/load", Upload: true, Fields: fields, Submit: "Look at it first", Cancel: at,
				MoreTitle: "The columns of a CSV file", MoreText: "Left empty: the map of the account's credentials, or else the columns reference, amount, currency, kind (paid or returned), date and provider_reference.", More: more, MoreOpen: mapped(from) || field != "" && field != "file"}}
}

func (d *Dash) askLoad(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	head, act := loadPage(v, a, form{}, "", "")
	return d.show(ctx, v, 200, "act", head, act)
}

// load takes a file, reads it, and leads to where it is looked at before it is
// loaded. One that can't be read is refused, line by line.
func (d *Dash) load(ctx context.Context, v *visit) (wire.Reply, error) {
	a, err := d.Engine.Account(ctx, v.scope, v.Param("account"))
	if err != nil {
		return wire.Reply{}, err
	}
	var faults *ui.Block
	again := func(status int, field, problem string, notes ...ui.Notice) (wire.Reply, error) {
		if field == "statement" || field == "name" {
			field = "file"
		}
		head, act := loadPage(v, a, v.form, field, problem)
		notes = append(notes, ui.Notice{Tone: ui.Warn, Text: "Nothing was loaded.", Hint: "Choose the file again: a browser doesn't give it twice."})
		if faults == nil {
			return d.show(ctx, v, status, "act", head, act, notes...)
		}
		return d.show(ctx, v, status, "stack", head, ui.Stack{List: []ui.Block{*faults, {Title: "Choose it again", Form: &act.Form}}}, notes...)
	}
	if v.form.file.name == "" || len(v.form.file.text) == 0 {
		return again(422, "file", "Choose the file; an empty one is none.")
	}
	columns, field, problem := readMap(v.form)
	if problem != "" {
		return again(422, field, problem)
	}
	file := connector.File{Name: v.form.file.name, Text: v.form.file.text, Map: columns}
	if _, err := d.Engine.PreviewStatement(ctx, v.caller(), a.ID, file); err != nil {
		if faults = faultsBlock(err); faults != nil {
			return again(422, "", "", ui.Notice{Tone: ui.Bad, Text: "This file can't be read as it is."})
		}
		return d.edited(err, "", again)
	}
	o, err := d.held.put(d.Random, d.Now(), v, a.ID, file)
	if err != nil {
		return d.edited(err, "", again)
	}
	return goTo(v.at("/reconcile/" + a.ID + "/load/" + o.id)), nil
}

// loadedQuery leads to the report of the days of a statement, with what came of
// it in numbers.
func loadedQuery(got *engine.Loaded) url.Values {
	q := url.Values{"done": {"loaded"}, "lines": {fmt.Sprint(got.Lines)}, "new": {fmt.Sprint(got.New)}, "settled": {fmt.Sprint(got.Settled)}}
	if !got.From.IsZero() && got.To.Sub(got.From) < 366*24*time.Hour {
		q.Set("from", got.From.Format(time.DateOnly))
		q.Set("to", got.To.Format(time.DateOnly))
	}
	return q
}

// loadedNotice says what came of the statement that led here.
func loadedNotice(v *visit) []ui.Notice {
	if v.Query("done") != "loaded" {
		return nil
	}
	n := func(name string) int {
		n, _ := strconv.ParseUint(v.Query(name), 10, 31) // what is no number is none
		return int(n)
	}
	note := ui.Notice{Tone: ui.Good, Text: fmt.Sprintf("Loaded: %s, %s new; %s settled.", count(n("lines"), "line"), grouped(fmt.Sprint(n("new"))), count(n("settled"), "payout"))}
	if n("new") == 0 {
		note.Text, note.Hint = "Nothing new: each of its "+count(n("lines"), "line")+" had been loaded before.", "The report shows its days."
	}
	return []ui.Notice{note}
}
