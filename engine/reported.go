package engine

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"penstock/engine/connector"
	"penstock/engine/money"
	"penstock/engine/reconcile"
	"penstock/store"
)

// ReportLine is one line of a provider's report or of a bank's statement, as it
// is kept. It bears no account number and no text that is for a person.
type ReportLine struct {
	ID      string            `json:"id"`           // 26 characters, made of what it says: the same line has the same one
	Key     string            `json:"key,omitzero"` // of a payout; empty: it names none of ours
	Ref     string            `json:"ref,omitzero"` // hash of the provider's own name of the payment; empty: none
	Verdict connector.Verdict `json:"verdict"`
	Booked  bool              `json:"booked,omitzero"` // money moved by it; else a word about an order alone
	Amount  money.Amount      `json:"amount,omitzero"` // not set: nothing is said
	Day     time.Time         `json:"day"`             // of the booking, or else on which it was loaded (UTC)

	Resolution string `json:"resolution,omitzero"`
	Code       string `json:"code,omitzero"`
	Message    string `json:"message,omitzero"`

	Source string    `json:"source,omitzero"` // where it stood when it was first seen
	Row    int       `json:"row,omitzero"`    // and which line of it it was, from 1
	Loaded time.Time `json:"loaded"`

	Done Done `json:"done,omitzero"` // what it meant to its payout; empty: not looked at yet
	// Explained is a person's word about what the books say, and Of the
	// difference that they spoke of: another one isn't explained by it.
	Explained string `json:"explained,omitzero"`
	By        string `json:"by,omitzero"`
	Of        string `json:"of,omitzero"`
}

// Done is what a line meant to the payout that it names.
type Done string

const (
	DoneSettled Done = "settled" // it was taken as the provider's word
	DoneKnown   Done = "known"   // the payout stood so already
	DoneDiffers Done = "differs" // it speaks of other money: nothing was done, a person looks
	DoneForeign Done = "foreign" // no payout of the account has this name
	DoneNothing Done = "nothing" // it says nothing about a payout
)

// Loaded is what came of a report.
type Loaded struct {
	Name    string // of the statement, as it may be shown; empty: the provider's own report
	Lines   int    // in it
	New     int    // that had not been seen before
	Settled int    // payouts that were moved by what it says
	From    time.Time
	To      time.Time // the days on which its lines were booked; zero: none says
}

const (
	loadPiece  = 200     // lines stored in one transaction
	maxLoaded  = 500_000 // lines in one report
	maxSource  = 128
	maxExplain = 500
)

// LoadStatement reads a statement that somebody hands over, keeps its lines and
// settles the payouts that they name like any other word about them. A file
// that isn't whole or isn't the account's changes nothing. Loaded again, or
// after a crash, it goes on where it was and does nothing twice.
func (e *Engine) LoadStatement(ctx context.Context, c Caller, account string, f connector.File) (*Loaded, error) {
	lines, err := e.readStatement(ctx, c.Scope, account, &f)
	if err != nil {
		return nil, err
	}
	out, err := e.load(ctx, c.Scope, account, lines)
	if err != nil {
		return out, err
	}
	out.Name = f.Name
	if out.New > 0 || out.Settled > 0 {
		err = e.update(ctx, func(tx store.Tx, now time.Time) error {
			return audit(tx, now, Act{Actor: c.Actor, Merchant: c.Merchant, Mode: c.Mode, Action: "statement.load", Object: account, Note: fmt.Sprintf("%s: %d lines, %d new, %d settled", f.Name, out.Lines, out.New, out.Settled)})
		})
	}
	if err != nil {
		return out, err
	}
	run := BooksRun{Began: RunStatement, By: c.Actor, Source: f.Name}
	return out, e.summarise(ctx, c.Scope, account, time.Time{}, out.into(&run))
}

// into writes what came of a report into its run.
func (l *Loaded) into(r *BooksRun) *BooksRun {
	r.Lines, r.New, r.Settled = l.Lines, l.New, l.Settled
	if !l.From.IsZero() {
		r.From, r.To = l.From, l.To.AddDate(0, 0, 1)
	}
	return r
}

// readStatement reads a statement, all of it, and makes its name one that may be
// shown.
func (e *Engine) readStatement(ctx context.Context, s Scope, account string, f *connector.File) ([]connector.Report, error) {
	if f.Name = strings.TrimSpace(f.Name); f.Name == "" || len(f.Name) > maxSource || !utf8.ValidString(f.Name) || strings.ContainsFunc(f.Name, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return nil, invalid("name", "a statement's name has 1 to %d bytes of text, without control characters", maxSource)
	}
	f.Name = connector.FileName(f.Name)
	via, err := e.connectorOf(ctx, s, account)
	if err != nil {
		return nil, err
	}
	read, ok := via.(connector.StatementReader)
	if !ok {
		read = e.Statements
	}
	if read == nil {
		return nil, &Error{Code: CodeNotBuilt, Object: ObjAccount, ID: account, Message: "statements can't be read here"}
	}
	lines, err := read.Statement(ctx, *f)
	if errors.Is(err, connector.ErrStatement) {
		return nil, &Error{Code: CodeInvalid, Object: ObjAccount, ID: account, Field: "statement", Message: err.Error(), Err: err}
	}
	if err != nil {
		return nil, &Error{Code: CodeBusy, Object: ObjAccount, ID: account, Message: "the statement can't be read now", After: time.Minute, Err: err}
	}
	if len(lines) > maxLoaded {
		return nil, invalid("statement", "a statement has at most %d lines: split it", maxLoaded)
	}
	return lines, nil
}

// PullReports asks the provider for what it has reported of late, and does with
// it what LoadStatement does.
func (e *Engine) PullReports(ctx context.Context, c Caller, account string) (*Loaded, error) {
	return e.pullReports(ctx, c, account, RunPull)
}

func (e *Engine) pullReports(ctx context.Context, c Caller, account string, began RunBegan) (*Loaded, error) {
	via, err := e.connectorOf(ctx, c.Scope, account)
	if err != nil {
		return nil, err
	}
	from, ok := via.(connector.Reporter)
	if !ok {
		return nil, &Error{Code: CodeNotBuilt, Object: ObjAccount, ID: account, Message: "this provider gives no reports", Hint: "load its statement"}
	}
	now, _ := e.pulse.now()
	since := now.AddDate(0, 0, -comparedDays)
	if last, err := e.Reconciled(ctx, c.Scope, account); err == nil && last != nil && !last.Pulled.IsZero() && last.Pulled.Before(now) {
		since = last.Pulled.AddDate(0, 0, -pulledAgain)
	}
	call, cancel := context.WithTimeout(ctx, listTime)
	defer cancel()
	run := BooksRun{Began: began, By: c.Actor}
	lines, err := from.Reports(call, since)
	if errors.Is(err, connector.ErrStatement) { // a file among those that the bank has sent
		return nil, e.failedRun(ctx, c.Scope, account, run, &Error{Code: CodeInvalid, Object: ObjAccount, ID: account, Field: "report", Message: connector.MaskNumbers(err.Error()), Hint: "take the file away, or ask the bank for it again", Err: err})
	}
	if err != nil {
		return nil, e.failedRun(ctx, c.Scope, account, run, &Error{Code: CodeBusy, Object: ObjAccount, ID: account, Message: "the provider's report can't be read now", After: time.Minute, Err: err})
	}
	out, err := e.load(ctx, c.Scope, account, lines)
	if err != nil {
		return out, err
	}
	return out, e.summarise(ctx, c.Scope, account, now, out.into(&run))
}

// load keeps what is new of a report, a piece at a time, then does what it says.
func (e *Engine) load(ctx context.Context, s Scope, account string, reports []connector.Report) (*Loaded, error) {
	if len(reports) > maxLoaded {
		return nil, invalid("statement", "a statement has at most %d lines: split it", maxLoaded)
	}
	now, _ := e.pulse.now()
	lines, out := linesOf(s, account, reports, now), &Loaded{Lines: len(reports)}
	if err := e.nameByRef(ctx, s, account, lines); err != nil {
		return nil, err
	}
	out.From, out.To = daysOf(reports)
	for len(lines) > 0 {
		piece := lines[:min(len(lines), loadPiece)]
		added := 0
		err := e.update(ctx, func(tx store.Tx, _ time.Time) (err error) {
			added, err = storeLines(tx, s, account, piece)
			return err
		})
		if err != nil {
			return out, err
		}
		out.New += added
		lines = lines[len(piece):]
	}
	var err error
	out.Settled, err = e.doReported(ctx, s, account)
	return out, err
}

// daysOf are the first and the last day on which lines were booked; zero: none
// says.
func daysOf(reports []connector.Report) (from, to time.Time) {
	for _, r := range reports {
		if r.At.IsZero() {
			continue
		}
		day := dayStart(r.At)
		if from.IsZero() || day.Before(from) {
			from = day
		}
		if day.After(to) {
			to = day
		}
	}
	return from, to
}

func dayStart(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// linesOf names each line by what it says. Of lines that say the same, the
// second is told from the first by its number, so that a file loaded again has
// the same names, and a payment that was booked twice has two.
func linesOf(s Scope, account string, reports []connector.Report, now time.Time) []ReportLine {
	out := make([]ReportLine, 0, len(reports))
	times := map[string]int{}
	for _, r := range reports {
		o := r.Outcome
		if !r.Booked && r.Key == "" {
			continue // a word about nobody's order
		}
		l := ReportLine{Key: r.Key, Verdict: o.Verdict, Booked: r.Booked, Amount: r.Amount, Day: dayStart(now), Resolution: o.Resolution,
			Code: connector.Word(o.Code), Message: connector.Text(o.Message), Source: connector.FileName(r.Source), Row: r.Row, Loaded: now}
		if !connector.IsResolution(l.Resolution) {
			l.Resolution = ""
		}
		if o.Verdict == connector.PartlyPaid {
			l.Amount = o.Paid
		}
		if r.Key == "" {
			l.Ref = refHash(s, account, o.Ref)
		}
		if len(l.Key) > 64 {
			l.Key = ""
		}
		said := ""
		if !r.At.IsZero() {
			l.Day, said = dayStart(r.At), r.At.UTC().Format(time.DateOnly)
		}
		name := strings.Join([]string{string(s.key(account)), l.Key, l.Ref, string(l.Verdict), fmt.Sprint(l.Booked), l.Amount.String(), said, r.ID}, "\x00")
		times[name]++
		sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%d", name, times[name]))
		l.ID = encodeID([16]byte(sum[:16]))
		out = append(out, l)
	}
	return out
}

// refHash is the provider's name of a payment as it is kept: enough to know it
// again, and nothing to read, since a bank's text may be a person's account.
func refHash(s Scope, account, ref string) string {
	if connector.Ref(ref) == "" {
		return ""
	}
	sum := sha256.Sum256(append(s.key(account, ""), ref...))
	return hex.EncodeToString(sum[:16])
}

// storeLines stores those that are not there yet.
func storeLines(tx store.Tx, s Scope, account string, lines []ReportLine) (added int, err error) {
	for i := range lines {
		l := &lines[i]
		before, err := load[ReportLine](tx, bucketReported, s.key(account, l.ID))
		switch {
		case errors.Is(err, store.ErrNotFound):
			added++
		case err != nil:
			return added, err
		case before.Key != "" || l.Key == "":
			continue
		default: // whose payment it was has become known meanwhile
			before.Key, before.Done = l.Key, ""
			l = before
		}
		for _, row := range l.rows(s, account) {
			if err := tx.Put(row.bucket, row.key, nil); err != nil {
				return added, fmt.Errorf("index a reported line: %w", err)
			}
		}
		if err := tx.Put(bucketReportedDue, s.key(account, l.ID), nil); err != nil {
			return added, fmt.Errorf("index a reported line: %w", err)
		}
		if err := keep(tx, bucketReported, s.key(account, l.ID), l); err != nil {
			return added, err
		}
	}
	return added, nil
}

// ReportedOf are lines of statements that name a payout, at most limit, in the
// order in which they were loaded.
func (e *Engine) ReportedOf(ctx context.Context, s Scope, account, payout string, limit int) ([]ReportLine, error) {
	return read(ctx, e, func(tx store.Tx) (out []ReportLine, err error) {
		prefix := s.key(account, payout, "")
		page, err := tx.Scan(bucketReportedOf, prefix, after(prefix), min(max(limit, 1), 1000), false)
		if err != nil {
			return nil, fmt.Errorf("scan reported lines: %w", err)
		}
		for _, row := range page {
			l, err := load[ReportLine](tx, bucketReported, s.key(account, string(row.Key[len(prefix):])))
			if err != nil {
				return nil, fmt.Errorf("reported line: %w", err)
			}
			out = append(out, *l)
		}
		slices.SortStableFunc(out, func(a, b ReportLine) int { return a.Loaded.Compare(b.Loaded) })
		return out, nil
	})
}

type indexRow struct {
	bucket string
	key    []byte
}

// rows are the line's in the indexes by day and by payout.
func (l *ReportLine) rows(s Scope, account string) []indexRow {
	rows := []indexRow{{bucketReportedAt, s.key(account, l.Day.Format(time.DateOnly), l.ID)}}
	if l.Key != "" {
		rows = append(rows, indexRow{bucketReportedOf, s.key(account, l.Key, l.ID)})
	}
	return rows
}

// side is which way its money went.
func (l *ReportLine) side() reconcile.Side {
	switch {
	case !l.Booked:
		return reconcile.Said
	case l.Verdict == connector.Returned:
		return reconcile.Back
	}
	return reconcile.Out
}

func (l *ReportLine) compared() reconcile.Line {
	paid := l.Verdict == connector.Paid || l.Verdict == connector.PartlyPaid
	return reconcile.Line{ID: l.ID, Key: l.Key, Ref: l.Ref, Side: l.side(), Amount: l.Amount, Paid: paid, Refused: l.Verdict == connector.Rejected, At: l.Day}
}
